// One numbered line for every change of the catalog, chained by hashes; and the row its numbers come from.
import { GraphQLJSONObject, GraphQLSafeInt } from 'graphql-scalars';
import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { IdColumn, JsonColumn, PrimaryIdColumn, TimeColumn, WordColumn } from '../db/columns.js';

export const CatalogChangeKind = {
  CREATED: 'CREATED',
  UPDATED: 'UPDATED',
  REVIEWED: 'REVIEWED',
  DEPLOYED: 'DEPLOYED',
  DELETED: 'DELETED',
  CHECKPOINT: 'CHECKPOINT',
  GAP: 'GAP',
} as const;
export type CatalogChangeKind = keyof typeof CatalogChangeKind;
registerEnumType(CatalogChangeKind, {
  name: 'CatalogChangeKind',
  description: 'What happened to an entity.',
  valuesConfig: {
    CREATED: { description: 'It is new; there is no `before`.' },
    UPDATED: { description: 'Something of it changed.' },
    REVIEWED: { description: 'An approval of it was decided.' },
    DEPLOYED: { description: 'The first node began to run it, or the last one stopped.' },
    DELETED: { description: 'It is gone; there is no `after`.' },
    CHECKPOINT: {
      description:
        'Lines before this one were pruned; `after` tells up to which number (`prunedSeq`), how many, until when, and the hash of the last of them, which the first line that is left chains to.',
    },
    GAP: { description: 'In `catalogChanges` only: changes up to this number were pruned and are gone.' },
  },
});

/** What the first line of a log chains to. */
export const FIRST_HASH = '0'.repeat(64);

export const ActorType = { USER: 'USER', TOKEN: 'TOKEN', SYSTEM: 'SYSTEM' } as const;
export type ActorType = keyof typeof ActorType;
registerEnumType(ActorType, {
  name: 'ActorType',
  description: 'What kind of actor somebody is.',
  valuesConfig: {
    USER: { description: 'A person.' },
    TOKEN: { description: 'A machine, by its access token.' },
    SYSTEM: { description: 'The gateway itself.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'Who did it: a person, a machine with a token, or the gateway.' })
export class Actor {
  @Field(() => ActorType, { description: 'What `id` is the id of.' })
  type!: ActorType;

  @Field(() => ID, { nullable: true, description: 'Of the user or of the token; null for the gateway itself.' })
  id!: string | null;

  @Field({ description: 'As it was then; renaming changes nothing here.' })
  name!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'Who made the token: the person or token in whose name it acts; null where that is nobody.',
  })
  ownerId?: string;
}

@ObjectType({ simpleResolvers: true, description: 'One change of the catalog: who did what to which entity.' })
@Entity('catalog_log')
@Index('catalog_log_entity', ['accountId', 'entityId', 'seq'])
export class CatalogLogLine {
  @PrimaryIdColumn()
  accountId!: string;

  @Field(() => GraphQLSafeInt, { description: 'Counts up from 1 without holes within an account.' })
  @PrimaryColumn({ type: 'bigint' })
  seq!: number;

  @Field({ description: 'When, by the clock of the gateway.' })
  @TimeColumn()
  at!: Date;

  @Field(() => CatalogChangeKind, { description: 'What happened.' })
  @WordColumn()
  kind!: CatalogChangeKind;

  @Field({ description: 'What it happened to: App, Build, Task, Deployment, RegistryCredential, User ...' })
  @WordColumn()
  entityType!: string;

  @Field(() => ID, { description: 'Id of the entity, which may be gone by now.' })
  @IdColumn()
  entityId!: string;

  @Field(() => Actor, { description: 'Who did it; for what a job made, who asked for the job.' })
  @JsonColumn()
  actor!: Actor;

  @Field(() => GraphQLJSONObject, {
    nullable: true,
    description: 'The entity before, without secrets; null where it was new. Of a mass change only what it changed.',
  })
  @JsonColumn({ nullable: true })
  before!: object | null;

  @Field(() => GraphQLJSONObject, {
    nullable: true,
    description: 'The entity after, without secrets; null where it is gone. Of a mass change only what it changed.',
  })
  @JsonColumn({ nullable: true })
  after!: object | null;

  @Field({
    description:
      'Chains the lines, 64 hex digits: sha256 of the hash of the line before (64 zeros for the first), a line feed, and the line as JSON with sorted keys.',
  })
  @WordColumn()
  hash!: string;
}

/** Both ends of an account's log; locked for the moment of appending. */
@Entity('catalog_log_head')
export class CatalogLogHead {
  @PrimaryIdColumn()
  accountId!: string;

  @Column({ type: 'bigint' })
  seq!: number;

  @WordColumn()
  hash!: string;

  /** Lines up to this number were pruned, or are about to be; 0 where none was. */
  @Column({ type: 'bigint', default: 0 })
  prunedSeq!: number;

  /** Hash of the last of them. */
  @WordColumn({ default: FIRST_HASH })
  prunedHash!: string;
}

// A configured upstream system that builds are imported from.
import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Column, Entity, ForeignKey, Index } from 'typeorm';
import { Account } from '../auth/account.entity.js';
import { OriginKind } from '../builds/origin.entity.js';
import { BooleanColumn, JsonColumn, PrimaryIdColumn, TextColumn, TimeColumn, WordColumn } from '../db/columns.js';
import { Failure } from '../jobs/job.entity.js';
import { Node } from '../lib/node.js';

export const SourceStatus = { NEVER: 'NEVER', RUNNING: 'RUNNING', SUCCEEDED: 'SUCCEEDED', FAILED: 'FAILED' } as const;
export type SourceStatus = keyof typeof SourceStatus;
registerEnumType(SourceStatus, {
  name: 'SourceStatus',
  description: 'How the last import from a source went.',
  valuesConfig: {
    NEVER: { description: 'There was none yet.' },
    RUNNING: { description: 'It was begun and has not ended; its job says how far it is.' },
    SUCCEEDED: { description: 'Everything that could be read was; `runs` counts what could not.' },
    FAILED: { description: 'It was given up or cancelled; `failure` says why. What it wrote before stays.' },
  },
});

/** What a connector keeps from one run to the next; its shape is the connector's own. */
export type Watermark = Record<string, unknown>;

@ObjectType({
  implements: Node,
  simpleResolvers: true,
  description: 'An upstream system that builds are imported from. Its credentials are never shown.',
})
@Entity('source')
@ForeignKey(() => Account, ['accountId'], ['id'])
@Index('source_name', ['accountId', 'name'], { unique: true })
@Index('source_due', ['nextSyncAt'])
export class Source implements Node {
  @PrimaryIdColumn()
  accountId!: string;

  @Field(() => ID, { description: 'UUID.' })
  @PrimaryIdColumn()
  id!: string;

  @Field(() => OriginKind, { description: 'What it speaks; never changes.' })
  @WordColumn()
  kind!: OriginKind;

  @Field({ description: '1 to 255 characters, unique in the account.' })
  @WordColumn()
  name!: string;

  @Field({ description: "URL that the vendor's paths are appended to." })
  @TextColumn()
  endpoint!: string;

  @Field(() => String, { nullable: true, description: 'AWS region; null for other kinds.' })
  @WordColumn({ nullable: true })
  region!: string | null;

  /** AES-256-GCM, bound to the row and to the origin of the endpoint. */
  @TextColumn()
  sealedCredentials!: string;

  @Field(() => Int, { nullable: true, description: 'Seconds between two imports, 60 or more; null for by hand only.' })
  @Column({ type: 'integer', nullable: true })
  syncEverySeconds!: number | null;

  @Field({ description: 'Whether decisions made here on its builds are told to it. CCM only.' })
  @BooleanColumn()
  isWriteBack!: boolean;

  @Field({ description: 'Whether SOURCES_FILE has it; then it can not be changed or deleted here.' })
  @BooleanColumn()
  isFromFile!: boolean;

  @Field(() => SourceStatus, { description: 'How the last import went.' })
  @WordColumn()
  status!: SourceStatus;

  @Field(() => Date, { nullable: true, description: 'When the last import that succeeded began; null for none yet.' })
  @TimeColumn({ nullable: true })
  lastSyncedAt!: Date | null;

  @Field(() => Date, { nullable: true, description: 'When the next import is due; null for by hand only.' })
  @TimeColumn({ nullable: true })
  nextSyncAt!: Date | null;

  @Field(() => Failure, { nullable: true, description: 'Why the last import failed; null unless it FAILED.' })
  @JsonColumn({ nullable: true })
  failure!: Failure | null;

  /** How many imports failed since one last succeeded: the pause before the next one grows with it. */
  @Column({ type: 'integer' })
  failures!: number;

  @JsonColumn({ nullable: true })
  watermark!: Watermark | null;

  @Field(() => Date, {
    nullable: true,
    description:
      'Since when imports miss all builds, or more than 20 and a quarter of them: they are not marked as gone until `syncSource` asks for an import again, or for 24 hours. Null where nothing is held back.',
  })
  @TimeColumn({ nullable: true })
  goneHeldSince!: Date | null;

  @Field({ description: 'When it was configured.' })
  @TimeColumn()
  createdAt!: Date;

  @Field({ description: 'When its configuration last changed.' })
  @TimeColumn()
  updatedAt!: Date;
}

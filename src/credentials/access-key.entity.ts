// An access key, as clients made for AWS sign their requests with. Its secret must be known here to check signatures,
// so it is sealed, not hashed; it is shown once.
import { Field, ID, ObjectType } from 'type-graphql';
import { Entity, ForeignKey, Index } from 'typeorm';
import { Account } from '../auth/account.entity.js';
import type { Machine } from '../auth/machines.js';
import type { Role } from '../auth/principal.js';
import { User } from '../auth/user.entity.js';
import { IdColumn, JsonColumn, PrimaryIdColumn, TextColumn, TimeColumn, WordColumn } from '../db/columns.js';
import { Actor } from '../events/catalog-log.entity.js';

@ObjectType('AwsAccessKey', {
  simpleResolvers: true,
  description:
    "A key that programs made for AWS sign requests to this gateway's Image Builder interface with. Its secret is shown once. It opens nothing at AWS.",
})
@Entity('access_key')
@ForeignKey(() => Account, ['accountId'], ['id'], { onDelete: 'CASCADE' })
@ForeignKey(() => User, ['userId'], ['id'], { onDelete: 'CASCADE' })
export class AccessKey implements Machine {
  @PrimaryIdColumn()
  accountId!: string;

  @Field(() => ID, { description: 'UUID, as the audit trail has it; not what is signed with.' })
  @PrimaryIdColumn()
  id!: string;

  @Field({
    description:
      'What a client is configured with (`AWS_ACCESS_KEY_ID`): `AKIA` and 16 more characters, unique on this gateway.',
  })
  @Index('access_key_access_key_id', { unique: true })
  @WordColumn()
  accessKeyId!: string;

  @Field({ description: 'What its maker called it; shown in the audit trail.' })
  @WordColumn()
  name!: string;

  /** AES-256-GCM, bound to account, id and accessKeyId. */
  @TextColumn()
  sealedSecret!: string;

  @WordColumn()
  role!: Role;

  @IdColumn({ nullable: true })
  userId!: string | null;

  @Field(() => Actor, { nullable: true, description: 'Who made it.' })
  @JsonColumn({ nullable: true })
  createdBy!: Actor | null;

  @Field(() => Date, { nullable: true, description: 'When it stops being valid; null for never.' })
  @TimeColumn({ nullable: true })
  expiresAt!: Date | null;

  @Field(() => Date, { nullable: true, description: 'When it was last used, to the minute; null for never.' })
  @TimeColumn({ nullable: true })
  lastUsedAt!: Date | null;

  @Field({ description: 'When it was made.' })
  @TimeColumn()
  createdAt!: Date;
}

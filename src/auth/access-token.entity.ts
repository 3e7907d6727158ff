// A bearer token as the database knows it: a hash. The token itself is shown once and kept by its owner.
import { Field, ID, ObjectType } from 'type-graphql';
import { Entity, ForeignKey, Index } from 'typeorm';
import { IdColumn, JsonColumn, PrimaryIdColumn, TimeColumn, WordColumn } from '../db/columns.js';
import { Actor } from '../events/catalog-log.entity.js';
import { Account } from './account.entity.js';
import type { Role } from './principal.js';
import { User } from './user.entity.js';

/** Name of the token of DATA_DIR/admin.token, which no other may have. */
export const ADMINISTRATOR = 'administrator';

@ObjectType({ simpleResolvers: true, description: 'A token that a machine signs in with; its text is shown once.' })
@Entity('access_token')
@ForeignKey(() => Account, ['accountId'], ['id'])
@ForeignKey(() => User, ['userId'], ['id'])
export class AccessToken {
  @PrimaryIdColumn()
  accountId!: string;

  @Field(() => ID, { description: 'UUID; not the token.' })
  @PrimaryIdColumn()
  id!: string;

  @Field({ description: 'What its maker called it; shown in the audit trail.' })
  @WordColumn()
  name!: string;

  /** sha256 of the token, hex; a token has 256 random bits, so no salt or stretching is needed. */
  @Index('access_token_hash', { unique: true })
  @WordColumn()
  hash!: string;

  @WordColumn()
  role!: Role;

  /** The user in whose name it acts, whose rights it never exceeds; null where there is none. */
  @IdColumn({ nullable: true })
  userId!: string | null;

  @Field(() => Actor, { nullable: true, description: "Who made it; null for the administrator's." })
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

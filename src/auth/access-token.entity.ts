// A bearer token as the database knows it: a hash. The token itself is shown once and kept by its owner.
import { Entity, ForeignKey, Index } from 'typeorm';
import { IdColumn, PrimaryIdColumn, TimeColumn, WordColumn } from '../db/columns.js';
import { Account } from './account.entity.js';
import type { Role } from './principal.js';
import { User } from './user.entity.js';

@Entity('access_token')
@ForeignKey(() => Account, ['accountId'], ['id'])
@ForeignKey(() => User, ['userId'], ['id'])
export class AccessToken {
  @PrimaryIdColumn()
  accountId!: string;

  @PrimaryIdColumn()
  id!: string;

  @WordColumn()
  name!: string;

  /** sha256 of the token, hex; a token has 256 random bits, so no salt or stretching is needed. */
  @Index('access_token_hash', { unique: true })
  @WordColumn()
  hash!: string;

  @WordColumn()
  role!: Role;

  @IdColumn({ nullable: true })
  userId!: string | null;

  @TimeColumn()
  createdAt!: Date;
}

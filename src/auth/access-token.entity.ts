// A bearer token as the database knows it: a hash. The token itself is shown once and kept by its owner.
import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { TimeColumn } from '../db/columns.js';
import { Account } from './account.entity.js';
import type { Role } from './principal.js';
import { User } from './user.entity.js';

@Entity('access_token')
@ForeignKey(() => Account, ['accountId'], ['id'])
@ForeignKey(() => User, ['userId'], ['id'])
export class AccessToken {
  @PrimaryColumn({ type: 'varchar', length: 36 })
  accountId!: string;

  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  @Column({ type: 'varchar', length: 255 })
  name!: string;

  /** sha256 of the token, hex; a token has 256 random bits, so no salt or stretching is needed. */
  @Index('access_token_hash', { unique: true })
  @Column({ type: 'varchar', length: 255 })
  hash!: string;

  @Column({ type: 'varchar', length: 255 })
  role!: Role;

  @Column({ type: 'varchar', length: 36, nullable: true })
  userId!: string | null;

  @TimeColumn()
  createdAt!: Date;
}

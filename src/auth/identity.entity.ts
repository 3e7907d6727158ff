// A user as an OIDC issuer knows it.
import { Entity, ForeignKey, Index } from 'typeorm';
import { IdColumn, PrimaryWordColumn, TimeColumn } from '../db/columns.js';
import { User } from './user.entity.js';

@Entity('identity')
@ForeignKey(() => User, ['userId'], ['id'])
@Index('identity_user', ['userId'])
export class Identity {
  /** The `iss` of its tokens. */
  @PrimaryWordColumn()
  issuer!: string;

  /** The `sub` of its tokens; at most 255 characters by OpenID Connect. */
  @PrimaryWordColumn()
  subject!: string;

  @IdColumn()
  userId!: string;

  /** When the newest token was issued whose claims were followed; older ones change nothing. */
  @TimeColumn()
  claimsIssuedAt!: Date;

  @TimeColumn()
  createdAt!: Date;
}

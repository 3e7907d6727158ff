// What a user may do in an account.
import { Entity, ForeignKey, Index } from 'typeorm';
import { BooleanColumn, PrimaryIdColumn, TimeColumn, WordColumn } from '../db/columns.js';
import { Account } from './account.entity.js';
import type { Role } from './principal.js';
import { User, UserStatus } from './user.entity.js';

@Entity('membership')
@ForeignKey(() => Account, ['accountId'], ['id'])
@ForeignKey(() => User, ['userId'], ['id'])
@Index('membership_user', ['userId'])
export class Membership {
  @PrimaryIdColumn()
  accountId!: string;

  @PrimaryIdColumn()
  userId!: string;

  @WordColumn()
  role!: Role;

  /**
   * Whether the account is open to the user; apart from whether the user may sign in at all. PENDING: a user there was
   * is invited, and accepts by selecting the account with the invitation. Until then the account knows nothing of it
   * but the address.
   */
  @WordColumn()
  status!: UserStatus;

  /** sha256 of the invitation while it is not accepted; null otherwise. */
  @WordColumn({ nullable: true })
  invitationHash!: string | null;

  @TimeColumn({ nullable: true })
  invitedUntil!: Date | null;

  /** Whether it follows the claims of an OIDC issuer, which may also end it. */
  @BooleanColumn()
  isByClaims!: boolean;

  /** When the user was invited or, after that, joined. */
  @TimeColumn()
  createdAt!: Date;
}

/** Of somebody who is in at once, by the word of a manager. */
export const newMembership = (own: Pick<Membership, 'accountId' | 'userId' | 'role'>): Membership => ({
  ...own,
  ...{ status: UserStatus.ACTIVE, invitationHash: null, invitedUntil: null, isByClaims: false, createdAt: new Date() },
});

// From a token to the caller behind it: an access token of a machine, the session of somebody signed in, or a JSON Web
// Token of the configured issuer.
import { createHash, randomBytes } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { fromRow, selectRows } from '../db/from-row.js';
import type { Row } from '../db/from-row.js';
import { CatalogError } from '../lib/errors.js';
import type { InTransaction } from '../lib/transaction.js';
import { AccessToken } from './access-token.entity.js';
import type { ExternalUser, ExternalUsers } from './external-users.js';
import { callerOfMachine, NotedUses, withMaker } from './machines.js';
import type { Maker } from './machines.js';
import { Membership } from './membership.entity.js';
import type { Caller, Role } from './principal.js';
import { Session } from './session.entity.js';
import { User, UserStatus } from './user.entity.js';

const MAX_TOKEN_LENGTH = 16_384;
const ACCESS_TOKEN_PREFIX = 'bc_';
const SESSION_PREFIX = 'bs_';

export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex');

/** 256 random bits behind a prefix that tells what it is, for people and for scanners of leaked secrets. */
const newToken = (prefix: string): string => `${prefix}${randomBytes(32).toString('base64url')}`;
/** Whether a text has the form of a token for a machine. */
export const isAccessToken = (text: string): boolean => /^bc_[\w-]{43}$/.test(text);
export const newAccessToken = (): string => newToken(ACCESS_TOKEN_PREFIX);
export const newSessionToken = (): string => newToken(SESSION_PREFIX);

export class Tokens {
  private readonly uses: NotedUses;

  /** @param external undefined where no issuer is configured */
  constructor(
    private readonly reader: EntityManager,
    inTransaction: InTransaction,
    private readonly external?: ExternalUsers,
  ) {
    this.uses = new NotedUses(inTransaction, AccessToken);
  }

  /**
   * The caller a token stands for. Throws UPSTREAM_FAILED where the keys of an issuer can't be had, and UNAUTHENTICATED for one that is unknown, revoked or at its end. */
  async authenticate(token: string, address = 'unknown'): Promise<Caller> {
    if (token.length > MAX_TOKEN_LENGTH) throw unknownToken();
    if (token.startsWith(SESSION_PREFIX)) return this.ofSession(token);
    if (this.external && /^ey[\w-]+\.[\w-]+\.[\w-]+$/.test(token))
      return this.ofUser(await this.external.userOf(token, address));
    return this.ofMachine(token);
  }

  private async ofMachine(token: string): Promise<Caller> {
    const query = selectRows(this.reader, AccessToken, 't').where('t.hash = :hash', { hash: hashToken(token) });
    const raw = await withMaker(query).getRawOne<Row & Maker>();
    const row = raw && fromRow(AccessToken, raw);
    const caller = row && callerOfMachine(row, raw);
    if (!caller) throw unknownToken();
    this.uses.note(row);
    return caller;
  }

  private async ofSession(token: string): Promise<Caller> {
    const raw = await selectRows(this.reader, Session, 's')
      .addSelect(['u.email AS email', 'u.status AS "userStatus"', 'm.role AS role', 'm.status AS "memberStatus"'])
      .innerJoin(User, 'u', 'u.id = s.userId')
      .leftJoin(Membership, 'm', 'm.accountId = s.accountId AND m.userId = s.userId')
      .where('s.hash = :hash', { hash: hashToken(token) })
      .getRawOne<Row & Joined>();
    const session = raw && fromRow(Session, raw);
    if (!session || isOver(session.tokenExpiresAt) || isOver(session.expiresAt)) throw unknownToken();
    if (raw.userStatus === UserStatus.DISABLED) throw disabled();
    const account =
      raw.memberStatus === UserStatus.ACTIVE ? { accountId: session.accountId, role: raw.role } : NO_ACCOUNT;
    return { ...account, userId: session.userId, tokenId: session.id, name: raw.email, sessionId: session.id };
  }

  /** Somebody whose token another one issued: in the account that this token's own claims name first. */
  private async ofUser({ userId, grant }: ExternalUser): Promise<Caller> {
    const accountId = grant?.accountId ?? null;
    const raw = await this.reader
      .createQueryBuilder(User, 'u')
      .select(['u.email AS email', 'u.status AS "userStatus"', 'm.role AS role', 'm.status AS "memberStatus"'])
      .leftJoin(Membership, 'm', 'm.userId = u.id AND m.accountId = :accountId', { accountId })
      .where('u.id = :userId', { userId })
      .getRawOne<Joined>();
    if (!raw || raw.userStatus === UserStatus.DISABLED) throw disabled();
    const isOpen = grant !== null && raw.memberStatus === UserStatus.ACTIVE;
    return { ...(isOpen ? grant : NO_ACCOUNT), userId, tokenId: userId, name: raw.email };
  }
}

interface Joined {
  email: string;
  userStatus: UserStatus;
  role: Role;
  memberStatus: UserStatus | null;
}

const NO_ACCOUNT = { accountId: null, role: null };

const isOver = (end: Date | null): boolean => end !== null && end.getTime() <= Date.now();

const unknownToken = () => new CatalogError('UNAUTHENTICATED', 'The token is not known here, or is at its end.');
const disabled = () => new CatalogError('UNAUTHENTICATED', 'This user may not sign in.');

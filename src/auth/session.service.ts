// Signing in and out: sessions of users, and the account each of them works in.
import { LessThan } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { recordChange } from '../events/catalog-log.js';
import { storedTime } from '../db/columns.js';
import { rowLock } from '../db/row-lock.js';
import { CatalogError, notFound } from '../lib/errors.js';
import { newId } from '../lib/ids.js';
import type { InTransaction, Transaction } from '../lib/transaction.js';
import { Membership } from './membership.entity.js';
import { Password } from './password.entity.js';
import { isPassword } from './passwords.js';
import { actorOf } from './principal.js';
import type { Caller } from './principal.js';
import type { RightsChanges } from './rights-changes.js';
import { Session } from './session.entity.js';
import { SignInMethod } from './sign-in.entity.js';
import type { SignIns } from './sign-ins.js';
import { hashToken, newSessionToken } from './tokens.js';
import type { Tokens } from './tokens.js';
import { User, UserStatus } from './user.entity.js';

const SESSION_MS = 24 * 60 * 60 * 1000;
const TOKEN_MS = 60 * 60 * 1000;

/** Whose session it is, where, and how long. */
export type SessionInfo = Pick<Session, 'userId' | 'accountId' | 'expiresAt' | 'tokenExpiresAt'>;

export interface StartedSession {
  session: SessionInfo;
  /** Shown once; only its hash is kept. */
  token: string;
}

export class SessionService {
  constructor(
    private readonly reader: EntityManager,
    private readonly inTransaction: InTransaction,
    private readonly signIns: SignIns,
    private readonly rights: RightsChanges,
  ) {}

  /** A token in the place of a password, for clients that must sign in: they get it back. */
  async withToken(tokens: Pick<Tokens, 'authenticate'>, token: string): Promise<StartedSession> {
    return { session: lastingSession(await tokens.authenticate(token)), token };
  }

  /** Throws UNAUTHENTICATED (AUTH_FAILED) for a wrong address or password alike, and TOO_MANY_REQUESTS. */
  async signIn(givenEmail: string, password: string, address: string): Promise<StartedSession> {
    const email = givenEmail.trim().toLowerCase().slice(0, 255);
    const started = await this.signIns.attempt(email, address, async () => {
      const user = await this.reader.findOneBy(User, { email });
      const stored = user && (await this.reader.findOneBy(Password, { userId: user.id }));
      const isRight = await isPassword(password, stored?.hash);
      return this.inTransaction(async (tx) => {
        const isSuccess = isRight && (await isStillValid(tx, stored!));
        const attempt = { email, userId: user?.id ?? null, method: SignInMethod.PASSWORD, isSuccess, address };
        await this.signIns.record(tx, attempt);
        return isSuccess ? this.start(tx, user!.id) : undefined;
      });
    });
    if (started) return started;
    throw new CatalogError('UNAUTHENTICATED', 'The address or the password is wrong.', { reason: 'AUTH_FAILED' });
  }

  /** A session for somebody who proved who it is; in its account, where it has one only. */
  async start(tx: Transaction, userId: string): Promise<StartedSession> {
    const now = new Date();
    await tx.manager.delete(Session, { expiresAt: LessThan(storedTime(now)) });
    await tx.manager.update(User, { id: userId }, { lastSignInAt: now });
    await tx.manager.update(User, { id: userId, status: UserStatus.PENDING }, { status: UserStatus.ACTIVE });
    const memberships = await tx.manager.findBy(Membership, { userId, status: UserStatus.ACTIVE });
    const token = newSessionToken();
    const session: Session = {
      id: newId(),
      hash: hashToken(token),
      userId,
      accountId: memberships.length === 1 ? memberships[0]!.accountId : null,
      ...ends(now, new Date(now.getTime() + SESSION_MS)),
      createdAt: now,
    };
    await tx.manager.insert(Session, session);
    return { session, token };
  }

  /** Moves the end of the token; the end of the session stays. */
  async refresh(tx: Transaction, caller: Caller): Promise<SessionInfo> {
    const session = await findSession(tx, caller);
    if (!session) return lastingSession(caller);
    const moved = { ...session, ...ends(new Date(), session.expiresAt) };
    await tx.manager.update(Session, { id: session.id }, { tokenExpiresAt: moved.tokenExpiresAt });
    return moved;
  }

  /**
   * Throws NOT_FOUND for an account that is not open to the caller, whether or not there is one.
   * @param invitation needed for an account that the caller is invited to: selecting it accepts
   */
  async selectAccount(tx: Transaction, caller: Caller, accountId: string, invitation?: string): Promise<SessionInfo> {
    const session = await findSession(tx, caller);
    if (!session) {
      if (caller.accountId !== accountId) throw notFound('account', accountId);
      return lastingSession(caller);
    }
    const { userId } = session;
    const held = await tx.manager.findOneBy(Membership, { accountId, userId });
    if (!held || held.status === UserStatus.DISABLED) throw notFound('account', accountId);
    if (held.status === UserStatus.PENDING) await accept(tx, caller, held, invitation);
    await tx.manager.update(Session, { id: session.id }, { accountId });
    this.rights.announce(tx);
    return { ...session, accountId };
  }

  async end(tx: Transaction, { sessionId }: Caller): Promise<void> {
    if (sessionId === undefined) return;
    await tx.manager.delete(Session, { id: sessionId });
    this.rights.announce(tx);
  }
}

function ends(now: Date, expiresAt: Date): Pick<Session, 'expiresAt' | 'tokenExpiresAt'> {
  return { expiresAt, tokenExpiresAt: new Date(Math.min(now.getTime() + TOKEN_MS, expiresAt.getTime())) };
}

/** The password as it was read, looked at again: it may have been changed, and the user closed out, while it was hashed. */
async function isStillValid(tx: Transaction, { userId, hash, expiresAt }: Password): Promise<boolean> {
  const password = await tx.manager.findOne(Password, { where: { userId }, lock: rowLock(tx.manager) });
  const user = await tx.manager.findOneBy(User, { id: userId });
  const isInTime = expiresAt === null || expiresAt.getTime() > Date.now();
  return isInTime && password?.hash === hash && user !== null && user.status !== UserStatus.DISABLED;
}

/** Only who was handed the invitation can accept it: anyone may have registered under the address before. */
async function accept(tx: Transaction, caller: Caller, held: Membership, invitation: string | undefined) {
  const { accountId, userId, role, invitationHash, invitedUntil } = held;
  const isInTime = invitedUntil !== null && invitedUntil.getTime() > Date.now();
  if (invitation === undefined || !isInTime || hashToken(invitation) !== invitationHash) {
    throw new CatalogError(
      'FORBIDDEN',
      'You are invited to this account: send the invitation that its manager has for you.',
    );
  }
  const joined = { status: UserStatus.ACTIVE, invitationHash: null, invitedUntil: null, createdAt: new Date() };
  await tx.manager.update(Membership, { accountId, userId }, joined);
  const [before, after] = [UserStatus.PENDING, UserStatus.ACTIVE].map((accountStatus) => ({
    ...{ email: caller.name, role, accountStatus },
  }));
  const change = { entityType: 'User', entityId: userId, actor: actorOf(caller), before, after };
  recordChange(tx, { accountId, kind: 'UPDATED', ...change });
}

/** Undefined for tokens of machines and of other issuers. Throws UNAUTHENTICATED where it has ended meanwhile. */
async function findSession(tx: Transaction, { sessionId }: Caller): Promise<Session | undefined> {
  if (sessionId === undefined) return undefined;
  const session = await tx.manager.findOneBy(Session, { id: sessionId });
  if (session) return session;
  // It was ended after the request was let in: by another, or by an earlier mutation of the same operation.
  throw new CatalogError('UNAUTHENTICATED', 'The session has ended: sign in again.');
}

/** What clients that go by sessions are told of a token that needs none, so that they work with it too. */
function lastingSession({ userId, tokenId, accountId }: Caller): SessionInfo {
  const expiresAt = new Date(Date.now() + SESSION_MS);
  return { userId: userId ?? tokenId, accountId, expiresAt, tokenExpiresAt: expiresAt };
}

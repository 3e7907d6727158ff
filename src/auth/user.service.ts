// People: made or invited by the managers of an account, or by themselves where sign-up is open.
import { randomBytes } from 'node:crypto';
import { Not } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { rowLock } from '../db/row-lock.js';
import { isUniqueViolation } from '../db/unique-violation.js';
import type { Actor } from '../events/catalog-log.entity.js';
import { recordChange } from '../events/catalog-log.js';
import { CatalogError, invalidState, notFound } from '../lib/errors.js';
import { withoutUndefined } from '../lib/json.js';
import type { Transaction } from '../lib/transaction.js';
import { AccessToken } from './access-token.entity.js';
import { Account } from './account.entity.js';
import { Identity } from './identity.entity.js';
import { Membership, newMembership } from './membership.entity.js';
import { Password } from './password.entity.js';
import { hashRandomPassword } from './passwords.js';
import { actorOf, requireAccess, Role } from './principal.js';
import type { Caller, Principal } from './principal.js';
import type { RightsChanges } from './rights-changes.js';
import { Session } from './session.entity.js';
import { hashToken } from './tokens.js';
import { checkedNames, insertUser, normalEmail, setPassword, updateUser, userExists } from './user-rows.js';
import type { NewUser } from './user-rows.js';
import { User, UserStatus } from './user.entity.js';

export interface UserChanges {
  email?: string;
  firstName?: string | null;
  lastName?: string | null;
  role?: Role;
  /** Whether the account is open to the user. */
  accountStatus?: UserStatus;
}

/** A user as an account knows it; role and status are null where no account is selected. */
export interface Member {
  user: User;
  role: Role | null;
  accountStatus: UserStatus | null;
}

const INVITATION_MS = 7 * 24 * 60 * 60 * 1000;

export class UserService {
  constructor(
    private readonly reader: EntityManager,
    private readonly rights: RightsChanges,
  ) {}

  /** Before a password is hashed, which takes long. Throws BAD_USER_INPUT, and CONFLICT for an address that is taken. */
  async checkNew(input: NewUser): Promise<void> {
    const { email } = checkedNames(input);
    if (await this.reader.existsBy(User, { email })) throw userExists();
  }

  /** A user with a password of its own, in the caller's account. Throws BAD_USER_INPUT, CONFLICT. */
  async create(tx: Transaction, principal: Principal, input: NewUser & { role: Role }, hash: string): Promise<Member> {
    requireAccess(principal, 'MANAGER');
    const user = await insertUser(tx, input, UserStatus.ACTIVE);
    await setPassword(tx, user.id, hash, null);
    return join(tx, principal, user, newMembership({ ...keyOf(principal, user), role: input.role }));
  }

  /**
   * Lets somebody into the caller's account: a user there is, who accepts by selecting it with the answered secret, or
   * a new one, who signs in with that as the password and then sets another. Both within seven days; inviting again
   * makes a new secret. Throws CONFLICT for who is in already.
   */
  async invite(tx: Transaction, principal: Principal, input: NewUser & { role: Role }): Promise<Invited> {
    requireAccess(principal, 'MANAGER');
    const secret = randomBytes(18).toString('base64url');
    const until = new Date(Date.now() + INVITATION_MS);
    const known = await tx.manager.findOneBy(User, { email: normalEmail(input.email) });
    const user = known ?? (await insertUser(tx, input, UserStatus.PENDING));
    const memberships = await tx.manager.findBy(Membership, { userId: user.id });
    const held = memberships.find(({ accountId }) => accountId === principal.accountId);
    // Nobody has ever been this user, and no other account knows of it.
    const isNew = user.status === UserStatus.PENDING && memberships.length === (held ? 1 : 0);
    if (held && !isNew && held.status !== UserStatus.PENDING) throw userExists();
    if (isNew) await setPassword(tx, user.id, await hashRandomPassword(secret), until);
    const pending = { status: UserStatus.PENDING, invitationHash: hashToken(secret), invitedUntil: until };
    const own = newMembership({ ...keyOf(principal, user), role: input.role });
    const wanted = isNew ? own : { ...own, ...pending };
    if (!held) return { member: await join(tx, principal, user, wanted), secret };
    await tx.manager.save(Membership, wanted);
    record(tx, principal.accountId, actorOf(principal), toMember(user, held), toMember(user, wanted));
    return { member: toMember(user, wanted), secret };
  }

  /** A user without an account; whether that is allowed is up to the caller. */
  async signUp(tx: Transaction, input: NewUser, hash: string): Promise<Member> {
    const user = await insertUser(tx, input, UserStatus.ACTIVE);
    await setPassword(tx, user.id, hash, null);
    return { user, role: null, accountStatus: null };
  }

  /** Names and address by the user itself; role and status by a manager of the account. */
  async update(tx: Transaction, caller: Caller, userId: string, changes: UserChanges): Promise<Member> {
    const { email, firstName, lastName, role, accountStatus } = changes;
    const before = await readMember(tx.manager, caller, userId);
    const names = checkedNames(withoutUndefined({ email, firstName, lastName }));
    if (Object.keys(names).length > 0) {
      if (caller.userId !== userId) throw new CatalogError('FORBIDDEN', 'Only the user itself may change its names.');
      await updateUser(tx, before.user, names);
      await recordEverywhere(tx, caller, before.user, { ...before.user, ...names });
    }
    const membership = withoutUndefined({ role, status: accountStatus });
    if (Object.keys(membership).length === 0) return readMember(tx.manager, caller, userId);
    await this.changeMembership(tx, caller, userId, membership);
    this.rights.announce(tx);
    const after = await readMember(tx.manager, caller, userId);
    record(tx, caller.accountId!, actorOf(caller), before, after);
    return after;
  }

  /** Takes the user out of the account: by itself or by a manager. Throws CONFLICT for its last manager. */
  async remove(tx: Transaction, principal: Principal, userId: string): Promise<void> {
    if (principal.userId !== userId) requireAccess(principal, 'MANAGER');
    const member = await readMember(tx.manager, principal, userId);
    const { accountId } = principal;
    await this.keepOneManager(tx, accountId, userId);
    await tx.manager.delete(Membership, { accountId, userId });
    await tx.manager.update(Session, { accountId, userId }, { accountId: null });
    this.rights.announce(tx);
    record(tx, accountId, actorOf(principal), member, undefined);
  }

  /** Forgets the user, where it asks for that itself; a manager can only take it out of the account. */
  async delete(tx: Transaction, caller: Caller, userId: string): Promise<void> {
    if (caller.userId !== userId) {
      requireAccess(caller, 'MANAGER');
      return this.remove(tx, caller, userId);
    }
    const user = await tx.manager.findOneByOrFail(User, { id: userId });
    // In one order: two users who leave the same accounts must not wait for each other.
    const order = { accountId: 'ASC' } as const;
    for (const { accountId, role } of await tx.manager.find(Membership, { where: { userId }, order })) {
      await this.keepOneManager(tx, accountId, userId);
      record(tx, accountId, actorOf(caller), { user, role, accountStatus: null }, undefined);
    }
    for (const entity of [AccessToken, Membership, Session, Password, Identity])
      await tx.manager.delete(entity, { userId });
    await tx.manager.delete(User, { id: userId });
    this.rights.announce(tx);
  }

  /** A user of the caller's account, or the caller itself; throws NOT_FOUND. */
  show(caller: Caller, userId: string): Promise<Member> {
    return readMember(this.reader, caller, userId);
  }

  private async changeMembership(
    tx: Transaction,
    caller: Caller,
    userId: string,
    change: { role?: Role; status?: UserStatus },
  ): Promise<void> {
    requireAccess(caller, 'MANAGER');
    const { accountId } = caller;
    const held = await tx.manager.findOneBy(Membership, { accountId, userId });
    if (held?.status === UserStatus.PENDING && change.status !== undefined) {
      throw invalidState('The user was invited and has not selected the account yet: nobody else can accept.');
    }
    const staysManager = (change.role ?? Role.MANAGER) === Role.MANAGER && (change.status ?? 'ACTIVE') === 'ACTIVE';
    if (!staysManager) await this.keepOneManager(tx, accountId, userId);
    const { affected } = await tx.manager.update(Membership, { accountId, userId }, change);
    if (affected === 0) throw notFound('user', userId);
  }

  /** Throws CONFLICT where nobody else could manage the account; the first account has its administrator's token. */
  private async keepOneManager(tx: Transaction, accountId: string, userId: string): Promise<void> {
    // One at a time: two managers must not remove each other.
    await tx.manager.findOneOrFail(Account, { where: { id: accountId }, lock: rowLock(tx.manager) });
    const manager = { accountId, role: Role.MANAGER, status: UserStatus.ACTIVE };
    if (!(await tx.manager.existsBy(Membership, { ...manager, userId }))) return;
    if (await tx.manager.existsBy(Membership, { ...manager, userId: Not(userId) })) return;
    throw invalidState('This is the last manager of the account: make another one first.');
  }
}

async function readMember(manager: EntityManager, caller: Caller, userId: string): Promise<Member> {
  const user = await manager.findOneBy(User, { id: userId });
  const { accountId } = caller;
  const held = accountId === null ? null : await manager.findOneBy(Membership, { accountId, userId });
  if (!user || (!held && caller.userId !== userId)) throw notFound('user', userId);
  if (caller.userId === userId) return { user, role: held?.role ?? null, accountStatus: held?.status ?? null };
  return toMember(user, held!);
}

/** A user as its account may see it: of who was only invited, the address alone. */
export function toMember(
  user: User,
  { role, status, createdAt }: Pick<Membership, 'role' | 'status' | 'createdAt'>,
): Member {
  if (status !== UserStatus.PENDING) return { user, role, accountStatus: status };
  const { id, email } = user;
  const shown = { id, email, firstName: null, lastName: null, status, lastSignInAt: null, createdAt };
  return { user: { ...user, ...shown }, role, accountStatus: status };
}

export interface Invited {
  member: Member;
  /** Shown once; only its hash is kept. */
  secret: string;
}

const keyOf = ({ accountId }: Principal, { id: userId }: User) => ({ accountId, userId });

async function join(tx: Transaction, principal: Principal, user: User, membership: Membership): Promise<Member> {
  const { accountId, userId } = membership;
  if (await tx.manager.existsBy(Membership, { accountId, userId })) throw userExists();
  await tx.manager.insert(Membership, membership).catch((error: unknown) => {
    throw isUniqueViolation(error) ? userExists() : error;
  });
  const member = toMember(user, membership);
  record(tx, accountId, actorOf(principal), undefined, member);
  return member;
}

/** The names of a user are seen in each of its accounts. */
async function recordEverywhere(tx: Transaction, caller: Caller, before: User, after: User): Promise<void> {
  for (const { accountId, role, status } of await tx.manager.findBy(Membership, { userId: after.id })) {
    if (status === UserStatus.PENDING) continue;
    const shown = (user: User) => ({ user, role, accountStatus: status });
    record(tx, accountId, actorOf(caller), shown(before), shown(after));
  }
}

/** As the audit trail shows a member: nothing secret is part of it. */
function record(tx: Transaction, accountId: string, actor: Actor, before?: Member, after?: Member): void {
  const shown = (member?: Member) =>
    member && { ...emailAndNames(member.user), role: member.role, accountStatus: member.accountStatus };
  const kind = before === undefined ? 'CREATED' : after === undefined ? 'DELETED' : 'UPDATED';
  const entityId = (after ?? before)!.user.id;
  recordChange(tx, {
    accountId,
    kind,
    entityType: 'User',
    entityId,
    actor,
    before: shown(before),
    after: shown(after),
  });
}

const emailAndNames = ({ email, firstName, lastName, status }: User) => ({ email, firstName, lastName, status });

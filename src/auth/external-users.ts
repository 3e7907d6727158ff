// Users that an issuer vouches for. They are made at their first sign-in; the accounts they may use, and their roles
// there, follow the claims at each one.
import { In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { rowLock } from '../db/row-lock.js';
import { isUniqueViolation } from '../db/unique-violation.js';
import type { Actor } from '../events/catalog-log.entity.js';
import { recordChange } from '../events/catalog-log.js';
import { CatalogError } from '../lib/errors.js';
import { newId } from '../lib/ids.js';
import type { InTransaction, Transaction } from '../lib/transaction.js';
import { AccessToken, ADMINISTRATOR } from './access-token.entity.js';
import { Account } from './account.entity.js';
import { Identity } from './identity.entity.js';
import { Membership } from './membership.entity.js';
import type { ExternalIdentity, Oidc, OidcClient } from './oidc.js';
import { hasRole } from './principal.js';
import type { Role } from './principal.js';
import { SignInMethod } from './sign-in.entity.js';
import type { SignIns } from './sign-ins.js';
import { User, UserStatus } from './user.entity.js';

const SYSTEM: Actor = { type: 'SYSTEM', id: null, name: 'OIDC' };

export interface ExternalUser {
  userId: string;
  /** What the claims of this very token name first; null where they name no account that exists. */
  grant: Grant | null;
}

export interface Grant {
  accountId: string;
  role: Role;
}

export class ExternalUsers {
  private readonly known = new WeakMap<ExternalIdentity, Promise<ExternalUser>>();

  constructor(
    readonly oidc: Oidc,
    private readonly signIns: SignIns,
    private readonly reader: EntityManager,
    private readonly inTransaction: InTransaction,
  ) {}

  /** The user behind a token, looked up once for each token. Throws UNAUTHENTICATED and UPSTREAM_FAILED. */
  async userOf(token: string, address: string): Promise<ExternalUser> {
    const identity = await this.oidc.verify(token);
    const known = this.known.get(identity) ?? this.signIn(identity, address);
    this.known.set(identity, known);
    known.catch(() => this.known.delete(identity));
    return known;
  }

  /** Whoever the issuer gave a code to; a wrong one counts as a failure of the network it comes from. */
  async exchange(client: OidcClient, code: string, address: string): Promise<ExternalIdentity> {
    await this.signIns.requireNetwork(address);
    return this.oidc.exchange(client, code).catch(async (error: unknown) => {
      const attempt = { email: '', userId: null, method: SignInMethod.OIDC, isSuccess: false, address };
      await this.inTransaction((tx) => this.signIns.record(tx, attempt));
      throw error;
    });
  }

  /** Makes the user where there is none, and gives it the accounts of its claims. Throws UNAUTHENTICATED. */
  async signIn(identity: ExternalIdentity, address: string): Promise<ExternalUser> {
    const grants = await this.grantsOf(identity);
    const run = () => this.inTransaction((tx) => this.write(tx, identity, grants, address));
    // Two first requests at once make one user.
    const user = await run().catch((error: unknown) => {
      if (isUniqueViolation(error)) return run();
      throw error;
    });
    if (user.status === UserStatus.DISABLED) throw new CatalogError('UNAUTHENTICATED', 'This user may not sign in.');
    return { userId: user.id, grant: grants[0] ?? null };
  }

  private async write(tx: Transaction, identity: ExternalIdentity, grants: Grant[], address: string): Promise<User> {
    const { issuer, subject, issuedAt } = identity;
    const lock = rowLock(tx.manager);
    const known = await tx.manager.findOne(Identity, { where: { issuer, subject }, lock });
    const user = known
      ? await tx.manager.findOneByOrFail(User, { id: known.userId })
      : await this.createUser(tx, identity);
    // An older token may still be used, but what it says of other tokens' rights is over.
    if (!known || known.claimsIssuedAt.getTime() <= issuedAt.getTime()) {
      await tx.manager.update(Identity, { issuer, subject }, { claimsIssuedAt: issuedAt });
      // Accounts see what happens from when a user joined them.
      await followClaims(tx, user, grants);
    }
    const isSuccess = user.status !== UserStatus.DISABLED;
    await this.signIns.record(tx, {
      ...{ email: user.email, userId: user.id, method: SignInMethod.OIDC, isSuccess, address },
    });
    if (isSuccess) await tx.manager.update(User, { id: user.id }, { lastSignInAt: new Date() });
    return user;
  }

  /** An address that somebody else has here is not taken over: the name is then made of subject and issuer. */
  private async createUser(tx: Transaction, identity: ExternalIdentity): Promise<User> {
    const { issuer, subject, issuedAt, email, firstName = null, lastName = null } = identity;
    const [id, createdAt] = [newId(), new Date()];
    const host = new URL(issuer).host;
    const names = [email, `${subject}@${host}`, `${id}@${host}`].filter(
      (name) => name !== undefined && name.length <= 255,
    );
    const taken = await tx.manager.findBy(User, { email: In(names) });
    const name = names.find((one) => !taken.some((user) => user.email === one))!;
    const user = { id, email: name, firstName, lastName, status: UserStatus.ACTIVE, lastSignInAt: null, createdAt };
    await tx.manager.insert(User, user);
    await tx.manager.insert(Identity, { issuer, subject, userId: id, claimsIssuedAt: issuedAt, createdAt });
    return user;
  }

  /** One grant for each account that exists, in the order of the rules, with the highest role. */
  private async grantsOf({ grants }: ExternalIdentity): Promise<Grant[]> {
    const found = new Map<string, Role>();
    for (const { account, role } of grants) {
      const accountId = await this.accountOf(account);
      const held = accountId === undefined ? undefined : found.get(accountId);
      if (accountId !== undefined && (held === undefined || !hasRole({ role: held }, role))) found.set(accountId, role);
    }
    return [...found].map(([accountId, role]) => ({ accountId, role }));
  }

  /** Never by its name, which its managers choose. */
  private async accountOf(account: string): Promise<string | undefined> {
    if (account !== 'default') return (await this.reader.findOneBy(Account, { id: account.toLowerCase() }))?.id;
    return (await this.reader.findOneBy(AccessToken, { name: ADMINISTRATOR }))?.accountId;
  }
}

/** What claims gave before and do not give any more, ends; what managers gave is theirs. */
async function followClaims(tx: Transaction, user: User, grants: Grant[]): Promise<void> {
  const userId = user.id;
  const before = await tx.manager.findBy(Membership, { userId });
  for (const { accountId, role } of grants) {
    const held = before.find((membership) => membership.accountId === accountId);
    if (held && !held.isByClaims && held.status !== UserStatus.PENDING) continue;
    if (held?.isByClaims && held.role === role) continue;
    const granted = { role, status: held?.isByClaims ? held.status : UserStatus.ACTIVE, isByClaims: true };
    const row = { accountId, userId, ...granted, invitationHash: null, invitedUntil: null, createdAt: new Date() };
    await tx.manager.save(Membership, held ? { ...held, ...granted, invitationHash: null, invitedUntil: null } : row);
    record(tx, accountId, user, held?.role, role);
  }
  const ended = before.filter(({ isByClaims, accountId }) => {
    return isByClaims && !grants.some((grant) => grant.accountId === accountId);
  });
  for (const { accountId, role } of ended) {
    await tx.manager.delete(Membership, { accountId, userId });
    record(tx, accountId, user, role, undefined);
  }
}

function record(tx: Transaction, accountId: string, { id, email }: User, before?: Role, after?: Role): void {
  const kind = before === undefined ? 'CREATED' : after === undefined ? 'DELETED' : 'UPDATED';
  const shown = (role?: Role) => role && { email, role };
  const change = { accountId, entityType: 'User', entityId: id, actor: SYSTEM };
  recordChange(tx, { ...change, kind, before: shown(before), after: shown(after) });
}

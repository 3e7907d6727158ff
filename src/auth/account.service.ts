// Tenants: made by people, who manage what they made.
import { In, Not } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { recordChange } from '../events/catalog-log.js';
import { badInput, CatalogError, invalidState, notFound } from '../lib/errors.js';
import { withoutUndefined } from '../lib/json.js';
import type { Transaction } from '../lib/transaction.js';
import { AccessToken, ADMINISTRATOR } from './access-token.entity.js';
import { Account } from './account.entity.js';
import type { AccountSettings } from './account.entity.js';
import { insertAccount } from './insert-account.js';
import { Membership, newMembership } from './membership.entity.js';
import { actorOf, hasRole, requireAccess, Role } from './principal.js';
import type { Caller } from './principal.js';
import { Session } from './session.entity.js';
import { UserStatus } from './user.entity.js';

const MAX_QUORUM = 100;
const MAX_ACCOUNTS = 1_000;
/** Whatever an account must be rid of before it can be deleted. */
const CONTENT = ['app', 'build', 'job', 'task', 'registry_credential', 'image_source', 'source'];

export interface AccountChanges {
  name?: string;
  approvalQuorum?: number;
  settings?: AccountSettings;
}

/** An account as somebody sees it who may use it. */
export interface OpenAccount {
  account: Account;
  role: Role;
  /** PENDING: the caller is invited, and accepts by selecting it. */
  status: UserStatus;
}

export class AccountService {
  /** They never change. */
  private readonly hubIds = new Map<string, string>();

  /** @param isSignUpOpen whether any user may make an account, not only managers of another */
  constructor(
    private readonly reader: EntityManager,
    private readonly isSignUpOpen: boolean,
  ) {}

  /** A new account, managed by the user who makes it. Throws FORBIDDEN and BAD_USER_INPUT. */
  async create(tx: Transaction, caller: Caller, { name, settings }: { name: string; settings?: AccountSettings }) {
    const { userId } = caller;
    if (userId === null) {
      throw new CatalogError('FORBIDDEN', 'An account belongs to people: sign in as a user to make one.');
    }
    if (!this.isSignUpOpen) requireAccess(caller, 'MANAGER');
    if ((await tx.manager.countBy(Membership, { userId })) >= MAX_ACCOUNTS) {
      throw invalidState(`A user is in at most ${MAX_ACCOUNTS} accounts.`);
    }
    const account = await insertAccount(tx, checkName(name), settings);
    const role = Role.MANAGER;
    await tx.manager.insert(Membership, newMembership({ accountId: account.id, userId, role }));
    const change = { accountId: account.id, entityType: 'Account', entityId: account.id, actor: actorOf(caller) };
    recordChange(tx, { ...change, kind: 'CREATED', after: { ...account } });
    return { account, role, status: UserStatus.ACTIVE };
  }

  /** The caller's own account only. Throws FORBIDDEN, NOT_FOUND and BAD_USER_INPUT. */
  async update(tx: Transaction, caller: Caller, id: string, changes: AccountChanges): Promise<OpenAccount> {
    const before = await this.getManaged(tx, caller, id);
    const { approvalQuorum: quorum } = changes;
    if (quorum !== undefined && (quorum < 1 || quorum > MAX_QUORUM)) {
      throw badInput(`\`approvalQuorum\` must be between 1 and ${MAX_QUORUM}.`, 'approvalQuorum');
    }
    const name = changes.name === undefined ? undefined : checkName(changes.name);
    const settings = changes.settings && { ...before.settings, ...changes.settings };
    const changed = withoutUndefined({ name, approvalQuorum: quorum, settings });
    if (Object.keys(changed).length > 0) await tx.manager.update(Account, { id }, changed);
    const account = { ...before, ...changed };
    const change = { accountId: id, entityType: 'Account', entityId: id, actor: actorOf(caller) };
    recordChange(tx, { ...change, kind: 'UPDATED', before: { ...before }, after: { ...account } });
    return { account, role: Role.MANAGER, status: UserStatus.ACTIVE };
  }

  /** An empty account; throws CONFLICT while it has anything, and for the one of the administrator. */
  async delete(tx: Transaction, caller: Caller, id: string): Promise<void> {
    const account = await this.getManaged(tx, caller, id);
    if (await tx.manager.existsBy(AccessToken, { accountId: id, name: ADMINISTRATOR })) {
      throw invalidState('The account of the administrator stays: the next start would make another one.');
    }
    for (const table of CONTENT) {
      const where = 'x.accountId = :id';
      if (await tx.manager.createQueryBuilder(table, 'x').where(where, { id }).getExists()) {
        throw invalidState(`The account still has something in it (${table}): delete that first.`);
      }
    }
    const accountId = id;
    await tx.manager.delete(Membership, { accountId });
    await tx.manager.delete(AccessToken, { accountId });
    await tx.manager.update(Session, { accountId }, { accountId: null });
    await tx.manager.delete(Account, { id });
    const change = { accountId, entityType: 'Account', entityId: id, actor: actorOf(caller) };
    recordChange(tx, { ...change, kind: 'DELETED', before: { ...account } });
  }

  /** The accounts that are open to the caller, those it is invited to included, oldest first. */
  async listOpen(caller: Caller): Promise<OpenAccount[]> {
    const { userId, accountId, role } = caller;
    const held = new Map<string, { role: Role; status: UserStatus }>();
    if (accountId !== null && role !== null) held.set(accountId, { role, status: UserStatus.ACTIVE });
    if (userId !== null) {
      const memberships = await this.reader.findBy(Membership, { userId, status: Not(UserStatus.DISABLED) });
      for (const membership of memberships) held.set(membership.accountId, membership);
    }
    const order = { createdAt: 'ASC', id: 'ASC' } as const;
    const accounts = await this.reader.find(Account, { where: { id: In([...held.keys()]) }, order });
    return accounts.map((account) => {
      const { role: heldRole, status } = held.get(account.id)!;
      return { account, role: heldRole, status };
    });
  }

  /** Of an account that there is. */
  async hubIdOf(id: string): Promise<string> {
    const hubId = this.hubIds.get(id) ?? (await this.reader.findOneByOrFail(Account, { id })).hubId;
    this.hubIds.set(id, hubId);
    return hubId;
  }

  /** Throws NOT_FOUND for an account that is not open to the caller, whether or not there is one. */
  async getOpen(caller: Caller, id: string): Promise<OpenAccount> {
    const found = (await this.listOpen(caller)).find(({ account }) => account.id === id);
    if (!found) throw notFound('account', id);
    return found;
  }

  /** Read in the transaction: waiting for another connection with this one in hand could stop everybody. */
  private async getManaged(tx: Transaction, { accountId, role, userId }: Caller, id: string): Promise<Account> {
    const where = { accountId: id, userId: userId ?? '', status: UserStatus.ACTIVE };
    const own = accountId === id ? role : null;
    const held = own ?? (await tx.manager.findOneBy(Membership, where))?.role;
    const account = held ? await tx.manager.findOneBy(Account, { id }) : null;
    if (!held || !account) throw notFound('account', id);
    if (!hasRole({ role: held }, Role.MANAGER)) throw new CatalogError('FORBIDDEN', 'This needs the role MANAGER.');
    return account;
  }
}

function checkName(text: string): string {
  const name = text.trim();
  if (name === '' || name.length > 255) throw badInput('`name` must have 1 to 255 characters.', 'name');
  return name;
}

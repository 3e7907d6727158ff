// What machines sign in with, tokens and access keys alike: made by a manager, in whose name it acts, and never worth
// more than its maker is at the time of use.
import type { EntityTarget, SelectQueryBuilder } from 'typeorm';
import type { Actor } from '../events/catalog-log.entity.js';
import { badInput } from '../lib/errors.js';
import { newId } from '../lib/ids.js';
import type { InTransaction, Transaction } from '../lib/transaction.js';
import { Membership } from './membership.entity.js';
import { actorOf, hasRole, highest } from './principal.js';
import type { Principal, Role } from './principal.js';
import { User, UserStatus } from './user.entity.js';

const USE_INTERVAL_MS = 60_000;

export interface Machine {
  accountId: string;
  id: string;
  name: string;
  role: Role;
  /** The user in whose name it acts, whose rights it never exceeds; null where there is none. */
  userId: string | null;
  createdBy: Actor | null;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
  createdAt: Date;
}

export interface NewMachine {
  name: string;
  roles: Role[];
  expiresAt?: Date | null;
}

/** What the database tells of the maker, beside the row. */
export interface Maker {
  makerRole: Role | null;
  makerStatus: UserStatus | null;
}

/** A machine before it has a secret. Throws BAD_USER_INPUT. */
export async function newMachine(tx: Transaction, principal: Principal, input: NewMachine): Promise<Machine> {
  const name = input.name.trim();
  if (name === '' || name.length > 255) throw badInput('`name` must have 1 to 255 characters.', 'name');
  const expiresAt = input.expiresAt ?? null;
  if (expiresAt && expiresAt.getTime() <= Date.now()) throw badInput('`expiresAt` is over already.', 'expiresAt');
  const createdBy = actorOf(principal);
  const makerId = createdBy.ownerId ?? createdBy.id;
  // The owner of a token's token may be the administrator's, which is no user.
  const isUser = makerId !== null && (await tx.manager.existsBy(User, { id: makerId }));
  const own = { accountId: principal.accountId, id: newId(), createdBy, createdAt: new Date(), lastUsedAt: null };
  return { ...own, name, role: highest(input.roles), userId: isUser ? makerId : null, expiresAt };
}

/** The same query with each row's Maker beside it. */
export const withMaker = <T extends Machine>(query: SelectQueryBuilder<T>): SelectQueryBuilder<T> =>
  query
    .addSelect(['maker.role AS "makerRole"', 'maker.status AS "makerStatus"'])
    .leftJoin(
      Membership,
      'maker',
      `maker.accountId = ${query.alias}.accountId AND maker.userId = ${query.alias}.userId`,
    );

/** Who it is; undefined where it is at its end, or who made it may do nothing in the account any more. */
export function callerOfMachine(machine: Machine, { makerRole, makerStatus }: Maker): Principal | undefined {
  const { accountId, id, name, userId, createdBy, expiresAt } = machine;
  if (expiresAt !== null && expiresAt.getTime() <= Date.now()) return undefined;
  const hasMaker = userId !== null;
  if (hasMaker && makerStatus !== UserStatus.ACTIVE) return undefined;
  const role = hasMaker ? lower(machine.role, makerRole!) : machine.role;
  const ownerId = createdBy?.ownerId ?? createdBy?.id ?? undefined;
  return { accountId, userId: null, tokenId: id, name, role, ...(ownerId !== undefined && { ownerId }) };
}

const lower = (one: Role, other: Role): Role => (hasRole({ role: one }, other) ? other : one);

/** Keeps when machines were last used. */
export class NotedUses {
  private readonly noted = new Map<string, number>();

  constructor(
    private readonly inTransaction: InTransaction,
    private readonly entity: EntityTarget<Machine>,
  ) {}

  /** Written behind the request's back, at most once a minute. */
  note({ accountId, id, lastUsedAt }: Machine): void {
    const now = Date.now();
    const last = Math.max(lastUsedAt?.getTime() ?? 0, this.noted.get(id) ?? 0);
    if (now - last < USE_INTERVAL_MS) return;
    this.noted.set(id, now);
    const write = this.inTransaction((tx) =>
      tx.manager.update(this.entity, { accountId, id }, { lastUsedAt: new Date(now) }),
    );
    // Who can't be written now is noted at the next use.
    write.then(
      () => undefined,
      () => this.noted.delete(id),
    );
  }
}

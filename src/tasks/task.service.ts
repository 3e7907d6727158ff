// Opens tasks, takes decisions and reads them. What follows from a decision is up to the owner of the subject, whose
// row is locked before the task's, everywhere, so that a decision and the end of its subject can not block each other.
import { In } from 'typeorm';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { actorOf } from '../auth/principal.js';
import type { Principal } from '../auth/principal.js';
import { fromRow, selectRows } from '../db/from-row.js';
import type { Row } from '../db/from-row.js';
import { NEWEST_FIRST, readPage } from '../db/keyset.js';
import { ordersOf, readOffsetPage } from '../db/offset-page.js';
import type { OffsetPage, SortedSlice } from '../lib/offset.js';
import { rowLock } from '../db/row-lock.js';
import type { Actor, CatalogChangeKind } from '../events/catalog-log.entity.js';
import { recordChange } from '../events/catalog-log.js';
import { invalidState, notFound } from '../lib/errors.js';
import { newId } from '../lib/ids.js';
import { parsePage } from '../lib/paging.js';
import type { Connection, PageArgs } from '../lib/paging.js';
import type { Transaction } from '../lib/transaction.js';
import { decided } from './task-decision.js';
import type { Decision, DecisionRules } from './task-decision.js';
import { Task, TaskStatus } from './task.entity.js';
import type { TaskType } from './task.entity.js';
import type { TaskFilter } from './task.input.js';
import { nameLast, restrictPeople, restrictText } from './task-people.js';

export type TaskSortField = 'createdAt' | 'updatedAt' | 'type' | 'status';

export interface TaskKinds {
  types?: TaskType[];
  /** INPROGRESS, or not any more. */
  isOpen?: boolean;
}

export interface TaskListing extends SortedSlice<TaskSortField>, TaskKinds {
  /** What the list is taken from: nothing else is counted in `totalCount` either. */
  base?: TaskKinds;
  /** Exact names. */
  requester?: string;
  approver?: string;
  /** Contained in the name of the requester, the type or the id of the subject, whatever the case. */
  text?: string;
}

export class TaskService {
  constructor(private readonly reader: EntityManager) {}

  /** A new task in progress. */
  async open(tx: Transaction, accountId: string, subject: { type: TaskType; id: string }, actor: Actor): Promise<Task> {
    const now = new Date();
    const task = Object.assign(new Task(), {
      accountId,
      id: newId(),
      type: subject.type,
      status: TaskStatus.INPROGRESS,
      subjectId: subject.id,
      requester: nameLast(actor),
      approvals: [],
      createdAt: now,
      updatedAt: now,
    });
    await tx.manager.insert(Task, task);
    record(tx, 'CREATED', actor, { after: task });
    return task;
  }

  /** The task inside a transaction, not locked; throws NOT_FOUND. */
  async get(tx: Transaction, accountId: string, id: string): Promise<Task> {
    const task = await tx.manager.findOneBy(Task, { accountId, id: id.toLowerCase() });
    if (!task) throw notFound('task', id);
    return task;
  }

  /**
   * Takes one person's decision; the task is final where its status says so afterwards. Call it with the row of the
   * subject locked. Throws NOT_FOUND, CONFLICT where the task is final or the same person decided before, and
   * FORBIDDEN where four eyes are asked for.
   */
  async decide(tx: Transaction, principal: Principal, id: string, asked: Decision & DecisionRules): Promise<Task> {
    const before = await lock(tx, principal.accountId, id);
    const actor = actorOf(principal);
    const after = decided(before, asked, asked, actor);
    const { status, approvals, updatedAt } = after;
    await tx.manager.update(Task, keyOf(before), { status, approvals, updatedAt });
    record(tx, 'REVIEWED', actor, { before, after });
    return after;
  }

  /** Ends a task without a decision, because its subject goes; one that is final stays as it is. */
  async close(tx: Transaction, accountId: string, id: string, actor: Actor): Promise<Task> {
    const before = await lock(tx, accountId, id);
    if (before.status !== TaskStatus.INPROGRESS) return before;
    const change = { status: TaskStatus.FAILED, updatedAt: new Date() };
    await tx.manager.update(Task, keyOf(before), change);
    const after = { ...before, ...change };
    record(tx, 'UPDATED', actor, { before, after });
    return after;
  }

  /** Throws NOT_FOUND, and CONFLICT while the task is in progress. */
  async delete(tx: Transaction, principal: Principal, id: string): Promise<void> {
    const before = await lock(tx, principal.accountId, id);
    if (before.status === TaskStatus.INPROGRESS)
      throw invalidState('The task is in progress: decide on it, or delete what it is about.', 'taskId');
    await tx.manager.delete(Task, keyOf(before));
    record(tx, 'DELETED', actorOf(principal), { before });
  }

  async byIds(accountId: string, ids: readonly string[]): Promise<Task[]> {
    const rows = await this.select(accountId)
      .andWhere({ id: In([...ids]) })
      .getRawMany<Row>();
    return rows.map(read);
  }

  /** Newest first. */
  list(
    accountId: string,
    page: PageArgs,
    { status, type, requester, approver, text }: TaskFilter,
  ): Promise<Connection<Task>> {
    const query = this.select(accountId);
    if (status) query.andWhere({ status: In(status) });
    if (type) query.andWhere({ type: In(type) });
    restrictPeople(query, requester, approver);
    if (text) restrictText(query, text);
    return readPage(query, NEWEST_FIRST, parsePage(page, NEWEST_FIRST.name), read);
  }

  listByOffset(accountId: string, { sort, limit, offset, ...filter }: TaskListing): Promise<OffsetPage<Task>> {
    const { base = {}, requester, approver, text } = filter;
    const all = this.select(accountId);
    restrictKinds(all, base);
    const query = all.clone();
    restrictKinds(query, filter);
    restrictPeople(query, requester, approver);
    if (text) restrictText(query, text);
    const orders = ordersOf(sort, SORT_EXPRESSIONS);
    return readOffsetPage(query, { orders, limit, offset }, read, all);
  }

  private select(accountId: string): SelectQueryBuilder<Task> {
    return selectRows(this.reader, Task, 'task').where({ accountId });
  }
}

const SORT_EXPRESSIONS: Record<TaskSortField, string> = {
  createdAt: 'task.createdAt',
  updatedAt: 'task.updatedAt',
  type: 'task.type',
  status: 'task.status',
};

const read = (row: Row): Task => fromRow(Task, row);

function restrictKinds(query: SelectQueryBuilder<Task>, { types, isOpen }: TaskKinds): void {
  if (types) query.andWhere({ type: In(types) });
  if (isOpen !== undefined) query.andWhere(`task.status ${isOpen ? '=' : '<>'} :open`, { open: TaskStatus.INPROGRESS });
}

const keyOf = ({ accountId, id }: Task) => ({ accountId, id });

async function lock({ manager }: Transaction, accountId: string, id: string): Promise<Task> {
  const task = await manager.findOne(Task, { where: { accountId, id: id.toLowerCase() }, lock: rowLock(manager) });
  if (!task) throw notFound('task', id);
  return task;
}

function record(
  tx: Transaction,
  kind: CatalogChangeKind,
  actor: Actor,
  { before, after }: { before?: Task; after?: Task },
): void {
  const { accountId, id: entityId } = (before ?? after)!;
  recordChange(tx, {
    ...{ accountId, kind, entityType: 'Task', entityId, actor },
    ...(before && { before: { ...before } }),
    ...(after && { after: { ...after } }),
  });
}

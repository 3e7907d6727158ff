// Opens tasks and reads them. What follows from a decision is up to the owner of the subject.
import { In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { fromRow, selectRows } from '../db/from-row.js';
import type { Row } from '../db/from-row.js';
import type { Actor } from '../events/catalog-log.entity.js';
import { recordChange } from '../events/catalog-log.js';
import { newId } from '../lib/ids.js';
import type { Transaction } from '../lib/transaction.js';
import { Task, TaskStatus } from './task.entity.js';
import type { TaskType } from './task.entity.js';

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
      requester: actor,
      approvals: [],
      createdAt: now,
      updatedAt: now,
    });
    await tx.manager.insert(Task, task);
    const { id: entityId } = task;
    recordChange(tx, { accountId, kind: 'CREATED', entityType: 'Task', entityId, actor, after: { ...task } });
    return task;
  }

  async byIds(accountId: string, ids: readonly string[]): Promise<Task[]> {
    const rows = await selectRows(this.reader, Task, 'task')
      .where({ accountId, id: In([...ids]) })
      .getRawMany<Row>();
    return rows.map((row) => fromRow(Task, row));
  }
}

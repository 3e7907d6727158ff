// Keeps decisions that are to be told to where a build came from, from the transaction that decides to the outcome.
import { In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { actorOf } from '../auth/principal.js';
import type { Principal } from '../auth/principal.js';
import type { Build } from '../builds/build.entity.js';
import type { BuildService } from '../builds/build.service.js';
import type { OriginQuery } from '../builds/origin.query.js';
import { firstOfEach } from '../db/first-of-each.js';
import { fromRow, selectRows } from '../db/from-row.js';
import { rowLock } from '../db/row-lock.js';
import type { Actor } from '../events/catalog-log.entity.js';
import type { Transaction } from '../lib/transaction.js';
import { ApprovalStatus, TaskStatus } from '../tasks/task.entity.js';
import type { Task } from '../tasks/task.entity.js';
import { ReviewWriteBack } from './review-write-back.entity.js';
import type { WriteBackStatus } from './review-write-back.entity.js';
import type { SourceService } from './source.service.js';

const MAX_WORD = 255;

export class ReviewWriteBackService {
  constructor(
    private readonly reader: EntityManager,
    private readonly origins: OriginQuery,
    private readonly sources: SourceService,
    private readonly builds: BuildService,
  ) {}

  /** Notes of a decision that is to be told; undefined where its build's source does not want to know. */
  async note(tx: Transaction, principal: Principal, build: Build, task: Task): Promise<ReviewWriteBack | undefined> {
    const { accountId, id: buildId } = build;
    const origin = await this.origins.findOf(tx, accountId, buildId);
    if (!origin || origin.goneAt) return undefined;
    const source = await this.sources.find(tx, accountId, origin.sourceKey);
    if (!source?.isWriteBack) return undefined;
    const externalTaskId = this.sources.connectorOf(source).reviews?.taskIdOf(origin);
    if (externalTaskId === undefined || externalTaskId.length > MAX_WORD) return undefined;
    const now = new Date();
    const decision = task.status === TaskStatus.SUCCESS ? ApprovalStatus.APPROVED : ApprovalStatus.DENIED;
    const reason = task.approvals.at(-1)?.reason ?? null;
    const row: ReviewWriteBack = {
      ...{ accountId, buildId, taskId: task.id, sourceId: source.id, externalTaskId, decision, reason },
      ...{ status: 'PENDING', message: null, createdAt: now, updatedAt: now },
    };
    await tx.manager.insert(ReviewWriteBack, row);
    await this.record(tx, row, actorOf(principal));
    return row;
  }

  /** Its row locked; null where its build was deleted. */
  async find({ manager }: Transaction, accountId: string, taskId: string): Promise<ReviewWriteBack | null> {
    const row = await manager.findOne(ReviewWriteBack, { where: { accountId, taskId }, lock: rowLock(manager) });
    return row && { ...row };
  }

  async advance(
    tx: Transaction,
    before: ReviewWriteBack,
    { status, message = null }: { status: WriteBackStatus; message?: string | null },
    actor: Actor,
  ): Promise<void> {
    const { accountId, taskId } = before;
    const after = { ...before, status, message, updatedAt: new Date() };
    await tx.manager.update(ReviewWriteBack, { accountId, taskId }, after);
    await this.record(tx, after, actor);
  }

  /** The last of each build, in the order of the builds. */
  async lastOfEach(accountId: string, buildIds: readonly string[]): Promise<(ReviewWriteBack | null)[]> {
    const query = selectRows(this.reader, ReviewWriteBack, 'back').where({ accountId, buildId: In([...buildIds]) });
    const by = { column: 'buildId', order: 'back.createdAt DESC, back.taskId' };
    const rows = await firstOfEach(query, by, buildIds, 1);
    return rows.map(([row]) => (row ? fromRow(ReviewWriteBack, row) : null));
  }

  private async record(tx: Transaction, row: ReviewWriteBack, actor: Actor): Promise<void> {
    const { accountId, buildId, taskId, externalTaskId, decision, status, message } = row;
    const reviewWriteBack = { taskId, externalTaskId, decision, status, message };
    await this.builds.touch(tx, accountId, buildId, { reviewWriteBack }, actor);
  }
}

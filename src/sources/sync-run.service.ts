// Writes what imports count, and where they go on after an interruption.
import { In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { firstOfEach } from '../db/first-of-each.js';
import { fromRow, selectRows } from '../db/from-row.js';
import type { JobService } from '../jobs/job.service.js';
import type { Failure } from '../jobs/job.entity.js';
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import type { Transaction } from '../lib/transaction.js';
import { SyncRun } from './sync-run.entity.js';
import type { SyncCursor } from './sync-run.entity.js';

/** Of each source. */
const KEPT = 500;

export type SyncCounts = Pick<SyncRun, 'created' | 'updated' | 'unchanged' | 'gone' | 'failed' | 'requests'>;
type RunKey = Pick<SyncRun, 'accountId' | 'id'>;

export class SyncRunService {
  constructor(
    private readonly reader: EntityManager,
    private readonly jobs: JobService,
  ) {}

  /** The run of that job, made where it is new, in place of the oldest ones and their jobs. */
  async start(tx: Transaction, run: Pick<SyncRun, 'accountId' | 'id' | 'sourceId'>): Promise<SyncRun> {
    const { manager } = tx;
    const { accountId, id, sourceId } = run;
    const known = await manager.findOneBy(SyncRun, { accountId, id });
    if (known) return { ...known };
    const counts = { created: 0, updated: 0, unchanged: 0, gone: 0, failed: 0, requests: 0 };
    const open = { finishedAt: null, durationMs: null, failure: null, cursor: null };
    const row: SyncRun = { accountId, id, sourceId, startedAt: new Date(), ...counts, ...open };
    await manager.insert(SyncRun, row as never);
    const order = { startedAt: 'DESC', id: 'DESC' } as const;
    const old = await manager.find(SyncRun, {
      select: { id: true },
      where: { accountId, sourceId },
      order,
      skip: KEPT,
    });
    await this.remove(
      tx,
      accountId,
      old.map((one) => one.id),
    );
    return row;
  }

  /**
   * Throws JobFailure where the run went with its source.
   * @param cursor undefined where the page is not whole yet
   */
  async advance(
    { manager }: Transaction,
    { accountId, id }: RunKey,
    counts: SyncCounts,
    cursor?: SyncCursor,
  ): Promise<void> {
    if (!(await manager.existsBy(SyncRun, { accountId, id }))) throw sourceGone();
    await manager.update(SyncRun, { accountId, id }, { ...counts, ...(cursor && { cursor }) } as never);
  }

  async finish({ manager }: Transaction, run: SyncRun, counts: SyncCounts, failure: Failure | null): Promise<void> {
    const { accountId, id, startedAt } = run;
    const finishedAt = new Date();
    const durationMs = Math.min(finishedAt.getTime() - startedAt.getTime(), 2 ** 31 - 1);
    await manager.update(SyncRun, { accountId, id }, { ...counts, finishedAt, durationMs, failure, cursor: null });
  }

  private async remove(tx: Transaction, accountId: string, ids: string[]): Promise<void> {
    if (ids.length === 0) return;
    await tx.manager.delete(SyncRun, { accountId, id: In(ids) });
    await this.jobs.remove(tx, accountId, ids);
  }

  /** The newest of each source, newest first. */
  async listOfEach(accountId: string, sourceIds: readonly string[], first: number): Promise<SyncRun[][]> {
    const query = selectRows(this.reader, SyncRun, 'run').where({ accountId, sourceId: In([...sourceIds]) });
    const by = { column: 'sourceId', order: 'run.startedAt DESC, run.id' };
    const rows = await firstOfEach(query, by, sourceIds, first);
    return rows.map((ofSource) => ofSource.map((row) => fromRow(SyncRun, row)));
  }
}

export const sourceGone = () =>
  new JobFailure(JobFailureCode.SOURCE_NOT_FOUND, 'The source was deleted.', 'There is nothing to do.');

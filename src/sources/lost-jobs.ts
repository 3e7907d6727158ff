// Ends imports and decisions whose jobs ended without them: given up because their process died too often, or cancelled
// while they waited.
import { In, IsNull } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { isFinal } from '../events/job-event.entity.js';
import { Job } from '../jobs/job.entity.js';
import type { InTransaction, Transaction } from '../lib/transaction.js';
import { ReviewWriteBack } from './review-write-back.entity.js';
import type { ReviewWriteBackService } from './review-write-back.service.js';
import type { SourceService } from './source.service.js';
import { SyncRun } from './sync-run.entity.js';
import type { SyncRunService } from './sync-run.service.js';

export interface LostServices {
  runs: SyncRunService;
  sources: SourceService;
  writeBacks: ReviewWriteBackService;
}

const OPEN = ['PENDING', 'SENDING'] as const;
const ACTOR = { type: 'SYSTEM', id: null, name: 'gateway' } as const;

export class LostJobs {
  constructor(
    private readonly reader: EntityManager,
    private readonly services: LostServices,
    private readonly inTransaction: InTransaction,
  ) {}

  async end(): Promise<void> {
    for (const { accountId, id } of await this.reader.findBy(SyncRun, { finishedAt: IsNull() }))
      await this.inTransaction((tx) => this.endRun(tx, accountId, id));
    for (const { accountId, taskId } of await this.reader.findBy(ReviewWriteBack, { status: In([...OPEN]) }))
      await this.inTransaction((tx) => this.endWriteBack(tx, accountId, taskId));
  }

  private async endRun(tx: Transaction, accountId: string, id: string): Promise<void> {
    const job = await lostJob(tx, accountId, id);
    const run = await tx.manager.findOneBy(SyncRun, { accountId, id, finishedAt: IsNull() });
    if (!run || job === undefined) return;
    const failure = job?.failure ?? null;
    const { created, updated, unchanged, gone, failed, requests } = run;
    await this.services.runs.finish(tx, run, { created, updated, unchanged, gone, failed, requests }, failure);
    await this.services.sources.note(tx, { accountId, id: run.sourceId }, { status: 'FAILED', failure });
  }

  private async endWriteBack(tx: Transaction, accountId: string, taskId: string): Promise<void> {
    const row = await tx.manager.findOneBy(ReviewWriteBack, { accountId, taskId, status: In([...OPEN]) });
    const job = row?.jobId ? await lostJob(tx, accountId, row.jobId) : undefined;
    if (!row || job === undefined) return;
    const wasSending = row.status === 'SENDING';
    const message = wasSending ? 'Its job ended before there was an answer.' : 'Its job ended before it was sent.';
    const status = wasSending ? 'UNKNOWN' : 'FAILED';
    await this.services.writeBacks.advance(tx, { ...row }, { status, message }, ACTOR);
  }
}

/** A job that is final, or null where there is none any more; undefined while it is not. */
async function lostJob({ manager }: Transaction, accountId: string, id: string): Promise<Job | null | undefined> {
  const job = await manager.findOneBy(Job, { accountId, id });
  return job && !isFinal(job.status) ? undefined : job;
}

// Ends imports and decisions whose jobs ended without them: given up because their process died too often, or cancelled
// while they waited. It is written where the job's end is, so that nothing stays open without a job.
import { IsNull } from 'typeorm';
import { JobStatus } from '../events/job-event.entity.js';
import { JobKind } from '../jobs/job.entity.js';
import type { Job } from '../jobs/job.entity.js';
import type { Transaction } from '../lib/transaction.js';
import type { ReviewWriteBackService } from './review-write-back.service.js';
import type { SourceService } from './source.service.js';
import { SyncRun } from './sync-run.entity.js';
import type { SyncRunService } from './sync-run.service.js';
import type { WriteBackInput } from './write-back-handler.js';

const ACTOR = { type: 'SYSTEM', id: null, name: 'gateway' } as const;

export class SourceJobEnds {
  constructor(
    private readonly runs: SyncRunService,
    private readonly sources: SourceService,
    private readonly writeBacks: ReviewWriteBackService,
  ) {}

  readonly settle = async (tx: Transaction, job: Job): Promise<void> => {
    if (job.status === JobStatus.SUCCEEDED) return;
    if (job.kind === JobKind.SOURCE_SYNC) await this.endRun(tx, job);
    if (job.kind === JobKind.REVIEW_WRITE_BACK) await this.endWriteBack(tx, job);
  };

  private async endRun(tx: Transaction, { accountId, id, failure }: Job): Promise<void> {
    const run = await tx.manager.findOneBy(SyncRun, { accountId, id, finishedAt: IsNull() });
    if (!run) return;
    await this.runs.finish(tx, run, run, failure);
    await this.sources.note(tx, { accountId, id: run.sourceId }, { status: 'FAILED', failure });
  }

  private async endWriteBack(tx: Transaction, { accountId, input }: Job): Promise<void> {
    const row = await this.writeBacks.find(tx, accountId, (input as WriteBackInput).taskId);
    if (row?.status === 'PENDING') {
      await this.writeBacks.advance(tx, row, { status: 'FAILED', message: 'Its job ended before it was sent.' }, ACTOR);
    } else if (row?.status === 'SENDING') {
      const message = 'Its job ended before there was an answer.';
      await this.writeBacks.advance(tx, row, { status: 'UNKNOWN', message }, ACTOR);
    }
  }
}

// Ends the runs of imports whose jobs ended without them: given up because their process died too often, or cancelled
// while they waited to go on.
import { IsNull } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { isFinal } from '../events/job-event.entity.js';
import { Job } from '../jobs/job.entity.js';
import type { InTransaction } from '../lib/transaction.js';
import type { SourceService } from './source.service.js';
import { SyncRun } from './sync-run.entity.js';
import type { SyncRunService } from './sync-run.service.js';

export class LostSyncs {
  constructor(
    private readonly reader: EntityManager,
    private readonly runs: SyncRunService,
    private readonly sources: SourceService,
    private readonly inTransaction: InTransaction,
  ) {}

  async end(): Promise<void> {
    for (const { accountId, id } of await this.reader.findBy(SyncRun, { finishedAt: IsNull() }))
      await this.inTransaction(async (tx) => {
        const { manager } = tx;
        const job = await manager.findOneBy(Job, { accountId, id });
        const run = await manager.findOneBy(SyncRun, { accountId, id, finishedAt: IsNull() });
        if (!run || (job && !isFinal(job.status))) return;
        const { created, updated, unchanged, gone, failed, requests } = run;
        const counts = { created, updated, unchanged, gone, failed, requests };
        await this.runs.finish(tx, run, counts, job?.failure ?? null);
        const source = { accountId, id: run.sourceId };
        await this.sources.note(tx, source, { status: 'FAILED', failure: job?.failure ?? null });
      });
  }
}

// Starts imports. One that is under way is joined, whoever asks.
import type { Principal } from '../auth/principal.js';
import type { JobQueue } from '../jobs/job-queue.js';
import { JobKind } from '../jobs/job.entity.js';
import type { Job } from '../jobs/job.entity.js';
import { EqualJobAtOnce } from '../jobs/job.service.js';
import type { JobService, Requester } from '../jobs/job.service.js';
import type { InTransaction } from '../lib/transaction.js';
import type { Source } from './source.entity.js';
import type { SourceService } from './source.service.js';
import type { SyncInput } from './sync-handler.js';

export class SyncService {
  constructor(
    private readonly sources: SourceService,
    private readonly jobs: JobService,
    private readonly queue: JobQueue,
    private readonly inTransaction: InTransaction,
  ) {}

  /**
   * A new job, or the one that imports already. Throws NOT_FOUND.
   * @param changes what is noted of the source in the same transaction
   */
  start(by: Principal | Requester, sourceId: string, changes?: (source: Source) => Partial<Source>): Promise<Job> {
    const create = () =>
      this.inTransaction(async (tx) => {
        const source = await this.sources.get(tx, by.accountId, sourceId);
        if (changes) await this.sources.note(tx, source, changes(source));
        const input: SyncInput = { sourceId: source.id };
        const wanted = { kind: JobKind.SOURCE_SYNC, input, credentials: {}, outputImage: null, join: true };
        const { job, isNew } = await this.jobs.create(tx, by, wanted);
        if (isNew) tx.afterCommit(() => this.queue.add(job));
        return job;
      });
    return create().catch((error: unknown) => {
      if (error instanceof EqualJobAtOnce) return create();
      throw error;
    });
  }
}

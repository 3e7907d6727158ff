import type { InTransaction } from '../lib/transaction.js';
import type { Job } from './job.entity.js';
import type { JobService } from './job.service.js';
import type { Worker } from './worker.js';

/** Cancelling in its two parts: first the row, which decides, then the run, which has nothing to say any more. */
export class CancelJob {
  constructor(
    private readonly jobs: JobService,
    private readonly worker: Worker,
    private readonly inTransaction: InTransaction,
  ) {}

  async cancel(accountId: string, jobId: string): Promise<Job> {
    const job = await this.inTransaction((tx) => this.jobs.cancel(tx, accountId, jobId));
    this.worker.stop(jobId);
    return job;
  }
}

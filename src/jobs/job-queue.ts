// Carries ids of jobs to the worker. What it holds may be lost at any time: the job rows are the truth, and what is
// not final is queued again at the next start.
import PQueue from 'p-queue';

export interface JobQueue {
  /** Adding an id that is waiting or running already does nothing. */
  add(jobId: string): void;
  /** Takes no more jobs and waits for those that run. */
  close(): Promise<void>;
}

/** Enough where one process does everything. */
export class InProcessQueue implements JobQueue {
  private readonly queue: PQueue;
  private readonly known = new Set<string>();

  /** @param work must not reject */
  constructor(
    private readonly work: (jobId: string) => Promise<void>,
    concurrency: number,
  ) {
    this.queue = new PQueue({ concurrency });
  }

  add(jobId: string): void {
    if (this.known.has(jobId) || this.queue.isPaused) return;
    this.known.add(jobId);
    void this.queue.add(async () => {
      await this.work(jobId);
      this.known.delete(jobId);
    });
  }

  async close(): Promise<void> {
    this.queue.pause();
    this.queue.clear();
    await this.queue.onPendingZero();
  }
}

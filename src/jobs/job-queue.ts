// Carries ids of jobs to the worker. What it holds may be lost at any time: the job rows are the truth, and what is
// not final is queued again at the next start.
// Accounts take turns, so that one with a thousand jobs does not keep the others waiting.
import PQueue from 'p-queue';
import type { Queue, QueueAddOptions } from 'p-queue';
import type { JobKind } from './job.entity.js';

export interface QueuedJob {
  accountId: string;
  id: string;
  kind?: JobKind;
}

export interface JobQueue {
  /** Adding a job that is waiting or running already does nothing. */
  add(job: QueuedJob): void;
  /** Takes no more jobs and waits for those that run. */
  close(): Promise<void>;
}

/** Enough where one process does everything. */
export class InProcessQueue implements JobQueue {
  private readonly queue: PQueue<AccountTurns, Owned>;
  private readonly known = new Set<string>();

  /** @param work must not reject */
  constructor(
    private readonly work: (jobId: string) => Promise<void>,
    concurrency: number,
  ) {
    this.queue = new PQueue({ concurrency, queueClass: AccountTurns });
  }

  add({ accountId, id }: QueuedJob): void {
    if (this.known.has(id) || this.queue.isPaused) return;
    this.known.add(id);
    const run = async () => {
      await this.work(id);
      this.known.delete(id);
    };
    void this.queue.add(run, { accountId });
  }

  async close(): Promise<void> {
    this.queue.pause();
    this.queue.clear();
    await this.queue.onPendingZero();
  }
}

interface Owned extends QueueAddOptions {
  accountId?: string;
}

type Work = () => Promise<unknown>;

/** First in, first out within an account; accounts in turn. */
class AccountTurns implements Queue<Work, Owned> {
  private readonly waiting = new Map<string, Work[]>();

  get size(): number {
    return [...this.waiting.values()].reduce((sum, { length }) => sum + length, 0);
  }

  enqueue(work: Work, { accountId = '' }: Partial<Owned> = {}): void {
    const own = this.waiting.get(accountId);
    if (own) own.push(work);
    else this.waiting.set(accountId, [work]);
  }

  dequeue(): Work | undefined {
    const [next] = this.waiting;
    if (!next) return undefined;
    const [accountId, own] = next;
    const work = own.shift();
    // To the end of the line, which a Map keeps in the order of its insertions.
    this.waiting.delete(accountId);
    if (own.length > 0) this.waiting.set(accountId, own);
    return work;
  }

  filter(): Work[] {
    return [...this.waiting.values()].flat();
  }

  setPriority(): void {
    throw new Error('Jobs have no priority: accounts take turns.');
  }
}

/** Two queues beside each other, so that what mostly waits for other servers and what keeps a processor busy do not keep
 * each other waiting. */
export class LanedQueue implements JobQueue {
  /** @param waitingKinds kinds of jobs that mostly wait */
  constructor(
    private readonly working: JobQueue,
    private readonly waiting: JobQueue,
    private readonly waitingKinds: readonly JobKind[],
  ) {}

  add(job: QueuedJob): void {
    const isWaiting = job.kind !== undefined && this.waitingKinds.includes(job.kind);
    (isWaiting ? this.waiting : this.working).add(job);
  }

  async close(): Promise<void> {
    await Promise.all([this.working.close(), this.waiting.close()]);
  }
}

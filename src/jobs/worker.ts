// Runs jobs: starts a run, lets the handler work, writes what it reports, and ends the job one way or the other.
import { setTimeout } from 'node:timers/promises';
import { isTransient } from '../db/transient-error.js';
import type { Logger } from '../lib/logger.js';
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import type { InTransaction, Transaction } from '../lib/transaction.js';
import type { JobHandler, JobReports } from './job-handler.js';
import { RunIsVoid } from './job.service.js';
import type { JobService } from './job.service.js';
import type { QueuedJob } from './job-queue.js';
import type { JobChange } from './job-state.js';
import type { Job } from './job.entity.js';

/** A job whose process died this often is given up: it may be what kills it. */
const MAX_LOSSES = 3;

/** Of one run; what talks more is left out of the log, and goes on. */
const MAX_LOG_LINES = 2_000;
const MAX_LOG_LENGTH = 2_000;

const FIRST_PAUSE_MS = 200;
const MAX_PAUSE_MS = 10_000;

/** Why a run was stopped from outside. */
export class Stopped extends Error {
  constructor(readonly reason: 'cancelled' | 'shutdown') {
    super(`The run was stopped: ${reason}`);
  }
}

export class Worker {
  private readonly running = new Map<string, AbortController>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly jobs: JobService,
    private readonly handlers: JobHandler[],
    private readonly inTransaction: InTransaction,
    private readonly logger: Logger,
  ) {}

  /** Queues again what a process that died left running, and returns everything there is to do, oldest first. */
  recover(): Promise<QueuedJob[]> {
    return this.inTransaction((tx) => this.jobs.recover(tx, (job) => afterLoss(job)));
  }

  /** Works on a job until it is final or handed back. Never rejects. */
  readonly work = async (jobId: string): Promise<void> => {
    try {
      while (await this.runOnce(jobId));
    } catch (error) {
      this.logger.error({ jobId, err: error }, 'a job could not be brought to its end');
    }
  };

  /** Stops the run of a cancelled job at once. */
  stop(jobId: string): void {
    this.running.get(jobId)?.abort(new Stopped('cancelled'));
  }

  /** Stops every run, for good; their jobs are queued again. */
  stopAll(): void {
    this.stopping.abort();
    for (const controller of this.running.values()) controller.abort(new Stopped('shutdown'));
  }

  /** One run; true where another one has to follow. */
  private async runOnce(jobId: string): Promise<boolean> {
    if (this.stopping.signal.aborted) return false;
    const job = await this.write((tx) => this.jobs.start(tx, jobId));
    if (!job) return false;
    const controller = new AbortController();
    this.running.set(jobId, controller);
    try {
      // It may have been told to stop while the run was being written.
      if (this.stopping.signal.aborted) throw new Stopped('shutdown');
      await this.runToEnd(job, controller);
      return false;
    } catch (error) {
      return await this.settle(job, error, controller.signal);
    } finally {
      this.running.delete(jobId);
    }
  }

  private async runToEnd(job: Job, controller: AbortController): Promise<void> {
    const handler = this.handlers.find(({ kind }) => kind === job.kind);
    if (!handler) throw new Error(`No handler for jobs of the kind ${job.kind}`);
    const { reports, written } = this.reportsOf(job, controller);
    const credentials = this.jobs.credentialsOf(job);
    // Also where it fails: what it warned of just before often tells why.
    const complete = await handler.run(job, credentials, reports, controller.signal).finally(written);
    controller.signal.throwIfAborted();
    await this.write(async (tx) => {
      const current = await this.jobs.lockRun(tx, job);
      const result = await complete(tx, current);
      if ('signing' in result) return this.jobs.advance(tx, job, [{ type: 'waiting', ...result }]);
      const { warnings = [], ...outcome } = result;
      const warned = warnings.map((warning) => ({ type: 'warned', warning }) as const);
      return this.jobs.advance(tx, job, [...warned, { type: 'succeeded', ...outcome }]);
    });
  }

  /** Reports are written one after the other; the first that fails ends the run. */
  private reportsOf(job: Job, controller: AbortController): { reports: JobReports; written: () => Promise<void> } {
    let last: Promise<unknown> = Promise.resolve();
    let lines = 0;
    const write = (change: JobChange) => {
      last = last
        .then(() => this.write((tx) => this.jobs.advance(tx, job, [change])))
        .catch((error: unknown) => controller.abort(error));
    };
    const reports: JobReports = {
      progress: (progress) => write({ type: 'progressed', ...progress }),
      warn: (warning) => write({ type: 'warned', warning }),
      log: (message) => {
        lines += 1;
        if (lines < MAX_LOG_LINES) write({ type: 'logged', message: message.slice(0, MAX_LOG_LENGTH) });
        else if (lines === MAX_LOG_LINES) write({ type: 'logged', message: 'Further lines are left out.' });
      },
      note: (bootBlobs) => write({ type: 'noted', bootBlobs }),
    };
    return {
      reports,
      async written() {
        await last;
      },
    };
  }

  /** Brings a job whose run ended badly to where it belongs; true where it is to run again now. */
  private async settle(job: Job, error: unknown, signal: AbortSignal): Promise<boolean> {
    const cause: unknown = signal.aborted ? signal.reason : error;
    if (cause instanceof RunIsVoid || (cause instanceof Stopped && cause.reason === 'cancelled')) return false;
    const change = cause instanceof Stopped ? ({ type: 'queued' } as const) : afterError(job, cause);
    if (change.type === 'failed') this.logFailure(job, cause);
    else if (cause instanceof JobFailure)
      this.logger.warn({ jobId: job.id, reason: cause.message }, 'the run was lost');
    try {
      await this.write((tx) => this.jobs.advance(tx, job, [change]));
    } catch (writeError) {
      if (writeError instanceof RunIsVoid) return false;
      throw writeError;
    }
    return change.type === 'lost';
  }

  /** A transaction that waits for a database that is away: what it writes must not be lost, and nobody else writes it. */
  private async write<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
      try {
        return await this.inTransaction(work);
      } catch (error) {
        if (!isTransient(error) || this.stopping.signal.aborted) throw error;
        this.logger.warn({ err: error, pauseMs }, 'the database is away, trying again');
        await setTimeout(pauseMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      }
    }
  }

  private logFailure(job: Job, cause: unknown): void {
    const { id: jobId, kind, accountId } = job;
    if (cause instanceof JobFailure) {
      this.logger.info({ jobId, kind, accountId, code: cause.code, reason: cause.message }, 'job failed');
    } else {
      this.logger.error({ jobId, kind, accountId, err: cause }, 'job failed unexpectedly');
    }
  }
}

function afterError(job: Job, cause: unknown): JobChange {
  if (!(cause instanceof JobFailure)) {
    const message = 'The gateway could not finish the job because of a defect of its own.';
    const hint = `Its log has the details under the job's id ${job.id}.`;
    return { type: 'failed', failure: { code: JobFailureCode.INTERNAL, message, hint } };
  }
  if (cause.code === JobFailureCode.WORKER_LOST) return afterLoss(job, cause.message);
  const { code, message, hint } = cause;
  return { type: 'failed', failure: { code, message, hint } };
}

function afterLoss(job: Job, how = ''): JobChange {
  const losses = job.losses + 1;
  if (losses < MAX_LOSSES) return { type: 'lost' };
  const message = `The process that worked on the job was lost ${losses} times. ${how}`.trim();
  const hint = 'Look for a lack of memory on the machine of the gateway, then start the conversion again.';
  return { type: 'failed', failure: { code: JobFailureCode.WORKER_LOST, message, hint } };
}

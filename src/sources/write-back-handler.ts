// Tells a decision to where the build came from, at most once: that it is about to be sent is durable before it is
// sent. Whoever finds it so, after a crash or without an answer, looks what became of it there, and never sends it again.
import type { Actor } from '../events/catalog-log.entity.js';
import type { CompleteJob, JobHandler, JobReports } from '../jobs/job-handler.js';
import { JobKind } from '../jobs/job.entity.js';
import type { Job } from '../jobs/job.entity.js';
import { RunIsVoid } from '../jobs/job.service.js';
import type { JobService } from '../jobs/job.service.js';
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import type { InTransaction } from '../lib/transaction.js';
import type { Upstream } from '../lib/upstream.js';
import type { ReviewWriteBack, WriteBackStatus } from './review-write-back.entity.js';
import type { ReviewWriteBackService } from './review-write-back.service.js';
import { ReviewRefused } from './source-connector.js';
import type { OpenReviews } from './source-connector.js';
import { secretsOf } from './source-credentials.js';
import { SourceHttp, TryLater } from './source-http.js';
import type { SourceHttpOptions } from './source-http.js';
import type { Source } from './source.entity.js';
import type { SourceService } from './source.service.js';

export interface WriteBackInput {
  taskId: string;
}

export interface WriteBackServices {
  sources: SourceService;
  writeBacks: ReviewWriteBackService;
  jobs: JobService;
  inTransaction: InTransaction;
}

interface Outcome {
  status: WriteBackStatus;
  message: string;
}

export class WriteBackHandler implements JobHandler {
  readonly kind = JobKind.REVIEW_WRITE_BACK;

  constructor(
    private readonly services: WriteBackServices,
    private readonly upstream: Upstream,
    private readonly retry?: SourceHttpOptions['retry'],
  ) {}

  async run(job: Job, _credentials: object, reports: JobReports, signal: AbortSignal): Promise<CompleteJob> {
    const found = await this.find(job);
    if (!found) return () => Promise.resolve(NOTHING);
    const { row, source } = found;
    const outcome = await this.outcomeOf(job, row, source, { reports, signal });
    reports.log(outcome.message);
    if (outcome.status === 'DONE')
      return async (tx) => {
        await this.services.writeBacks.advance(tx, row, outcome, actorFor(source));
        return NOTHING;
      };
    await this.inRun(job, (tx) => this.services.writeBacks.advance(tx, row, outcome, actorFor(source)));
    const isRefused = outcome.status === 'FAILED';
    const code = isRefused ? JobFailureCode.WRITE_BACK_REFUSED : JobFailureCode.WRITE_BACK_UNKNOWN;
    throw new JobFailure(code, outcome.message, 'Look at the task there, and decide it there where it is open.');
  }

  /** Undefined where there is nothing to do any more. */
  private find(job: Job): Promise<{ row: ReviewWriteBack; source: Source } | undefined> {
    const { sources, writeBacks } = this.services;
    const { accountId } = job;
    return this.inRun(job, async (tx) => {
      const row = await writeBacks.find(tx, accountId, (job.input as WriteBackInput).taskId);
      const source = row && (await sources.find(tx, accountId, row.sourceId));
      return row && source && ['PENDING', 'SENDING'].includes(row.status) ? { row, source } : undefined;
    });
  }

  private async outcomeOf(
    job: Job,
    row: ReviewWriteBack,
    source: Source,
    { reports, signal }: { reports: JobReports; signal: AbortSignal },
  ): Promise<Outcome> {
    const wasSending = row.status === 'SENDING';
    try {
      const reviews = await this.open(source, reports, signal);
      if (wasSending) return await lookedUp(reviews, row);
      await this.inRun(job, (tx) => this.services.writeBacks.advance(tx, row, { status: 'SENDING' }, actorFor(source)));
      return await sent(reviews, row, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof RunIsVoid || !(error instanceof JobFailure)) throw error;
      return wasSending || error instanceof NotAnswered
        ? { status: 'UNKNOWN', message: `Whether it was taken is not known. ${error.message}` }
        : { status: 'FAILED', message: `It was not sent. ${error.message}` };
    }
  }

  private async open(source: Source, reports: JobReports, signal: AbortSignal): Promise<OpenReviews> {
    const { sources } = this.services;
    const credentials = sources.credentialsOf(source);
    const onRetry = (message: string) => reports.log(message);
    const options = { signal, onRetry, secrets: secretsOf(credentials), retry: this.retry };
    const { endpoint, region } = source;
    const http = new SourceHttp(this.upstream, options);
    return sources.connectorOf(source).reviews!.open({ endpoint, region, credentials, http });
  }

  private inRun<T>(job: Job, work: (tx: Parameters<Parameters<InTransaction>[0]>[0]) => Promise<T>): Promise<T> {
    return this.services.inTransaction(async (tx) => {
      await this.services.jobs.lockRun(tx, job);
      return work(tx);
    });
  }
}

const NOTHING = { buildId: null, outputImage: null };

/** Sent, and nobody can tell what became of it. */
class NotAnswered extends JobFailure {}

async function sent(reviews: OpenReviews, row: ReviewWriteBack, signal: AbortSignal): Promise<Outcome> {
  try {
    await reviews.send(row.externalTaskId, { status: row.decision, reason: row.reason });
    return { status: 'DONE', message: 'The source took the decision.' };
  } catch (error) {
    signal.throwIfAborted();
    const refused = error instanceof ReviewRefused ? error.message : undefined;
    if (refused === undefined && !(error instanceof TryLater) && !(error instanceof JobFailure)) throw error;
    return lookedUp(reviews, row, refused).catch((cause: unknown) => {
      signal.throwIfAborted();
      if (!(cause instanceof JobFailure)) throw cause;
      if (refused !== undefined) return { status: 'FAILED', message: refused } as const;
      throw new NotAnswered(cause.code, cause.message, cause.hint);
    });
  }
}

/** @param refused what the source said, where it said no */
async function lookedUp(reviews: OpenReviews, row: ReviewWriteBack, refused?: string): Promise<Outcome> {
  const there = await reviews.read(row.externalTaskId);
  if (there === row.decision) return { status: 'DONE', message: 'The task there has the same decision.' };
  if (refused !== undefined) return { status: 'FAILED', message: refused };
  if (there === 'OPEN') return { status: 'UNKNOWN', message: 'It was sent without an answer, and the task is open.' };
  const message = there === 'GONE' ? 'The task there was closed.' : 'The task there was decided the other way.';
  return { status: 'FAILED', message };
}

const actorFor = ({ name }: Source): Actor => ({ type: 'SYSTEM', id: null, name });

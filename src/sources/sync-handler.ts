// Imports from a source: what its connector reads is written page by page, while the next page is on its way.
import { isTransient } from '../db/transient-error.js';
import { JobStatus } from '../events/job-event.entity.js';
import type { CompleteJob, JobHandler, JobReports } from '../jobs/job-handler.js';
import { JobKind } from '../jobs/job.entity.js';
import type { Failure, Job } from '../jobs/job.entity.js';
import { RunIsVoid } from '../jobs/job.service.js';
import { Stopped } from '../jobs/worker.js';
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import type { Upstream } from '../lib/upstream.js';
import { isHeld } from './gone-guard.js';
import { ImportRun, inWords } from './import-run.js';
import type { ImportServices, ImportSubject } from './import-run.js';
import { retryAt } from './next-sync.js';
import type { SourceEnd, SourcePage, SourceReading } from './source-connector.js';
import { secretsOf } from './source-credentials.js';
import { invalid, SourceHttp } from './source-http.js';
import type { SourceHttpOptions } from './source-http.js';
import type { Source } from './source.entity.js';
import type { SourceService } from './source.service.js';
import type { SyncRun } from './sync-run.entity.js';
import { sourceGone } from './sync-run.service.js';

export interface ImportLimits {
  /** Of one run. */
  timeoutMs: number;
  maxPages: number;
  maxBuilds: number;
  retry?: SourceHttpOptions['retry'];
}

export interface SyncInput {
  sourceId: string;
}

export class SyncHandler implements JobHandler {
  readonly kind = JobKind.SOURCE_SYNC;

  constructor(
    private readonly sources: SourceService,
    private readonly services: ImportServices,
    private readonly upstream: Upstream,
    private readonly limits: ImportLimits,
  ) {}

  async run(job: Job, _credentials: object, reports: JobReports, signal: AbortSignal): Promise<CompleteJob> {
    const { source, run } = await this.begin(job);
    const deadline = AbortSignal.timeout(this.limits.timeoutMs);
    const over = new AbortController();
    const http = this.httpOf(source, reports, AbortSignal.any([signal, deadline, over.signal]));
    const subject = { job, source, run, reports, requests: () => http?.requests ?? 0 };
    const importing = new ImportRun(this.services, subject);
    try {
      const reading = this.readingOf(source, run, importing, http ?? this.unreadable(source));
      const end = await this.import(source, reading, importing);
      const goneHeldSince = await this.markGone(subject, importing, end);
      reports.log(`Done: ${inWords(importing.total())}.`);
      return this.completion(source, run, importing, { ...end, goneHeldSince });
    } catch (error) {
      const cause = deadline.aborted && !signal.aborted ? tooLate(this.limits.timeoutMs) : error;
      throw await this.giveUp(subject, importing, signal.aborted ? signal.reason : cause, http?.quietUntil);
    } finally {
      // A page may be on its way that nobody waits for any more.
      over.abort();
    }
  }

  private begin(job: Job): Promise<{ source: Source; run: SyncRun }> {
    const { accountId, id } = job;
    const { sourceId } = job.input as SyncInput;
    return this.services.inTransaction(async (tx) => {
      await this.services.jobs.lockRun(tx, job);
      const source = await this.sources.find(tx, accountId, sourceId);
      if (!source) throw sourceGone();
      const run = await this.services.runs.start(tx, { accountId, id, sourceId });
      await this.sources.note(tx, source, { status: 'RUNNING' });
      return { source, run };
    });
  }

  /** Undefined where the credentials can not be read. */
  private httpOf(source: Source, reports: JobReports, signal: AbortSignal): SourceHttp | undefined {
    try {
      const secrets = secretsOf(this.sources.credentialsOf(source));
      const onRetry = (message: string) => reports.log(message);
      return new SourceHttp(this.upstream, { signal, onRetry, secrets, retry: this.limits.retry });
    } catch {
      return undefined;
    }
  }

  private unreadable(source: Source): never {
    this.sources.credentialsOf(source);
    throw new Error('The credentials can be read after all');
  }

  private readingOf(source: Source, run: SyncRun, importing: ImportRun, http: SourceHttp): SourceReading {
    const { accountId, kind, id: sourceKey, endpoint, region, watermark } = source;
    const { originQuery } = this.services;
    const own = { accountId, kind, sourceKey };
    // Places in the lists of another server mean nothing.
    const cursor = source.updatedAt > run.startedAt ? null : run.cursor;
    return {
      ...{ endpoint, region, watermark, http, cursor, now: run.startedAt },
      credentials: this.sources.credentialsOf(source),
      known: (externalIds) => originQuery.known(own, externalIds),
      countKnown: () => originQuery.count(own),
      countSeen: () => originQuery.count(own, run.id),
      warn: (code, message) => importing.warn(code, message),
    };
  }

  private async import(source: Source, reading: SourceReading, importing: ImportRun): Promise<SourceEnd> {
    const { maxPages, maxBuilds } = this.limits;
    const pages = this.sources.connectorOf(source).read(reading);
    let next = ahead(pages);
    for (let [count, items] = [1, 0]; ; count++) {
      const { done, value } = await next;
      if (done) return value;
      items += value.builds.length + value.unchanged.length + value.failed.length + (value.apps?.length ?? 0);
      if (count > maxPages || items > maxBuilds)
        throw invalid(`The source has more than ${maxPages} pages or ${maxBuilds} entries, or its list has no end.`);
      // What is asked for at the very end must know what was written.
      const written = importing.write(value);
      if (value.isLast) await written;
      next = ahead(pages);
      await written;
    }
  }

  /** Marks what was not seen, where that is believed; since when it is not. */
  private async markGone({ job, source, run }: ImportSubject, importing: ImportRun, { isComplete }: SourceEnd) {
    const { accountId, kind, id: sourceKey, goneHeldSince: heldSince } = source;
    if (!isComplete) return heldSince;
    const own = { accountId, kind, sourceKey };
    const { originQuery } = this.services;
    const [known, seen] = [await originQuery.count(own), await originQuery.count(own, run.id)];
    const isByHand = job.requester.type !== 'SYSTEM';
    if (!isHeld({ known, seen, heldSince, isByHand }, run.startedAt)) {
      await importing.markGone();
      return null;
    }
    importing.warn(
      'MANY_GONE',
      `The source lists ${seen} of ${known} builds. The others are not marked as gone: if they are, import again by hand.`,
    );
    return heldSince ?? run.startedAt;
  }

  private completion(
    source: Source,
    run: SyncRun,
    importing: ImportRun,
    { watermark, goneHeldSince }: SourceEnd & Pick<Source, 'goneHeldSince'>,
  ): CompleteJob {
    return async (tx) => {
      await this.services.runs.finish(tx, run, importing.total(), null);
      const now = await this.sources.find(tx, source.accountId, source.id);
      // Another server may have been configured in the meantime.
      const isSame = now?.sealedCredentials === source.sealedCredentials && now.endpoint === source.endpoint;
      const news = { status: 'SUCCEEDED', lastSyncedAt: run.startedAt, failure: null, failures: 0 } as const;
      await this.sources.note(tx, source, { ...news, ...(isSame && { watermark, goneHeldSince }) });
      return { buildId: null, outputImage: null };
    };
  }

  /** What is to be thrown; written down unless the run goes on later. */
  private async giveUp(
    { job, source, run }: ImportSubject,
    importing: ImportRun,
    error: unknown,
    quietUntil?: number,
  ): Promise<unknown> {
    if (isTransient(error)) return new JobFailure(JobFailureCode.WORKER_LOST, 'The database was away.', '');
    if (error instanceof Stopped && error.reason === 'shutdown') return error;
    const isCancelled = error instanceof RunIsVoid || error instanceof Stopped;
    const failure = isCancelled ? null : failureOf(error, run);
    await this.services.inTransaction(async (tx) => {
      const { status, attempt } = await this.services.jobs.lock(tx, job.accountId, job.id);
      // Given up for dead, and somebody else goes on.
      if (attempt !== job.attempt || status === JobStatus.QUEUED) return;
      await this.services.runs.finish(tx, run, importing.total(), failure);
      const now = (await this.sources.find(tx, source.accountId, source.id)) ?? source;
      const failures = now.failures + 1;
      const later = { failures, nextSyncAt: retryAt(now, failures, new Date(), quietUntil) };
      await this.sources.note(tx, source, { status: 'FAILED', failure, ...(!isCancelled && later) });
    });
    return error;
  }
}

/** A page that is read while the one before is written; what goes wrong shows when it is waited for. */
function ahead(pages: AsyncGenerator<SourcePage, SourceEnd>): Promise<IteratorResult<SourcePage, SourceEnd>> {
  const next = pages.next();
  next.catch(() => undefined);
  return next;
}

function failureOf(error: unknown, { id }: SyncRun): Failure {
  if (error instanceof JobFailure) {
    const { code, message, hint } = error;
    return { code, message, hint };
  }
  const message = 'The gateway could not finish the import because of a defect of its own.';
  return { code: JobFailureCode.INTERNAL, message, hint: `Its log has the details under the job's id ${id}.` };
}

const tooLate = (timeoutMs: number) =>
  new JobFailure(
    JobFailureCode.DEADLINE_EXCEEDED,
    `The import took longer than ${timeoutMs / 60_000} minutes.`,
    'Raise JOB_TIMEOUT_MINUTES; what was written stays, and the next import need not write it again.',
  );

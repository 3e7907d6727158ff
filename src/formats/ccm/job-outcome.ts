// Waits for the end of a job, and turns an end without a build into the error that CCM's clients get.
import { isFinal, JobStatus } from '../../events/job-event.entity.js';
import type { Job } from '../../jobs/job.entity.js';
import { JobFailureCode } from '../../lib/job-failure.js';
import { CcmError } from './ccm-errors.js';
import type { CcmServices } from './ccm-services.js';

const RETRY_AFTER_STOP_SECONDS = 10;

/** The job once it is final. Throws a 503 where the gateway stops before; gives up when the client hangs up. */
export async function waitForEnd(
  { jobEvents, jobQuery, stopping }: Pick<CcmServices, 'jobEvents' | 'jobQuery' | 'stopping'>,
  job: Job,
  hungUp: AbortSignal,
): Promise<Job> {
  // Events of a job that ended long ago may be gone, so its row is asked first, and last.
  if (isFinal(job.status)) return job;
  const either = new AbortController();
  const abort = () => either.abort();
  const signals = [stopping, hungUp];
  for (const signal of signals) signal.addEventListener('abort', abort);
  if (signals.some(({ aborted }) => aborted)) abort();
  try {
    const events = jobEvents.watch(job.accountId, job.id, job.lastSeq, either.signal);
    while (!(await events.next()).done);
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', abort);
  }
  const ended = await jobQuery.get(job.accountId, job.id);
  if (isFinal(ended.status)) return ended;
  const message = 'The gateway stops. The conversion goes on when it is back: send the same request again then.';
  const details = { status: 503, retryAfterSeconds: RETRY_AFTER_STOP_SECONDS };
  throw new CcmError('INTERNAL_SERVER_ERROR', 'UNDERGOING_MAINTENANCE', message, details);
}

/** The build a final job made; throws what went wrong instead. */
export function buildIdOf(job: Job): string {
  requireSuccess(job);
  if (job.buildId !== null) return job.buildId;
  throw new CcmError('NOT_FOUND', 'NOT_FOUND', 'This conversion registered no build, or it was deleted.');
}

/** Throws what went wrong with a final job. */
export function requireSuccess({ id, status, failure }: Job): void {
  if (status === JobStatus.SUCCEEDED) return;
  if (failure) throw failed(failure.code, `${failure.message} ${failure.hint}`);
  if (status === JobStatus.CANCELLED) throw new CcmError('CONFLICT', 'CONFLICT', 'The conversion was cancelled.');
  throw new Error(`Job ${id} is ${status} without a failure`);
}

function failed(code: JobFailureCode, message: string): CcmError {
  switch (code) {
    // What the request names can not be converted, whoever tries.
    case JobFailureCode.IMAGE_NOT_FOUND:
    case JobFailureCode.REGISTRY_UNAUTHORIZED:
    case JobFailureCode.REGISTRY_FORBIDDEN_ADDRESS:
    case JobFailureCode.IMAGE_INVALID:
    case JobFailureCode.IMAGE_TOO_LARGE:
    case JobFailureCode.ARCHITECTURE_NOT_AVAILABLE:
      return new CcmError('BAD_USER_INPUT', 'BAD_REQUEST', message);
    case JobFailureCode.REGISTRY_UNREACHABLE:
    case JobFailureCode.DIGEST_MISMATCH:
    case JobFailureCode.DEADLINE_EXCEEDED:
      return new CcmError('UPSTREAM_FAILED', 'BAD_GATEWAY', message);
    case JobFailureCode.BLOBS_MISSING:
      return new CcmError('FEATURE_NOT_SUPPORTED', 'FEATURE_NOT_SUPPORTED', message);
    case JobFailureCode.IMAGE_IN_USE:
    case JobFailureCode.DISK_FULL:
    case JobFailureCode.CREDENTIALS_UNREADABLE:
    case JobFailureCode.SIGNATURE_INVALID:
    case JobFailureCode.WORKER_LOST:
    case JobFailureCode.INTERNAL:
    case JobFailureCode.SOURCE_NOT_FOUND:
    case JobFailureCode.SOURCE_UNAUTHORIZED:
    case JobFailureCode.SOURCE_UNREACHABLE:
    case JobFailureCode.SOURCE_FORBIDDEN_ADDRESS:
    case JobFailureCode.SOURCE_INVALID:
    case JobFailureCode.WRITE_BACK_REFUSED:
    case JobFailureCode.WRITE_BACK_UNKNOWN:
      return new CcmError('INTERNAL_SERVER_ERROR', 'INTERNAL_SERVER_ERROR', message);
  }
}

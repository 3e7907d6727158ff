// How a job moves on: pure rules from a job and a change to the changed job and the events that tell of it.
import { isFinal, JobEvent, JobEventKind, JobStatus } from '../events/job-event.entity.js';
import type { JobStep } from '../events/job-step.js';
import type { Warning } from '../builds/build-parts.js';
import type { BootBlob, Failure, Job, OutputImage, Reproduction, SigningRequest } from './job.entity.js';

export type JobChange =
  | { type: 'queued' }
  | { type: 'lost' }
  | { type: 'started' }
  | { type: 'progressed'; step: JobStep; progress: number; bytesDone?: number; bytesTotal?: number }
  | { type: 'warned'; warning: Warning }
  | { type: 'logged'; message: string }
  | { type: 'noted'; bootBlobs: BootBlob[] }
  | { type: 'waiting'; signing: SigningRequest }
  | { type: 'signed'; signature: string }
  | { type: 'succeeded'; buildId: string | null; outputImage: OutputImage | null; reproduction?: Reproduction }
  | { type: 'failed'; failure: Failure }
  | { type: 'cancelled' };

/** More are not kept on the job; each is still an event. */
const MAX_WARNINGS = 100;

/** Changes the job in place and returns the new event, if the change is one to tell of. */
export function applyChange(job: Job, change: JobChange, at: Date): JobEvent | undefined {
  const detail = changeJob(job, change, at);
  if (!detail) return undefined;
  if (isFinal(job.status)) {
    Object.assign(job, { finishedAt: at, step: null, sealedCredentials: null, joinKey: null });
  }
  job.lastSeq += 1;
  const { accountId, id: jobId, lastSeq: seq, status, step, progress } = job;
  const nothing = { bytesDone: null, bytesTotal: null, code: null, message: null, buildId: null };
  return Object.assign(new JobEvent(), nothing, { accountId, jobId, seq, at, status, step, progress }, detail);
}

function changeJob(job: Job, change: JobChange, at: Date): Partial<JobEvent> | undefined {
  switch (change.type) {
    case 'progressed': {
      const { step, progress, bytesDone, bytesTotal } = change;
      Object.assign(job, { step, progress });
      return { kind: JobEventKind.PROGRESS, bytesDone: bytesDone ?? null, bytesTotal: bytesTotal ?? null };
    }
    case 'warned': {
      const { code, message } = change.warning;
      const isNew = !job.warnings.some((known) => known.code === code && known.message === message);
      if (!isNew) return undefined;
      if (job.warnings.length < MAX_WARNINGS) job.warnings = [...job.warnings, { code, message }];
      return { kind: JobEventKind.WARNING, code, message };
    }
    case 'logged':
      return { kind: JobEventKind.LOG, message: change.message };
    case 'noted':
      job.bootBlobs = change.bootBlobs;
      return undefined;
    case 'lost':
    case 'queued':
    case 'started':
    case 'waiting':
    case 'signed':
    case 'succeeded':
    case 'failed':
    case 'cancelled':
      return { kind: JobEventKind.STATUS, ...changeStatus(job, change, at) };
  }
}

type StatusChange = Exclude<JobChange, { type: 'progressed' | 'warned' | 'logged' | 'noted' }>;

/** What the event of a new status tells beside it. */
function changeStatus(job: Job, change: StatusChange, at: Date): Partial<JobEvent> {
  switch (change.type) {
    case 'lost':
    case 'queued':
      if (change.type === 'lost') job.losses += 1;
      Object.assign(job, { status: JobStatus.QUEUED, step: null });
      return {};
    case 'started':
      Object.assign(job, { status: JobStatus.RUNNING, progress: 0, attempt: job.attempt + 1 });
      job.startedAt ??= at;
      return {};
    case 'waiting':
      Object.assign(job, { status: JobStatus.WAITING, step: null, signing: change.signing });
      return {};
    case 'signed':
      Object.assign(job, { status: JobStatus.QUEUED, signing: { ...job.signing!, signature: change.signature } });
      return {};
    case 'succeeded': {
      const { buildId, outputImage, reproduction = null } = change;
      Object.assign(job, { status: JobStatus.SUCCEEDED, progress: 100, buildId, outputImage, reproduction });
      return { buildId };
    }
    case 'failed':
      Object.assign(job, { status: JobStatus.FAILED, failure: change.failure });
      return { code: change.failure.code, message: change.failure.message };
    case 'cancelled':
      job.status = JobStatus.CANCELLED;
      return {};
  }
}

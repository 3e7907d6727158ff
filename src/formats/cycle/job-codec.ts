// Jobs of whatever kind, in Cycle's words. Pure.
import { JobStatus } from '../../events/job-event.entity.js';
import { JobStep } from '../../events/job-step.js';
import { JobKind } from '../../jobs/job.entity.js';
import type { Job } from '../../jobs/job.entity.js';
import { hexIdOf, toWireCreator } from './creators.js';
import type { ImageJobInput, PruneInput, SourceJobInput } from './cycle-tasks.js';
import { toWireTime, ZERO_TIME } from './times.js';
import type { WireJob, WireJobDescriptor, WireNewTask, WireTask, WireTaskStep } from './wire-jobs.js';

const LIFETIME_MS = 60 * 60_000;
const HASH_LENGTH = 32;

/** When a job first came to each step. */
export type StepTimes = Partial<Record<JobStep, Date>>;

const STATES: Record<JobStatus, string> = {
  [JobStatus.QUEUED]: 'queued',
  [JobStatus.RUNNING]: 'running',
  [JobStatus.WAITING]: 'running',
  [JobStatus.SUCCEEDED]: 'completed',
  [JobStatus.FAILED]: 'error',
  [JobStatus.CANCELLED]: 'error',
};

/** Which jobs are in these states of Cycle; its other states are those of none. */
export const statusesOf = (states: string[]): JobStatus[] =>
  Object.values(JobStatus).filter((status) => states.includes(STATES[status]));

export function toWireJob(job: Job, hubId: string, times: StepTimes = {}): WireJob {
  const { createdAt, finishedAt, startedAt } = job;
  const events = { queued: toWireTime(createdAt), started: toWireTime(startedAt), completed: toWireTime(finishedAt) };
  const changed = toWireTime(finishedAt ?? startedAt ?? createdAt);
  const error = errorOf(job);
  const task: WireTask = {
    ...newTask(job),
    id: hexIdOf(`task ${job.id}`, createdAt),
    ...{ events, steps: stepsOf(job, times) },
    state: { changed, current: job.status === JobStatus.QUEUED ? 'pending' : STATES[job.status] },
    ...{ output: null, error },
  };
  return {
    ...{ id: job.id, hub_id: hubId, queue: queueOf(hubId), caption: task.caption, events },
    schedule: events.queued,
    expires: toWireTime(new Date(createdAt.getTime() + LIFETIME_MS)),
    tasks: [task],
    hash: job.inputFingerprint.slice(0, HASH_LENGTH),
    limit_duplicates: job.kind === JobKind.IMAGE_IMPORT,
    creator: toWireCreator(job.requester),
    state: { current: STATES[job.status], changed, error },
  };
}

export const toWireDescriptor = (job: Job, hubId: string, action: string): WireJobDescriptor => ({
  action,
  job: {
    ...{ id: job.id, accepted: true, queue: queueOf(hubId), schedule: toWireTime(job.createdAt) },
    parallel: { sub_queue: null, tasks: false },
    tasks: [newTask(job)],
  },
  job_id: job.id,
});

const queueOf = (hubId: string): string => `hub-${hubId}-images`;

function errorOf({ status, failure }: Job): { message: string } | null {
  if (status === JobStatus.CANCELLED) return { message: 'The job was cancelled.' };
  return failure && { message: failure.message };
}

const CAPTIONS: Record<JobKind, string> = {
  NITRO_CONVERSION: 'Converting an image',
  REPRODUCTION: 'Making a build again',
  IMAGE_IMPORT: 'Importing image',
  IMAGE_DELETE: 'Deleting image',
  IMAGE_PRUNE: 'Pruning images',
  SOURCE_SYNC: 'Importing builds from a source',
  REVIEW_WRITE_BACK: 'Telling a source of a decision',
};

function newTask({ kind, input: given }: Job): WireNewTask {
  const bare = { caption: CAPTIONS[kind], header: kind.toLowerCase().replaceAll('_', '.'), input: {}, steps: null };
  const input = given as ImageJobInput | SourceJobInput | PruneInput;
  if (kind === JobKind.IMAGE_PRUNE) {
    return { ...bare, header: 'images.prune', input: { source_ids: (input as PruneInput).sourceIds } };
  }
  if (kind !== JobKind.IMAGE_IMPORT && kind !== JobKind.IMAGE_DELETE) return bare;
  if (input.action === 'delete-source') {
    const caption = `Deleting image source '${input.label}'`;
    return { ...bare, caption, header: 'image.source.delete', input: { id: input.sourceId } };
  }
  const { label, imageId } = input as ImageJobInput;
  const header = kind === JobKind.IMAGE_IMPORT ? 'image.import' : 'image.delete';
  return { ...bare, caption: `${CAPTIONS[kind]} '${label}'`, header, input: { id: imageId } };
}

/** Cycle's steps of an import, each with the step of ours that it begins with. */
const STEPS: [caption: string, description: string, begins: JobStep | undefined][] = [
  ['Preparing', 'Reading the image source.', undefined],
  ['Importing', 'Fetching config and layers.', JobStep.PULLING],
  ['Building', 'Nothing is built for an image of a registry.', JobStep.MEASURING],
  ['Verifying', 'Checking sizes and digests.', JobStep.MEASURING],
  ['Saving', 'Writing the manifest to the store.', JobStep.PUSHING],
  ['Cleaning', 'Telling the catalog, and clearing up.', JobStep.REGISTERING],
];

function stepsOf({ kind, startedAt, finishedAt, status }: Job, times: StepTimes): WireTaskStep[] | null {
  if (kind !== JobKind.IMAGE_IMPORT) return null;
  const starts = STEPS.map(([, , begins]) => (begins ? times[begins] : (startedAt ?? undefined)));
  return STEPS.map(([caption, description], index) => {
    const isLast = index === STEPS.length - 1;
    const end = isLast && status === JobStatus.SUCCEEDED ? (finishedAt ?? undefined) : starts[index + 1];
    const started = starts[index];
    const completed = started && end ? toWireTime(end) : ZERO_TIME;
    return { caption, description, started: toWireTime(started), completed };
  });
}

// How an image was imported, in words: the lines of the log of its last import, which has none of its own.
import type { Origin } from '../../builds/origin.entity.js';
import { JobEventKind, JobStatus } from '../../events/job-event.entity.js';
import type { JobEvent } from '../../events/job-event.entity.js';
import { hexIdOf } from './creators.js';
import type { CycleServices } from './cycle-services.js';
import { toServed } from './cycle-images.js';
import { toWireTime, ZERO_TIME } from './times.js';
import type { WireBuildLog } from './wire.js';

const MAX_LINES = 10_000;
const KINDS = [JobEventKind.LOG, JobEventKind.WARNING, JobEventKind.STATUS];

/** Undefined where it was never imported here. */
export async function buildLogOf(
  { jobQuery, jobEvents }: Pick<CycleServices, 'jobQuery' | 'jobEvents'>,
  origin: Origin,
): Promise<WireBuildLog | undefined> {
  const { document, related } = toServed(origin);
  const jobId = related.import?.job_id;
  if (jobId === undefined) return undefined;
  const [job] = await jobQuery.byIds(origin.accountId, [jobId]);
  if (!job) return undefined;
  const page = { afterSeq: 0, first: MAX_LINES, kinds: KINDS };
  const [events = []] = await jobEvents.listOfEach(origin.accountId, [jobId], page);
  const created = toWireTime(job.createdAt);
  return {
    id: hexIdOf(`build log ${jobId}`, job.createdAt),
    ...{ hub_id: document.hub_id, image_id: document.id },
    log: events.map(lineOf).join(''),
    events: { created, updated: toWireTime(events.at(-1)?.at ?? job.createdAt), deleted: ZERO_TIME },
  };
}

const WORDS: Record<JobStatus, string> = {
  [JobStatus.QUEUED]: 'Queued.',
  [JobStatus.RUNNING]: 'Started.',
  [JobStatus.WAITING]: 'Waiting.',
  [JobStatus.SUCCEEDED]: 'The image is live.',
  [JobStatus.FAILED]: 'Failed',
  [JobStatus.CANCELLED]: 'Cancelled.',
};

function lineOf({ at, kind, status, message }: JobEvent): string {
  const told = message ?? '';
  const text = kind === JobEventKind.STATUS ? `${WORDS[status]}${told && `: ${told}`}` : told;
  return `${at.toISOString()} ${text}\n`;
}

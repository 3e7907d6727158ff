// What tests of jobs share: the services on a database, and handlers that do what a test says.
import { randomBytes } from 'node:crypto';
import type { Principal } from '../../src/auth/principal.js';
import type { JobEvent } from '../../src/events/job-event.entity.js';
import { JobEvents } from '../../src/events/job-events.js';
import { InProcessWaker } from '../../src/events/waker.js';
import type { CompleteJob, JobHandler } from '../../src/jobs/job-handler.js';
import { Job, JobKind } from '../../src/jobs/job.entity.js';
import { JobService } from '../../src/jobs/job.service.js';
import type { NewJob } from '../../src/jobs/job.service.js';
import { Seal } from '../../src/lib/seal.js';
import { openTestDatabase } from '../db/test-database.js';
import type { TestDatabase } from '../db/test-database.js';
import type { DatabaseKind } from '../support/databases.js';

export interface JobSetup extends TestDatabase {
  jobs: JobService;
  events: JobEvents;
  principal: Principal;
  /** A job that nobody works on yet. */
  create(wanted?: Partial<NewJob>): Promise<Job>;
  /** The job's row as it is now. */
  read(job: Pick<Job, 'id'>): Promise<Job>;
  /** All events of a job that is or becomes final. */
  history(job: Pick<Job, 'id'>): Promise<JobEvent[]>;
}

export const newJob = (more: Partial<NewJob> = {}): NewJob => ({
  ...{ kind: JobKind.NITRO_CONVERSION, input: { image: 'hello' }, credentials: {}, outputImage: null },
  ...more,
});

export async function setUpJobs(kind: DatabaseKind): Promise<JobSetup> {
  const database = await openTestDatabase(kind);
  const events = new JobEvents(database.reader, new InProcessWaker());
  const jobs = new JobService(events, new Seal(randomBytes(32)));
  const principal = await database.createPrincipal();
  const { accountId } = principal;
  return {
    ...{ ...database, jobs, events, principal },
    async create(wanted) {
      const { job } = await database.inTransaction((tx) => jobs.create(tx, principal, newJob(wanted)));
      return job;
    },
    read: ({ id }) => database.reader.findOneByOrFail(Job, { accountId, id }),
    async history({ id }) {
      const all = [];
      for await (const event of events.watch(accountId, id, 0, new AbortController().signal)) all.push(event);
      return all;
    },
  };
}

export const nothingMade: CompleteJob = async () => ({ buildId: null, outputImage: null });

export const handlerOf = (run: JobHandler['run']): JobHandler => ({ kind: JobKind.NITRO_CONVERSION, run });

/** A promise and what fulfils it. */
export function gate(): { open: () => void; passed: Promise<void> } {
  let open = () => {};
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { open, passed };
}

/** Rejects with the signal's reason once it is aborted. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = () => reject(signal.reason as Error);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}

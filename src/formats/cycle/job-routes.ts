// Cycle's paths of jobs.
import type { JobStep } from '../../events/job-step.js';
import { JobKind } from '../../jobs/job.entity.js';
import type { Job } from '../../jobs/job.entity.js';
import type { FormatRequest } from '../format-request.js';
import { toCreatorInclude } from './creators.js';
import { absent } from './cycle-errors.js';
import type { CycleServices } from './cycle-services.js';
import { statusesOf, toWireJob } from './job-codec.js';
import type { StepTimes } from './job-codec.js';
import { cycleOperation } from './operation.js';
import type { CycleOperation } from './operation.js';
import { listIn, sliceOf } from './query.js';
import type { CycleQuery } from './query.js';
import { fromWireTime } from './times.js';
import type { WireJob } from './wire-jobs.js';

const FIELDS = { id: 'id', queued: 'createdAt', 'events.queued': 'createdAt', state: 'status' } as const;
const LATEST = 20;

type JobServices = Pick<CycleServices, 'jobQuery' | 'jobEvents' | 'accounts'>;

export function jobRoutes({ jobQuery, jobEvents, accounts }: JobServices): CycleOperation[] {
  const toWire = async (accountId: string, jobs: Job[]): Promise<WireJob[]> => {
    const hubId = await accounts.hubIdOf(accountId);
    const imports = jobs.filter(({ kind }) => kind === JobKind.IMAGE_IMPORT).map(({ id }) => id);
    const starts = imports.length > 0 ? await jobEvents.stepStarts(accountId, imports) : [];
    const timesOf = ({ id }: Job): StepTimes =>
      Object.fromEntries(starts.filter(({ jobId }) => jobId === id).map(({ step, at }): [JobStep, Date] => [step, at]));
    return jobs.map((job) => toWireJob(job, hubId, timesOf(job)));
  };
  const list = async ({ principal: { accountId }, query }: FormatRequest<CycleQuery, undefined>) => {
    const { filter = {}, include = [] } = query;
    const states = listIn(query, 'state');
    const items = await jobQuery.listByOffset(accountId, {
      ...sliceOf(query, FIELDS, 'createdAt'),
      ...(states && { status: statusesOf(states) }),
      ...{ from: fromWireTime(filter['range-start']), to: fromWireTime(filter['range-end']), text: filter.search },
    });
    const data = await toWire(accountId, items);
    if (!include.includes('creators')) return { status: 200, body: { data } };
    const requesters = items.map(({ requester }) => requester);
    const creators = toCreatorInclude(requesters, await accounts.hubIdOf(accountId));
    return { status: 200, body: { data, includes: { creators } } };
  };
  return [
    cycleOperation('getJobs', list),
    cycleOperation('getLatestJobs', async ({ principal: { accountId } }) => {
      const sort = [{ field: 'createdAt' as const, descending: true }];
      const items = await jobQuery.listByOffset(accountId, { sort, limit: LATEST, offset: 0 });
      return { status: 200, body: { data: await toWire(accountId, items) } };
    }),
    cycleOperation('getJob', async ({ principal: { accountId }, path }) => {
      const [job] = await jobQuery.byIds(accountId, [path.jobId!.toLowerCase()]);
      if (!job) throw absent('404.job', path.jobId!);
      return { status: 200, body: { data: (await toWire(accountId, [job]))[0]! } };
    }),
  ];
}

// Works on REPRODUCTION jobs.
import { Build } from '../builds/build.entity.js';
import { Platform } from '../builds/image-attributes.js';
import { keyShareLock } from '../db/row-lock.js';
import type { CompleteJob, JobHandler, JobReports } from '../jobs/job-handler.js';
import { JobKind } from '../jobs/job.entity.js';
import type { Job } from '../jobs/job.entity.js';
import type { JobChild } from './job-child.js';
import type { ReproductionRequest } from './reproduction.service.js';
import { withStoredLogins } from './stored-logins.js';
import type { Logins } from './stored-logins.js';

export class ReproductionHandler implements JobHandler {
  readonly kind = JobKind.REPRODUCTION;

  constructor(
    private readonly child: JobChild,
    private readonly logins: Logins,
  ) {}

  async run(job: Job, credentials: object, reports: JobReports, signal: AbortSignal): Promise<CompleteJob> {
    const { accountId, id, attempt } = job;
    const { buildId, request, recipe } = job.input as ReproductionRequest;
    const what = {
      ...{ kind: 'reproduce' as const, request, recipe },
      credentials: await withStoredLogins(this.logins, accountId, request, credentials),
    };
    const done = await this.child.run({ name: `${id}-${attempt}`, accountId, what }, reports, signal);
    if (done.kind !== 'reproduced') throw new Error('Not what was asked for');
    const { verdict, section, file, measurements } = done.result;
    const measured = Object.entries(measurements).map(([name, value]: [string, string]) => ({
      ...{ platform: Platform.NITRO_ENCLAVE, name, value },
    }));
    return async (tx) => {
      const where = { accountId, id: buildId };
      const isThere = await tx.manager.findOne(Build, { select: { id: true }, where, lock: keyShareLock(tx.manager) });
      const reproduction = { verdict, section, file, measurements: measured };
      return { buildId: isThere ? buildId : null, outputImage: null, reproduction };
    };
  }
}

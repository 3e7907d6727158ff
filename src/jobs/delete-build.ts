import type { Principal } from '../auth/principal.js';
import type { BuildService } from '../builds/build.service.js';
import type { Transaction } from '../lib/transaction.js';
import type { JobService } from './job.service.js';

/** Deleting a build in its two parts: the jobs that made it stay, without it; then the build goes. */
export class DeleteBuild {
  constructor(
    private readonly jobs: JobService,
    private readonly builds: BuildService,
  ) {}

  /** Throws NOT_FOUND, and CONFLICT where the build is deployed. */
  async delete(tx: Transaction, principal: Principal, buildId: string): Promise<void> {
    // Jobs first, as where a job registers its build.
    await this.jobs.forgetBuild(tx, principal.accountId, buildId.toLowerCase());
    await this.builds.delete(tx, principal, buildId);
  }
}

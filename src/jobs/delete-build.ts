import type { Principal } from '../auth/principal.js';
import type { BuildService } from '../builds/build.service.js';
import type { Transaction } from '../lib/transaction.js';
import type { JobService } from './job.service.js';

/** What else goes with a build, in the same transaction; throws CONFLICT where it can not go now. */
export type DeleteListener = (tx: Transaction, principal: Principal, buildId: string) => Promise<void>;

/** Deleting a build in its two parts: the jobs that made it stay, without it; then the build goes. */
export class DeleteBuild {
  private readonly listeners: DeleteListener[] = [];

  constructor(
    private readonly jobs: JobService,
    private readonly builds: BuildService,
  ) {}

  /** Called by the composition root only. */
  onDelete(listener: DeleteListener): void {
    this.listeners.push(listener);
  }

  /** Throws NOT_FOUND, and CONFLICT where the build is deployed. */
  async delete(tx: Transaction, principal: Principal, buildId: string): Promise<void> {
    const id = buildId.toLowerCase();
    for (const listener of this.listeners) await listener(tx, principal, id);
    await this.forget(tx, principal, id);
  }

  /** The build alone, where the caller sees to the rest. Throws as `delete` does. */
  async forget(tx: Transaction, principal: Principal, id: string): Promise<void> {
    // Jobs first, as where a job registers its build.
    await this.jobs.forgetBuild(tx, principal.accountId, id);
    await this.builds.delete(tx, principal, id);
  }
}

import type { AppService } from '../apps/app.service.js';
import { actorOf } from '../auth/principal.js';
import type { Principal } from '../auth/principal.js';
import type { Transaction } from '../lib/transaction.js';
import type { BuildService } from './build.service.js';

/** Deleting an app in its two parts: its builds stay, with the name of the app; then the app goes. */
export class DeleteApp {
  constructor(
    private readonly apps: AppService,
    private readonly builds: BuildService,
  ) {}

  /** Throws NOT_FOUND. */
  async delete(tx: Transaction, principal: Principal, appId: string): Promise<void> {
    // So that no build can join it meanwhile.
    const { accountId, id } = await this.apps.lock(tx, principal.accountId, appId);
    await this.builds.forgetApp(tx, accountId, id, actorOf(principal));
    await this.apps.delete(tx, principal, id);
  }
}

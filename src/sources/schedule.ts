// Starts imports when they are due.
import type { Logger } from '../lib/logger.js';
import { nextAt } from './next-sync.js';
import type { SourceService } from './source.service.js';
import type { SyncService } from './sync.service.js';

const LOOK_MS = 5_000;

export class SyncSchedule {
  constructor(
    private readonly sources: SourceService,
    private readonly syncs: SyncService,
    private readonly logger: Logger,
  ) {}

  /** Looks for what is due until it is stopped. */
  start(): () => void {
    const look = () => void this.runDue(new Date()).catch(this.warn('the imports that are due could not be looked up'));
    const timer = setInterval(look, LOOK_MS);
    look();
    return () => clearInterval(timer);
  }

  /** Starts an import from each source that is due; one that runs is not started twice. */
  async runDue(now: Date): Promise<void> {
    for (const { accountId, id, name } of await this.sources.due(now)) {
      const requester = { type: 'SYSTEM', id: null, name: `schedule of ${name}`.slice(0, 255) } as const;
      // One that can not be started, as it was deleted just now, must not keep the others from it.
      await this.syncs
        .start({ accountId, requester }, id, (source) => ({ nextSyncAt: nextAt(source, now) }))
        .catch(this.warn('an import that is due could not be started', { sourceId: id }));
    }
  }

  private readonly warn =
    (message: string, more: object = {}) =>
    (error: unknown) =>
      this.logger.warn({ err: error, ...more }, message);
}

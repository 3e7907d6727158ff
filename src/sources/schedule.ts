// Starts imports when they are due.
import type { Logger } from '../lib/logger.js';
import { nextAt } from './next-sync.js';
import type { LostSyncs } from './lost-syncs.js';
import type { SourceService } from './source.service.js';
import type { SyncService } from './sync.service.js';

const LOOK_MS = 5_000;

export class SyncSchedule {
  constructor(
    private readonly sources: SourceService,
    private readonly syncs: SyncService,
    private readonly lost: LostSyncs,
    private readonly logger: Logger,
  ) {}

  /** Looks for what is due until it is stopped. */
  start(): () => void {
    const look = () =>
      void this.runDue(new Date()).catch((error: unknown) =>
        this.logger.warn({ err: error }, 'the imports that are due could not be started'),
      );
    const timer = setInterval(look, LOOK_MS);
    look();
    return () => clearInterval(timer);
  }

  /** Starts an import from each source that is due; one that runs is not started twice. */
  async runDue(now: Date): Promise<void> {
    await this.lost.end();
    for (const { accountId, id, name } of await this.sources.due(now)) {
      const requester = { type: 'SYSTEM', id: null, name: `schedule of ${name}`.slice(0, 255) } as const;
      await this.syncs.start({ accountId, requester }, id, (source) => ({ nextSyncAt: nextAt(source, now) }));
    }
  }
}

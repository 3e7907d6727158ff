// Starts imports when they are due. Times are drawn a little, so that sources that began together do not stay together.
import type { Logger } from '../lib/logger.js';
import type { Source } from './source.entity.js';
import type { SourceService } from './source.service.js';
import type { SyncService } from './sync.service.js';

const LOOK_MS = 5_000;
const JITTER = 0.1;
const MAX_PAUSE_MS = 3_600_000;

/** When a source is due after an import that begins now; null for by hand only. */
export function nextAt({ syncEverySeconds }: Pick<Source, 'syncEverySeconds'>, now: Date): Date | null {
  if (syncEverySeconds === null) return null;
  const drawn = 1 + JITTER * (2 * Math.random() - 1);
  return new Date(now.getTime() + syncEverySeconds * 1000 * drawn);
}

/** The same after one that failed: the pause doubles with each failure, up to an hour where it was shorter. */
export function retryAt(source: Pick<Source, 'syncEverySeconds'>, failures: number, now: Date): Date | null {
  const { syncEverySeconds } = source;
  if (syncEverySeconds === null) return null;
  const seconds = syncEverySeconds * 2 ** Math.min(failures - 1, 16);
  const most = Math.max(syncEverySeconds, MAX_PAUSE_MS / 1000);
  return nextAt({ syncEverySeconds: Math.min(seconds, most) }, now);
}

export class SyncSchedule {
  constructor(
    private readonly sources: SourceService,
    private readonly syncs: SyncService,
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
    for (const { accountId, id, name } of await this.sources.due(now)) {
      const requester = { type: 'SYSTEM', id: null, name: `schedule of ${name}`.slice(0, 255) } as const;
      await this.syncs.start({ accountId, requester }, id, (source) => ({ nextSyncAt: nextAt(source, now) }));
    }
  }
}

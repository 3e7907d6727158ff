// Keeps the catalog log as short as it is to be.
import type { Logger } from '../lib/logger.js';
import { regularly } from '../lib/regularly.js';
import type { PruneCatalogLog } from './prune-catalog-log.js';

const EVERY_MS = 60 * 60 * 1000;

/** Answers what stops it and waits until it has stopped. */
export function pruneRegularly(log: Pick<PruneCatalogLog, 'run'>, logger: Logger): () => Promise<void> {
  return regularly({
    everyMs: EVERY_MS,
    async work(stopping) {
      const { lines, broken } = await log.run(stopping);
      if (lines > 0) logger.info({ lines }, 'pruned the catalog log');
      for (const fault of broken) logger.error(fault, 'a broken catalog log is not pruned: see npm run audit:verify');
    },
    failed: (error) => logger.error({ err: error }, 'the catalog log could not be pruned'),
  });
}

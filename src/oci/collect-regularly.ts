// Keeps the store's collector going.
import type { Logger } from '../lib/logger.js';
import { regularly } from '../lib/regularly.js';
import type { Store } from './store.js';

const EVERY_MS = 60 * 60 * 1000;

/** Answers what stops it and waits until it has stopped. */
export function collectRegularly(store: Pick<Store, 'collect'>, logger: Logger): () => Promise<void> {
  return regularly({
    everyMs: EVERY_MS,
    async work(stopping) {
      const { blobs, bytes } = await store.collect(stopping);
      if (blobs > 0) logger.info({ blobs, bytes }, 'removed blobs that nothing referred to');
    },
    failed: (error) => logger.error({ err: error }, 'the store could not be collected'),
  });
}

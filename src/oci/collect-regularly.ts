// Keeps the store's collector going: at once, then every hour, never twice at the same time.
import type { Logger } from '../lib/logger.js';
import type { Store } from './store.js';

const EVERY_MS = 60 * 60 * 1000;

/** Answers what stops it and waits until it has stopped. */
export function collectRegularly(store: Pick<Store, 'collect'>, logger: Logger): () => Promise<void> {
  const stopping = new AbortController();
  const collect = async () => {
    try {
      const { blobs, bytes } = await store.collect(stopping.signal);
      if (blobs > 0) logger.info({ blobs, bytes }, 'removed blobs that nothing referred to');
    } catch (error) {
      if (!stopping.signal.aborted) logger.error({ err: error }, 'the store could not be collected');
    }
  };
  let running = collect();
  const timer = setInterval(() => void (running = running.then(collect)), EVERY_MS).unref();
  return async () => {
    clearInterval(timer);
    stopping.abort();
    await running;
  };
}

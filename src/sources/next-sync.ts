// When a source is imported from next. Times are drawn a little, so that what began together does not stay together.
import type { Source } from './source.entity.js';

const JITTER = 0.1;
const MAX_PAUSE_SECONDS = 3_600;
const MAX_QUIET_MS = 24 * 3_600_000;

/** When a source is due after an import that begins now; null for by hand only. */
export function nextAt({ syncEverySeconds }: Pick<Source, 'syncEverySeconds'>, now: Date): Date | null {
  if (syncEverySeconds === null) return null;
  const drawn = 1 + JITTER * (2 * Math.random() - 1);
  return new Date(now.getTime() + syncEverySeconds * 1000 * drawn);
}

/**
 * The same after one that failed: the pause doubles with each failure, up to an hour where it was shorter.
 * @param quietUntil until when the source asked for time, in milliseconds; of that a day counts
 */
export function retryAt(
  source: Pick<Source, 'syncEverySeconds'>,
  failures: number,
  now: Date,
  quietUntil = 0,
): Date | null {
  const { syncEverySeconds } = source;
  if (syncEverySeconds === null) return null;
  const seconds = syncEverySeconds * 2 ** Math.min(failures - 1, 16);
  const most = Math.max(syncEverySeconds, MAX_PAUSE_SECONDS);
  const begin = Math.max(now.getTime(), Math.min(quietUntil, now.getTime() + MAX_QUIET_MS));
  return nextAt({ syncEverySeconds: Math.min(seconds, most) }, new Date(begin));
}

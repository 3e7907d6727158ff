// Whether what is shown of an imported build may be out of date.
import type { Origin } from '../builds/origin.entity.js';
import type { Source } from './source.entity.js';

/** An import may fail or be late twice. */
const MISSED_IMPORTS = 3;
/** For sources that are imported from by hand, and those that are gone. */
const DEFAULT_MS = 24 * 3_600_000;

/**
 * An import that succeeded has looked at every build of its source, though it read only what changed: so a build is as
 * fresh as the last one. What was made here through the vendor's paths, or is gone there, is never stale.
 * @param source undefined where it was deleted
 */
export function isStale(
  { fetchedAt, goneAt }: Pick<Origin, 'fetchedAt' | 'goneAt'>,
  source: Pick<Source, 'syncEverySeconds' | 'lastSyncedAt'> | undefined,
  now: Date,
): boolean {
  if (goneAt) return false;
  const { syncEverySeconds = null, lastSyncedAt = null } = source ?? {};
  const seenAt = Math.max(fetchedAt.getTime(), lastSyncedAt?.getTime() ?? 0);
  const allowedMs = syncEverySeconds === null ? DEFAULT_MS : MISSED_IMPORTS * syncEverySeconds * 1000;
  return now.getTime() - seenAt > allowedMs;
}

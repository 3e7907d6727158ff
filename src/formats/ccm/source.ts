// Imports builds, their apps and their pending tasks from a CCM: everything, in the order it was made, or what changed
// since the last time, newest first. What is gone shows only where everything is read; so that is done where the counts
// differ, and once a day.
import { badInput } from '../../lib/errors.js';
import { isUuid } from '../../lib/ids.js';
import type {
  SourceAccess,
  SourceConnector,
  SourceEnd,
  SourcePage,
  SourceReading,
} from '../../sources/source-connector.js';
import { ccmReviews } from './reviews.js';
import { CcmSession } from './session.js';
import { objectIn } from '../document-value.js';
import { integerOr } from './told.js';
import { toImportedApp } from './app-import-codec.js';
import { ListReader, SortRefused } from './list-reader.js';
import type { ListPage } from './list-reader.js';
import { BuildReader } from './build-reader.js';
import { PendingTasks } from './pending-tasks.js';

const FULL_EVERY_MS = 24 * 3_600_000;

/** What is kept from one run to the next. */
export interface CcmWatermark extends Record<string, unknown> {
  /** The latest change that was seen, in seconds; but none after the run began. */
  apps: number;
  builds: number;
  /** When everything was last read, in milliseconds. */
  fullAt: number;
  /** How many more builds the source counts than could be read. */
  unreadable: number;
}

/** Where a run that reads everything is. */
interface Place extends Record<string, unknown> {
  list: 'apps' | 'builds';
  offset: number;
  isSorted: boolean;
  failed: number;
  newest: { apps: number; builds: number };
}

export const ccmSource: SourceConnector = {
  kind: 'CCM',
  reviews: ccmReviews,
  defaultEndpoint: () => 'https://ccm.fortanix.com',
  checkAccess({ credentials: { username, password, token, hubId } }: Pick<SourceAccess, 'credentials'>) {
    const isLogin = username !== undefined && password !== undefined;
    if (isLogin === (token !== undefined))
      throw badInput('CCM needs either `username` and `password`, or `token`.', 'credentials');
    if (username?.includes(':')) throw badInput('`username` must have no colon.', 'credentials', 'username');
    if (hubId !== undefined && !isUuid(hubId))
      throw badInput('`hubId` must be the UUID of an account.', 'credentials', 'hubId');
  },
  async *read(reading) {
    const session = await CcmSession.open(reading);
    const place = placeOf(reading.cursor);
    const mark = markOf(reading.watermark);
    const isDue = !mark || reading.now.getTime() - mark.fullAt >= FULL_EVERY_MS;
    if (!place && !isDue) {
      const end = yield* readChanges(session, reading, mark);
      if (end) return end;
    }
    return yield* readAll(session, reading, place ?? START);
  },
};

const START: Place = { list: 'apps', offset: 0, isSorted: true, failed: 0, newest: { apps: 0, builds: 0 } };

/** Undefined where everything must be read instead. */
async function* readChanges(
  session: CcmSession,
  reading: SourceReading,
  mark: CcmWatermark,
): AsyncGenerator<SourcePage, SourceEnd | undefined> {
  const lists = new ListReader(session);
  const builds = new BuildReader(reading, new PendingTasks(session, reading), false);
  const newest = { apps: mark.apps, builds: mark.builds };
  const cursor = {};
  let total: number | undefined;
  try {
    for await (const { items } of lists.changes('/v1/apps', mark.apps)) {
      newest.apps = latest(items, newest.apps);
      yield { ...appsOf(items), cursor };
    }
    for await (const page of lists.changes('/v1/builds', mark.builds)) {
      newest.builds = latest(page.items, newest.builds);
      total ??= page.total;
      yield { ...(await builds.pageOf(page.items)), cursor, isLast: page.isLast };
    }
  } catch (error) {
    if (error instanceof SortRefused) return undefined;
    throw error;
  }
  const known = (await reading.countKnown()) + mark.unreadable;
  if (total !== undefined && total !== known) return undefined;
  return { isComplete: false, watermark: { ...mark, ...untilNow(newest, reading) } };
}

async function* readAll(
  session: CcmSession,
  reading: SourceReading,
  start: Place,
): AsyncGenerator<SourcePage, SourceEnd> {
  const lists = new ListReader(session);
  const builds = new BuildReader(reading, new PendingTasks(session, reading), true);
  const place = { ...start, newest: { ...start.newest } };
  const moved = ({ next, isSorted }: ListPage) => Object.assign(place, { offset: next, isSorted });
  if (place.list === 'apps') {
    for await (const page of lists.all('/v1/apps', place)) {
      place.newest.apps = latest(page.items, place.newest.apps);
      moved(page);
      yield { ...appsOf(page.items), cursor: { ...place } };
    }
    Object.assign(place, { list: 'builds', offset: 0 });
  }
  let total: number | undefined;
  for await (const page of lists.all('/v1/builds', place)) {
    place.newest.builds = latest(page.items, place.newest.builds);
    const read = await builds.pageOf(page.items);
    place.failed += read.failed.length;
    total = page.total;
    moved(page);
    const progress = total === undefined ? undefined : { done: Math.min(page.next, total), total };
    yield { ...read, progress, isLast: page.isLast, cursor: { ...place, newest: { ...place.newest } } };
  }
  return endOf(reading, place, total);
}

async function endOf(reading: SourceReading, place: Place, total: number | undefined): Promise<SourceEnd> {
  const seen = await reading.countSeen();
  const unreadable = Math.max(0, (total ?? seen) - seen);
  // It may count builds that it does not list to everybody: then as many are missing each time.
  const isUsual = markOf(reading.watermark)?.unreadable === unreadable;
  const isComplete = total === undefined || seen + place.failed >= total || isUsual;
  if (!isComplete)
    reading.warn(
      'LIST_CHANGED',
      `The source counts ${total} builds and listed ${seen}: what is gone is looked for later.`,
    );
  const fullAt = isComplete ? reading.now.getTime() : 0;
  return { isComplete, watermark: { ...untilNow(place.newest, reading), fullAt, unreadable } };
}

function appsOf(items: unknown[]): Omit<SourcePage, 'cursor'> {
  const apps = items.map(toImportedApp);
  const failed = apps
    .filter((app) => app === undefined)
    .map(() => ({ message: 'An app has no app_id that is a UUID, or no name.' }));
  return { apps: apps.filter((app) => app !== undefined), builds: [], unchanged: [], failed };
}

/**
 * What was read early in a run may have changed since, before the last change that was seen; and a time of the future
 * would have the next run see nothing.
 */
function untilNow({ apps, builds }: Place['newest'], { now }: SourceReading): Place['newest'] {
  const seconds = Math.floor(now.getTime() / 1000);
  return { apps: Math.min(apps, seconds), builds: Math.min(builds, seconds) };
}

const latest = (items: unknown[], before: number): number =>
  items.reduce<number>((most, item) => Math.max(most, integerOr(objectIn(item)?.updated_at) ?? 0), before);

function placeOf(cursor: SourceReading['cursor']): Place | undefined {
  return cursor && (cursor.list === 'apps' || cursor.list === 'builds') ? (cursor as Place) : undefined;
}

function markOf(watermark: SourceReading['watermark']): CcmWatermark | undefined {
  return watermark && typeof watermark.fullAt === 'number' ? (watermark as CcmWatermark) : undefined;
}

// Writes what one run of an import reads, some fifty builds to a transaction, each with what was counted and where the
// run goes on: whatever interrupts it, nothing is counted twice and nothing is read again that was written.
import { Build } from '../builds/build.entity.js';
import { Measurement } from '../builds/measurements.js';
import { Origin } from '../builds/origin.entity.js';
import type { KnownOrigin, OriginQuery } from '../builds/origin.query.js';
import { contentHashOf } from '../builds/origin.service.js';
import type { OriginService } from '../builds/origin.service.js';
import { refreshStatistics } from '../db/refresh-statistics.js';
import { isTransient } from '../db/transient-error.js';
import type { Actor } from '../events/catalog-log.entity.js';
import { JobStep } from '../events/job-step.js';
import type { JobReports } from '../jobs/job-handler.js';
import { RunIsVoid } from '../jobs/job.service.js';
import type { JobService } from '../jobs/job.service.js';
import type { Job } from '../jobs/job.entity.js';
import { CatalogError } from '../lib/errors.js';
import { JobFailure } from '../lib/job-failure.js';
import type { InTransaction, Transaction } from '../lib/transaction.js';
import type { AppImports } from './app-imports.service.js';
import { onOneLine } from './one-line.js';
import type { ImportedApp, ImportedBuild, SourcePage } from './source-connector.js';
import type { Source } from './source.entity.js';
import type { SyncRun } from './sync-run.entity.js';
import type { SyncCounts, SyncRunService } from './sync-run.service.js';

const SLICE = 50;
/** What lists and comparisons of origins are joined of. */
const FILLED = [Build, Origin, Measurement];
const SEEN_AT_ONCE = 500;
/** Of the first ones each is told, then each hundredth. */
const TOLD_PAGES = 100;
/** Each is an event; the count has them all. */
const MAX_WARNINGS = 100;

export interface ImportServices {
  origins: OriginService;
  originQuery: OriginQuery;
  apps: AppImports;
  runs: SyncRunService;
  jobs: JobService;
  inTransaction: InTransaction;
}

export interface ImportSubject {
  job: Job;
  source: Source;
  run: SyncRun;
  reports: JobReports;
  /** How many requests were sent so far, by this process. */
  requests(): number;
}

/** What ends a page, in the transaction of its last builds. */
interface PageEnd {
  page: SourcePage;
  unchanged: string[];
  /** Ids of those that are listed and known, and could not be read or written this time: they are not gone. */
  unread: string[];
}

interface OneByOne<T> {
  nameOf: (item: T) => string;
  onRefused?: (item: T) => void;
  /** Whether all in one transaction was tried already. */
  hasFailed?: boolean;
}

export class ImportRun {
  private counts: SyncCounts;
  private readonly requestsBefore: number;
  private readonly actor: Actor;
  private warnings = 0;
  private pages = 0;
  /** So many new builds make other plans than a few. */
  private countedAt = 500;

  constructor(
    private readonly services: ImportServices,
    private readonly subject: ImportSubject,
  ) {
    const { created, updated, unchanged, gone, failed, requests } = subject.run;
    this.counts = { created, updated, unchanged, gone, failed, requests };
    this.requestsBefore = requests;
    this.actor = { type: 'SYSTEM', id: null, name: subject.source.name };
  }

  async write(page: SourcePage): Promise<void> {
    for (const apps of slices(page.apps ?? [])) await this.writeApps(apps);
    const known = await this.knownOf(page);
    const changed = page.builds.filter((build) => !isAsKnown(build, known.get(build.externalId)));
    const isChanged = new Set(changed);
    // What a second look sees again counts once.
    const isFirst = (id: string) => known.get(id)?.seenIn !== this.subject.job.id;
    const isSame = (build: ImportedBuild) => !isChanged.has(build) && isFirst(build.externalId);
    const same = page.builds.filter(isSame).map(({ externalId }) => externalId);
    const idsOf = (ids: (string | undefined)[]) => ids.flatMap((id) => known.get(id ?? '')?.id ?? []);
    const unread = idsOf(page.failed.map(({ externalId }) => externalId));
    const end = { page, unread, unchanged: [...page.unchanged, ...idsOf(same)] };
    const onRefused = ({ externalId }: ImportedBuild) => unread.push(...idsOf([externalId]));
    const parts = slices(changed);
    for (const part of parts.slice(0, -1)) await this.writeBuilds(part, onRefused);
    await this.writeBuilds(parts.at(-1) ?? [], onRefused, end);
    for (const failure of page.failed) this.warn('UNREADABLE_DOCUMENT', failure.message);
    if (this.counts.created < this.countedAt) return;
    this.countedAt = 2 * this.counts.created;
    await this.services.inTransaction((tx) => refreshStatistics(tx, FILLED));
  }

  /** Notes of what a whole run did not see that it is gone. */
  async markGone(): Promise<void> {
    const { source, job } = this.subject;
    const { accountId, kind, id: sourceKey } = source;
    for (let found = SLICE; found === SLICE;) {
      found = await this.inRun(async (tx, counts) => {
        const gone = { kind, sourceKey, seenIn: job.id, limit: SLICE };
        const marked = await this.services.origins.markGone(tx, accountId, gone, this.actor);
        counts.gone += marked;
        await this.services.runs.advance(tx, job, counts);
        return marked;
      });
    }
    await this.inRun((tx) => this.services.apps.markGone(tx, this.appImport()));
  }

  /** @param message may have what the source wrote: ids and names, of any length */
  warn(code: string, message: string): void {
    this.warnings += 1;
    if (this.warnings <= MAX_WARNINGS) this.subject.reports.warn({ code, message: onOneLine(message, MAX_WARNING) });
    if (this.warnings === MAX_WARNINGS)
      this.subject.reports.log('Further warnings are left out; the counts have them all.');
  }

  /** All that was counted, whether or not it came to anything. */
  total(): SyncCounts {
    return { ...this.counts, requests: this.requestsBefore + this.subject.requests() };
  }

  private async writeApps(apps: ImportedApp[]): Promise<void> {
    const writeAll = (list: ImportedApp[]) =>
      this.inRun(async (tx) => {
        const refused: ImportedApp[] = [];
        for (const app of list) {
          if (!(await this.services.apps.upsert(tx, this.appImport(), app))) refused.push(app);
        }
        return refused;
      });
    const refused = await this.orOneByOne(apps, writeAll, { nameOf: ({ id }) => `The app ${id}` });
    for (const { app } of refused.flat())
      this.warn(
        'APP_NAME_TAKEN',
        `Another app has the name or the id of ${JSON.stringify(app.name)}, which is left out.`,
      );
  }

  private async writeBuilds(
    builds: ImportedBuild[],
    onRefused: (build: ImportedBuild) => void,
    end?: PageEnd,
  ): Promise<void> {
    const writeAll = (list: ImportedBuild[]) => this.inRun((tx, counts) => this.writeSlice(tx, counts, list, end));
    try {
      await writeAll(builds);
    } catch (error) {
      if (builds.length === 0 || isFatal(error)) throw error;
      const one = (list: ImportedBuild[]) => this.inRun((tx, counts) => this.writeSlice(tx, counts, list));
      const nameOf = ({ externalId }: ImportedBuild) => `The build ${externalId}`;
      await this.orOneByOne(builds, one, { nameOf, onRefused, hasFailed: true });
      if (end) await writeAll([]);
    }
  }

  private async writeSlice(tx: Transaction, counts: SyncCounts, builds: ImportedBuild[], end?: PageEnd): Promise<void> {
    const { source, job } = this.subject;
    const { accountId, id: sourceKey } = source;
    const appIds = builds.flatMap(({ build }) => build.appId ?? []);
    const present = await this.services.apps.present(tx, accountId, [...new Set(appIds)]);
    for (const told of builds) {
      const appId = present.has(told.build.appId ?? '') ? told.build.appId : null;
      const draft = { ...told, sourceKey, build: { ...told.build, appId } };
      const { change } = await this.services.origins.upsert(tx, accountId, draft, {
        actor: this.actor,
        seenIn: job.id,
      });
      counts[change === 'CREATED' ? 'created' : change === 'UPDATED' ? 'updated' : 'unchanged'] += 1;
    }
    if (end) await this.endPage(tx, counts, end);
    await this.services.runs.advance(tx, job, counts, end?.page.cursor);
  }

  private async endPage(tx: Transaction, counts: SyncCounts, { page, unchanged, unread }: PageEnd): Promise<void> {
    const { source, job } = this.subject;
    counts.unchanged += unchanged.length;
    counts.failed += page.failed.length;
    const seen = [...unchanged, ...unread];
    for (let at = 0; at < seen.length; at += SEEN_AT_ONCE)
      await this.services.origins.markSeen(tx, source.accountId, seen.slice(at, at + SEEN_AT_ONCE), job.id);
    this.pages += 1;
    if (this.pages > TOLD_PAGES && this.pages % TOLD_PAGES > 0) return;
    const { done = 0, total = 0 } = page.progress ?? {};
    const isAtBuilds = page.builds.length + unchanged.length + page.failed.length > 0;
    const step = isAtBuilds ? JobStep.IMPORTING : JobStep.LISTING;
    const progress = total > 0 ? Math.min(99, Math.floor((100 * done) / total)) : 0;
    const message = `${total > 0 ? `${done} of ${total} read: ` : ''}${inWords(counts)}.`;
    await this.services.jobs.advance(tx, job, [
      { type: 'progressed', step, progress },
      { type: 'logged', message },
    ]);
  }

  /** Of failed ones too: what can not be read now may have been read before. */
  private async knownOf({ builds, failed }: SourcePage): Promise<Map<string, KnownOrigin>> {
    const ids = [...builds, ...failed].flatMap(({ externalId }) => externalId ?? []);
    return ids.length > 0 ? this.services.originQuery.known(this.originSource(), ids) : new Map<string, KnownOrigin>();
  }

  /** All in one transaction; where something in it can not be written, each in one of its own. */
  private async orOneByOne<T, R>(
    items: T[],
    write: (items: T[]) => Promise<R>,
    { nameOf, onRefused, hasFailed = false }: OneByOne<T>,
  ): Promise<R[]> {
    try {
      if (!hasFailed) return [await write(items)];
    } catch (error) {
      if (isFatal(error)) throw error;
    }
    const results: R[] = [];
    for (const item of items) {
      try {
        results.push(await write([item]));
      } catch (error) {
        if (isFatal(error)) throw error;
        this.counts.failed += 1;
        onRefused?.(item);
        const why = error instanceof CatalogError ? error.message : 'It can not be kept here.';
        this.warn('UNREADABLE_DOCUMENT', `${nameOf(item).slice(0, MAX_NAMED)}: ${why}`);
      }
    }
    return results;
  }

  /** A transaction of this run, which is void once the job was cancelled; what it counts is counted once it is durable. */
  private async inRun<T>(work: (tx: Transaction, counts: SyncCounts) => Promise<T>): Promise<T> {
    const counts = this.total();
    const result = await this.services.inTransaction(async (tx) => {
      await this.services.jobs.lockRun(tx, this.subject.job);
      return work(tx, counts);
    });
    this.counts = counts;
    return result;
  }

  private originSource() {
    const { accountId, kind, id: sourceKey } = this.subject.source;
    return { accountId, kind, sourceKey };
  }

  private appImport() {
    const { source, job } = this.subject;
    return { accountId: source.accountId, sourceKey: source.id, seenIn: job.id, actor: this.actor };
  }
}

const MAX_NAMED = 200;
const MAX_WARNING = 1_000;

const isFatal = (error: unknown): boolean =>
  error instanceof RunIsVoid || error instanceof JobFailure || isTransient(error);

const isAsKnown = (build: ImportedBuild, known: KnownOrigin | undefined): boolean =>
  known !== undefined &&
  !known.isGone &&
  known.listHash === (build.listHash ?? '') &&
  known.contentHash === contentHashOf(build);

export const inWords = ({ created, updated, unchanged, gone, failed, requests }: SyncCounts): string =>
  `${created} new, ${updated} changed, ${unchanged} as they were, ${gone} gone, ${failed} unreadable, ${requests} requests`;

function slices<T>(items: T[]): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < items.length; at += SLICE) parts.push(items.slice(at, at + SLICE));
  return parts;
}

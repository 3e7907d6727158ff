// A part of the composition root: what imports builds from other systems, and tells them what is decided here.
import type { EntityManager } from 'typeorm';
import type { AppService } from './apps/app.service.js';
import type { BuildService } from './builds/build.service.js';
import type { OriginKind } from './builds/origin.entity.js';
import type { OriginQuery } from './builds/origin.query.js';
import type { OriginService } from './builds/origin.service.js';
import type { Approvals } from './builds/approvals.js';
import type { Config } from './config.js';
import { ccmSource } from './formats/ccm/source.js';
import { cycleSource } from './formats/cycle/source.js';
import { imageBuilderSource } from './formats/image-builder/source.js';
import type { JobHandler } from './jobs/job-handler.js';
import type { JobQueue } from './jobs/job-queue.js';
import { JobKind } from './jobs/job.entity.js';
import type { JobService } from './jobs/job.service.js';
import type { Logger } from './lib/logger.js';
import type { Seal } from './lib/seal.js';
import type { InTransaction } from './lib/transaction.js';
import { Upstream } from './lib/upstream.js';
import { AppImports } from './sources/app-imports.service.js';
import { applyConfigured } from './sources/configured-sources.js';
import { ReviewWriteBackService } from './sources/review-write-back.service.js';
import { SyncSchedule } from './sources/schedule.js';
import type { SourceConnector } from './sources/source-connector.js';
import { SourceJobEnds } from './sources/source-job-ends.js';
import { SourceService } from './sources/source.service.js';
import { SyncHandler } from './sources/sync-handler.js';
import { SyncRunService } from './sources/sync-run.service.js';
import { SyncService } from './sources/sync.service.js';
import { WriteBackHandler } from './sources/write-back-handler.js';

export interface ImportedCatalog {
  reader: EntityManager;
  inTransaction: InTransaction;
  apps: AppService;
  builds: BuildService;
  origins: OriginService;
  originQuery: OriginQuery;
  jobs: JobService;
}

const CONNECTORS: SourceConnector[] = [ccmSource, cycleSource, imageBuilderSource];
/** Of one import. */
const MAX_PAGES = 20_000;
const MAX_BUILDS = 500_000;

export function createSources(config: Config, catalog: ImportedCatalog, seal: Seal) {
  const { reader, inTransaction, origins, originQuery, jobs } = catalog;
  const connectors = new Map<OriginKind, SourceConnector>(CONNECTORS.map((connector) => [connector.kind, connector]));
  const sources = new SourceService(reader, seal, connectors);
  const syncRuns = new SyncRunService(reader, jobs);
  const writeBacks = new ReviewWriteBackService(reader, originQuery, sources, catalog.builds);
  const upstream = new Upstream(config.upstream);
  const imports = { origins, originQuery, apps: new AppImports(catalog.apps), runs: syncRuns, jobs, inTransaction };
  const limits = { timeoutMs: config.jobTimeoutMinutes * 60_000, maxPages: MAX_PAGES, maxBuilds: MAX_BUILDS };
  const handlers: JobHandler[] = [
    new SyncHandler(sources, imports, upstream, limits),
    new WriteBackHandler({ sources, writeBacks, jobs, inTransaction }, upstream),
  ];
  const configure = () => inTransaction((tx) => applyConfigured(tx, sources, config.sources));
  return { sources, syncRuns, writeBacks, sourceHandlers: handlers, configureSources: configure };
}

/** What starts jobs for sources, once there is a queue. */
export function createSyncs(
  { sources, syncRuns, writeBacks }: ReturnType<typeof createSources>,
  { jobs, inTransaction }: ImportedCatalog,
  { queue, approvals }: { queue: JobQueue; approvals: Approvals },
  logger: Logger,
) {
  const syncs = new SyncService(sources, jobs, queue, inTransaction);
  approvals.onReview(async (tx, principal, build, task) => {
    const row = await writeBacks.note(tx, principal, build, task);
    if (!row) return;
    const wanted = {
      kind: JobKind.REVIEW_WRITE_BACK,
      input: { taskId: row.taskId },
      credentials: {},
      outputImage: null,
    };
    const { job } = await jobs.create(tx, principal, wanted);
    tx.afterCommit(() => queue.add(job));
  });
  jobs.onEnd(new SourceJobEnds(syncRuns, sources, writeBacks).settle);
  return { syncs, syncSchedule: new SyncSchedule(sources, syncs, logger) };
}

// A third of the composition root: what converts images and keeps them, in this process and in its children.
import { join } from 'node:path';
import type { EntityManager } from 'typeorm';
import type { AppService } from './apps/app.service.js';
import { hasRole, Role } from './auth/principal.js';
import type { Caller, Principal } from './auth/principal.js';
import type { BuildQuery } from './builds/build.query.js';
import type { BuildService } from './builds/build.service.js';
import type { Config } from './config.js';
import { BuildDiffs } from './conversions/build-diff.js';
import { ConversionHandler } from './conversions/conversion-handler.js';
import { ConversionService } from './conversions/conversion.service.js';
import { EifFiles } from './conversions/eif-file.js';
import { eifRoutes } from './conversions/eif-routes.js';
import { readGatewaySigner } from './conversions/gateway-signer.js';
import { JobChild } from './conversions/job-child.js';
import type { ConversionSettings } from './conversions/job-child.js';
import { PushedBuilds } from './conversions/pushed-build.js';
import { RecipeQuery } from './conversions/recipe.query.js';
import { ReproductionHandler } from './conversions/reproduction-handler.js';
import { ReproductionService } from './conversions/reproduction.service.js';
import type { RegistryCredentialService } from './credentials/registry-credential.service.js';
import { CancelJob } from './jobs/cancel-job.js';
import type { JobHandler } from './jobs/job-handler.js';
import { InProcessQueue, LanedQueue } from './jobs/job-queue.js';
import { JobKind } from './jobs/job.entity.js';
import type { JobQuery } from './jobs/job.query.js';
import type { JobService } from './jobs/job.service.js';
import { Worker } from './jobs/worker.js';
import type { Logger } from './lib/logger.js';
import type { OwnNames } from './lib/own-names.js';
import type { InTransaction } from './lib/transaction.js';
import { storeRoutes } from './oci/store-routes.js';
import { Store } from './oci/store.js';

const MIB = 1024 * 1024;
/** They wait for their sources most of the time. */
const IMPORTS_AT_ONCE = 8;

export interface Surroundings {
  config: Config;
  names: OwnNames;
  inTransaction: InTransaction;
  logger: Logger;
}

export interface CatalogServices {
  reader: EntityManager;
  apps: AppService;
  builds: BuildService;
  buildQuery: BuildQuery;
  jobs: JobService;
  jobQuery: JobQuery;
  logins: RegistryCredentialService;
}

/** @param moreHandlers for jobs that are no conversions, but work with the same store and the same child processes */
export function createConversions(
  { config, names, inTransaction, logger }: Surroundings,
  catalog: CatalogServices,
  moreHandlers: (workshop: { child: JobChild; store: Store }) => JobHandler[],
) {
  const { reader, apps, builds, buildQuery, jobs, jobQuery, logins } = catalog;
  const settings = conversionSettings(config);
  const store = new Store(settings.storeDir, { quotaBytes: config.storeQuotaMib * MIB });
  const child = new JobChild(settings, store);
  const handlers = [
    new ConversionHandler(child, { apps, builds, logins, names }),
    new ReproductionHandler(child, logins),
    ...moreHandlers({ child, store }),
  ];
  const worker = new Worker(jobs, handlers, inTransaction, logger);
  const recipes = new RecipeQuery(reader);
  const eifs = new EifFiles(store, names, recipes);
  const queue = new LanedQueue(
    new InProcessQueue(worker.work, config.jobConcurrency),
    new InProcessQueue(worker.work, IMPORTS_AT_ONCE),
    [JobKind.SOURCE_SYNC, JobKind.REVIEW_WRITE_BACK],
  );
  const cancelJob = new CancelJob(jobs, worker, inTransaction);
  const defaults = { names, canSign: settings.signer !== undefined };
  const conversions = new ConversionService({ apps, jobs, queue, inTransaction }, defaults, settings.blobsDir);
  const pushed = new PushedBuilds(buildQuery, jobQuery, recipes);
  const reproductions = new ReproductionService(pushed, jobs, queue, inTransaction);
  const buildDiffs = new BuildDiffs(pushed, child, logins, logger);
  return {
    ...{ worker, queue, cancelJob, conversions, recipes, reproductions, buildDiffs, eifs },
    ...{ store, spoolDir: settings.spoolDir },
    storeRoutes: storeRoutes<Principal>(store, (principal) => ({
      accountId: principal.accountId,
      mayPush: hasRole(principal, Role.WRITER),
    })),
    eifRoutes: eifRoutes<Caller>(buildQuery, eifs),
  };
}

function conversionSettings(config: Config): ConversionSettings {
  const { dataDir, nitroBlobsDir: blobsDir, upstream, childEnvironment: environment, signing } = config;
  const [storeDir, spoolDir, cacheDir] = ['store', 'spool', 'cache'].map((name) => join(dataDir, name));
  const limits = { cacheBytes: config.layerCacheMib * MIB, timeoutMs: config.jobTimeoutMinutes * 60_000 };
  const folders = { storeDir: storeDir!, spoolDir: spoolDir!, cacheDir: cacheDir!, blobsDir };
  return { ...folders, ...limits, upstream, environment, signer: signing && gatewaySigner(signing) };
}

function gatewaySigner(files: NonNullable<Config['signing']>): ReturnType<typeof readGatewaySigner> {
  try {
    return readGatewaySigner(files);
  } catch (error) {
    throw new Error(`SIGNING_KEY_FILE, SIGNING_CERTIFICATE_FILE: ${(error as Error).message}`);
  }
}

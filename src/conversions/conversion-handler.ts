// Works on NITRO_CONVERSION jobs: a child process converts, one transaction registers.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { AppService } from '../apps/app.service.js';
import type { Warning } from '../builds/build-parts.js';
import { appDraft } from '../builds/build-draft.js';
import type { BuildService } from '../builds/build.service.js';
import type { CompleteJob, JobHandler, JobOutcome, JobReports } from '../jobs/job-handler.js';
import { JobKind } from '../jobs/job.entity.js';
import type { Job } from '../jobs/job.entity.js';
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import type { Transaction } from '../lib/transaction.js';
import { asDiskFailure } from '../oci/image-failure.js';
import type { Store } from '../oci/store.js';
import { convertInChild } from './child-process.js';
import type { ConversionResult } from './child-messages.js';
import type { ConversionRequest } from './conversion-request.js';
import { toBuildDraft, toOutputImage } from './converted-image.js';
import { withStoredLogins } from './stored-logins.js';
import type { Logins } from './stored-logins.js';

/** What a conversion's process is given. */
export interface ConversionSettings {
  storeDir: string;
  spoolDir: string;
  blobsDir: string;
  upstreamAllow: string[];
  environment: NodeJS.ProcessEnv;
  /** A registry that drips must not hold a place for ever. */
  timeoutMs: number;
}

/** What it needs of the catalog. */
export interface ConversionCatalog {
  apps: Pick<AppService, 'findBy'>;
  builds: Pick<BuildService, 'register'>;
  logins: Logins;
}

export class ConversionHandler implements JobHandler {
  readonly kind = JobKind.NITRO_CONVERSION;

  constructor(
    private readonly settings: ConversionSettings,
    private readonly store: Store,
    private readonly catalog: ConversionCatalog,
  ) {}

  async run(job: Job, credentials: object, reports: JobReports, signal: AbortSignal): Promise<CompleteJob> {
    const request = job.input as ConversionRequest;
    const spoolDir = join(this.settings.spoolDir, `${job.id}-${job.attempt}`);
    warnOfIgnoredOptions(request, reports);
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(tooLate()), this.settings.timeoutMs);
    try {
      if (request.output.host === undefined) await this.store.expectRoom(job.accountId);
      await mkdir(spoolDir, { recursive: true });
      const { storeDir, blobsDir, upstreamAllow, environment } = this.settings;
      const task = {
        ...{ request, accountId: job.accountId, storeDir, spoolDir, blobsDir, upstreamAllow },
        credentials: await withStoredLogins(this.catalog.logins, job.accountId, request, credentials),
      };
      const result = await convertInChild(task, environment, reports, AbortSignal.any([signal, late.signal]));
      return (tx, current) => this.complete(tx, current, result);
    } catch (error) {
      throw asDiskFailure(error);
    } finally {
      clearTimeout(timer);
      // What is left is removed at the next start; it must not cost a result that is there.
      await rm(spoolDir, { recursive: true, force: true }).catch(() => undefined);
      await this.store.cleanTemporary().catch(() => undefined);
    }
  }

  private async complete(tx: Transaction, job: Job, result: ConversionResult): Promise<JobOutcome> {
    const { accountId, requester } = job;
    const { appId, register } = job.input as ConversionRequest;
    const outputImage = toOutputImage(job, result);
    if (register === false) return { buildId: null, outputImage };
    const app = appId === null ? null : await this.catalog.apps.findBy(tx, { accountId, id: appId.toLowerCase() });
    const draft = { ...toBuildDraft(job, result), ...(app && appDraft(app)) };
    // What was made is worth more than where it was to belong to.
    const warnings = appId !== null && !app ? [appDeleted(appId)] : [];
    draft.warnings = [...job.warnings, ...warnings];
    const build = await this.catalog.builds.register(tx, accountId, draft, requester);
    return { buildId: build.id, outputImage, warnings };
  }
}

const appDeleted = (appId: string): Warning => ({
  code: 'APP_DELETED',
  message: `The app ${appId} was deleted during the conversion: the build belongs to none.`,
});

const tooLate = () =>
  new JobFailure(
    JobFailureCode.DEADLINE_EXCEEDED,
    'The conversion took longer than it may.',
    'Look whether the registry is that slow, then start the conversion again.',
  );

const IGNORED = {
  addCcmCaCertificates: 'no CA certificates of CCM are added',
  allowCmdlineArgs: "AWS's init takes no arguments at run time",
  debug: 'debug mode is chosen when the enclave is started',
  javaMode: 'a Java runtime is run like any other program',
} as const;

function warnOfIgnoredOptions({ options, nitro }: ConversionRequest, reports: JobReports): void {
  const warn = (option: string, why: string) =>
    reports.warn({ code: 'OPTION_IGNORED', message: `The option ${option} has no effect: ${why}.` });
  for (const [option, why] of Object.entries(IGNORED)) {
    if (options[option as keyof typeof IGNORED]) warn(option, why);
  }
  if (nitro.enableOverlayFilesystemPersistence) {
    warn('enableOverlayFilesystemPersistence', "AWS's init has no overlay, files are lost when the enclave ends");
  }
}

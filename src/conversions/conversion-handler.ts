// Works on NITRO_CONVERSION jobs: a child process converts, one transaction registers.
import type { AppService } from '../apps/app.service.js';
import type { Warning } from '../builds/build-parts.js';
import { appDraft } from '../builds/build-draft.js';
import type { BuildService } from '../builds/build.service.js';
import type { CompleteJob, JobHandler, JobOutcome, JobReports } from '../jobs/job-handler.js';
import { JobKind } from '../jobs/job.entity.js';
import type { Job } from '../jobs/job.entity.js';
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import type { OwnNames } from '../lib/own-names.js';
import type { Transaction } from '../lib/transaction.js';
import type { ConversionResult, ConversionTask, SigningTask } from './child-messages.js';
import { BuildRecipe } from './build-recipe.entity.js';
import type { ConversionRequest } from './conversion-request.js';
import { formatTarget } from './image-target.js';
import { toBuildDraft, toOutputImage } from './converted-image.js';
import type { JobChild } from './job-child.js';
import { signingRequest } from './signing-request.js';
import { withStoredLogins } from './stored-logins.js';
import type { Logins } from './stored-logins.js';

/** What it needs of the catalog. */
export interface ConversionCatalog {
  apps: Pick<AppService, 'findBy'>;
  builds: Pick<BuildService, 'register'>;
  logins: Logins;
  names: Pick<OwnNames, 'toShown'>;
}

export class ConversionHandler implements JobHandler {
  readonly kind = JobKind.NITRO_CONVERSION;

  constructor(
    private readonly child: JobChild,
    private readonly catalog: ConversionCatalog,
  ) {}

  async run(job: Job, credentials: object, reports: JobReports, signal: AbortSignal): Promise<CompleteJob> {
    const request = pinned(job);
    const { accountId, id, attempt } = job;
    warnOfIgnoredOptions(request, reports);
    if (request.output.host === undefined) await this.child.store.expectRoom(accountId);
    const what = {
      ...{ kind: 'convert' as const, request, signing: this.signingOf(job, reports), names: this.namesOf(job) },
      credentials: await withStoredLogins(this.catalog.logins, accountId, request, credentials),
    };
    const { timeoutSeconds } = request;
    const timeoutMs = timeoutSeconds && timeoutSeconds * 1000;
    const done = await this.child.run({ name: `${id}-${attempt}`, accountId, what, timeoutMs }, reports, signal);
    if (done.kind === 'converted') return (tx, current) => this.complete(tx, current, done.result);
    if (done.kind !== 'signatureWanted' || request.signing?.by !== 'EXTERNAL')
      throw new Error('Not what was asked for');
    const signing = signingRequest(request.signing.certificate, done.wanted);
    return () => Promise.resolve({ signing });
  }

  private signingOf({ input, signing: wanted }: Job, reports: JobReports): SigningTask | undefined {
    const { signing } = input as ConversionRequest;
    if (!signing) return undefined;
    if (signing.by === 'EXTERNAL') return { certificate: signing.certificate, by: { signature: wanted?.signature } };
    const { signer } = this.child.settings;
    if (!signer) throw keyIsGone();
    if (signer.certificate.notAfter < new Date()) reports.warn(CERTIFICATE_EXPIRED);
    return { certificate: signer.certificate.pem, by: 'parent' };
  }

  /** As whoever reads the proof would write them; the input as it was asked for, not as it was pinned. */
  private namesOf({ input }: Job): ConversionTask['names'] {
    const request = input as ConversionRequest;
    const { names } = this.catalog;
    return { input: names.toShown(formatTarget(request.input)), output: names.toShown(formatTarget(request.output)) };
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
    await tx.manager.insert(BuildRecipe, { accountId, buildId: build.id, recipe: result.recipe });
    return { buildId: build.id, outputImage, warnings };
  }
}

/** Once it was signed, what is built is what the tag led to then. */
function pinned(job: Job): ConversionRequest {
  const request = job.input as ConversionRequest;
  const { signing } = job;
  return signing ? { ...request, input: { ...request.input, tagOrDigest: signing.imageDigest } } : request;
}

const keyIsGone = () =>
  new JobFailure(
    JobFailureCode.SIGNATURE_INVALID,
    'The gateway has no signing key any more.',
    'Set SIGNING_KEY_FILE and SIGNING_CERTIFICATE_FILE and retry the job, or convert without signing.',
  );

const CERTIFICATE_EXPIRED: Warning = {
  code: 'CERTIFICATE_EXPIRED',
  message: 'The certificate of the gateway has expired: a Nitro host may refuse the signed image. Renew it.',
};

const appDeleted = (appId: string): Warning => ({
  code: 'APP_DELETED',
  message: `The app ${appId} was deleted during the conversion: the build belongs to none.`,
});

const IGNORED = {
  addCcmCaCertificates: 'no CA certificates of CCM are added',
  allowCmdlineArgs: "AWS's init takes no arguments at run time",
  javaMode: 'a Java runtime is run like any other program',
} as const;

const DEBUG_MODE =
  'Debug mode is chosen when an enclave is started (nitro-cli run-enclave --debug-mode) and makes all its PCRs zero: it can not be attested then. The image is the same either way.';

function warnOfIgnoredOptions({ options, nitro }: ConversionRequest, reports: JobReports): void {
  const warn = (option: string, why: string) =>
    reports.warn({ code: 'OPTION_IGNORED', message: `The option ${option} has no effect: ${why}.` });
  for (const [option, why] of Object.entries(IGNORED)) {
    if (options[option as keyof typeof IGNORED]) warn(option, why);
  }
  if (options.debug) reports.warn({ code: 'DEBUG_MODE_ZERO_PCRS', message: DEBUG_MODE });
  if (nitro.enableOverlayFilesystemPersistence) {
    warn('enableOverlayFilesystemPersistence', "AWS's init has no overlay, files are lost when the enclave ends");
  }
}

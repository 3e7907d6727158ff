// Starts conversions: checks what can be checked at once, writes the job, and queues it once that is durable.
import type { AppService } from '../apps/app.service.js';
import { Architecture } from '../builds/build-parts.js';
import type { Principal } from '../auth/principal.js';
import type { JobQueue } from '../jobs/job-queue.js';
import { EqualJobAtOnce } from '../jobs/job.service.js';
import type { JobService } from '../jobs/job.service.js';
import { JobKind } from '../jobs/job.entity.js';
import type { Job } from '../jobs/job.entity.js';
import { JobStatus } from '../events/job-event.entity.js';
import { CatalogError } from '../lib/errors.js';
import { withoutNulls } from '../lib/json.js';
import type { InTransaction, Transaction } from '../lib/transaction.js';
import { blobsMissing, findMissingBlobs } from '../nitro/blobs.js';
import type { AttachSignatureInput, ConvertNitroImageInput, RetryJobInput } from './conversion.input.js';
import { checkedSignature } from './signing-request.js';
import { conversionCredentials, conversionRequest, credentialsAgain, nitroOptions } from './conversion-request.js';
import { formatTarget } from './image-target.js';
import type { ConversionRequest, RequestDefaults } from './conversion-request.js';

export interface ConversionServices {
  apps: AppService;
  jobs: JobService;
  queue: JobQueue;
  inTransaction: InTransaction;
}

export interface StartOptions {
  /** Join an equal conversion that is not final, even without a key. */
  join?: boolean;
  /** Whether files persist in an overlay where neither the request nor its app says so; false where left out. */
  overlayDefault?: boolean;
  /** False to convert and push only; true where left out. */
  register?: boolean;
}

type AskedConversion = ConversionRequest & { overlayDefault?: true };

export class ConversionService {
  constructor(
    private readonly services: ConversionServices,
    private readonly defaults: RequestDefaults,
    private readonly blobsDir: string,
  ) {}

  /**
   * A new job, or the one an equal request made before; equal by what they ask for, whatever the defaults of the app
   * were then. Throws BAD_USER_INPUT, NOT_FOUND for the app, CONFLICT for a reused key, and FEATURE_NOT_SUPPORTED
   * where the enclave platform's files are not installed.
   */
  async start(principal: Principal, input: ConvertNitroImageInput, options: StartOptions = {}): Promise<Job> {
    const given = withoutNulls({ ...input });
    const more = {
      ...(options.register === false && { register: false as const }),
      ...(options.overlayDefault && { overlayDefault: true as const }),
    };
    const request = { ...conversionRequest(given, this.defaults), ...more };
    // What nobody asked for makes no two requests different: the gateway may have got its key in between.
    const canSign = this.defaults.canSign && given.signing !== undefined;
    const isAsked = canSign === this.defaults.canSign;
    const asked = isAsked ? request : { ...conversionRequest(given, { ...this.defaults, canSign }), ...more };
    const missing = await this.missingBlobs(asked.architecture);
    const { jobs, queue, inTransaction } = this.services;
    const wanted = {
      kind: JobKind.NITRO_CONVERSION,
      input: asked,
      credentials: conversionCredentials(given),
      outputImage: { name: formatTarget(request.output), digest: null, sizeBytes: null },
      idempotencyKey: given.idempotencyKey,
      join: options.join,
    };
    const create = () =>
      inTransaction(async (tx) => {
        const complete = () => this.filledIn(tx, principal.accountId, request);
        const { job, isNew } = await jobs.create(tx, principal, { ...wanted, complete });
        // An equal request of before is answered all the same.
        if (isNew && missing) throw missing;
        if (isNew) tx.afterCommit(() => queue.add(job));
        return job;
      });
    return create().catch((error: unknown) => {
      if (error instanceof EqualJobAtOnce) return create();
      throw error;
    });
  }

  /**
   * A new job in the place of one that FAILED or was CANCELLED, with the same request; while it is not final, that job
   * again. Throws NOT_FOUND, CONFLICT, and FEATURE_NOT_SUPPORTED.
   */
  async retry(principal: Principal, input: RetryJobInput): Promise<Job> {
    const { jobs, queue, inTransaction } = this.services;
    const { accountId } = principal;
    const missing = await this.missingBlobsOfEach();
    return inTransaction(async (tx) => {
      const before = await jobs.lock(tx, accountId, input.jobId.toLowerCase());
      if (before.kind !== JobKind.NITRO_CONVERSION) throw new CatalogError('CONFLICT', 'Only conversions are retried.');
      const known = await jobs.findRetry(tx, accountId, before.id);
      if (known) return known;
      if (before.status !== JobStatus.FAILED && before.status !== JobStatus.CANCELLED) {
        throw new CatalogError('CONFLICT', `The job is ${before.status}: what did not fail needs no retry.`);
      }
      const request = before.input as ConversionRequest;
      const lacking = missing[request.architecture];
      if (lacking) throw lacking;
      const { kind } = before;
      const outputImage = { name: formatTarget(request.output), digest: null, sizeBytes: null };
      const credentials = credentialsAgain(input);
      const wanted = { kind, input: request, credentials, outputImage, retryOf: before.id };
      const { job } = await jobs.create(tx, principal, wanted);
      tx.afterCommit(() => queue.add(job));
      return job;
    });
  }

  /** Lets a WAITING job go on. Throws NOT_FOUND, CONFLICT where it waits for none, BAD_USER_INPUT for a wrong one. */
  async attachSignature(principal: Principal, input: AttachSignatureInput): Promise<Job> {
    const { jobs, queue, inTransaction } = this.services;
    return inTransaction(async (tx) => {
      const job = await jobs.lock(tx, principal.accountId, input.jobId.toLowerCase());
      const signature = checkedSignature(job, input.signature);
      if (job.signing?.signature === signature) return job;
      if (job.status !== JobStatus.WAITING) {
        throw new CatalogError('CONFLICT', `The job is ${job.status} and waits for no signature.`);
      }
      await jobs.attachSignature(tx, job, signature);
      tx.afterCommit(() => queue.add(job));
      return job;
    });
  }

  /** The request with what the app has for what it leaves out. */
  private async filledIn(tx: Transaction, accountId: string, asked: AskedConversion): Promise<ConversionRequest> {
    const { overlayDefault, ...request } = asked;
    const { appId } = request;
    const app = appId === null ? undefined : await this.services.apps.get(tx, accountId, { id: appId });
    const defaults = app?.defaultBuildSettings.nitroEnclaves;
    return { ...request, nitro: nitroOptions(request.nitro, defaults, overlayDefault) };
  }

  /** Asked before a transaction, which must not wait for a disk. */
  private async missingBlobsOfEach(): Promise<Record<Architecture, CatalogError | undefined>> {
    return { AMD64: await this.missingBlobs(Architecture.AMD64), ARM64: await this.missingBlobs(Architecture.ARM64) };
  }

  private async missingBlobs(architecture: Architecture): Promise<CatalogError | undefined> {
    const name = architecture === Architecture.ARM64 ? 'arm64' : 'amd64';
    const missing = await findMissingBlobs(this.blobsDir, name);
    if (missing.length === 0) return undefined;
    const { message, hint } = blobsMissing(missing, name);
    return new CatalogError('FEATURE_NOT_SUPPORTED', `${message} ${hint}`);
  }
}

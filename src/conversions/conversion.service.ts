// Starts conversions: checks what can be checked at once, writes the job, and queues it once that is durable.
import type { AppService } from '../apps/app.service.js';
import { Architecture } from '../builds/build-parts.js';
import type { Principal } from '../auth/principal.js';
import type { JobQueue } from '../jobs/job-queue.js';
import { EqualJobAtOnce } from '../jobs/job.service.js';
import type { JobService } from '../jobs/job.service.js';
import { JobKind } from '../jobs/job.entity.js';
import type { Job } from '../jobs/job.entity.js';
import { CatalogError } from '../lib/errors.js';
import { withoutNulls } from '../lib/json.js';
import type { OwnNames } from '../lib/own-names.js';
import type { InTransaction } from '../lib/transaction.js';
import { blobsMissing, findMissingBlobs } from '../nitro/blobs.js';
import type { ConvertNitroImageInput } from './conversion.input.js';
import { conversionCredentials, conversionRequest, formatTarget } from './conversion-request.js';

export interface ConversionServices {
  apps: AppService;
  jobs: JobService;
  queue: JobQueue;
  inTransaction: InTransaction;
}

export class ConversionService {
  constructor(
    private readonly services: ConversionServices,
    private readonly names: OwnNames,
    private readonly blobsDir: string,
  ) {}

  /**
   * A new job, or the one an equal request made before. `join` joins an equal one that is not final even without a
   * key. Throws BAD_USER_INPUT, NOT_FOUND for the app, CONFLICT for a reused key, and FEATURE_NOT_SUPPORTED where
   * the enclave platform's files are not installed.
   */
  async start(principal: Principal, input: ConvertNitroImageInput, join = false): Promise<Job> {
    const given = withoutNulls({ ...input });
    const request = conversionRequest(given, this.names);
    const credentials = conversionCredentials(given);
    const missing = await this.missingBlobs(request.architecture);
    const { apps, jobs, queue, inTransaction } = this.services;
    const outputImage = { name: formatTarget(request.output), digest: null, sizeBytes: null };
    const wanted = { kind: JobKind.NITRO_CONVERSION, input: request, credentials, outputImage, join };
    const create = () =>
      inTransaction(async (tx) => {
        if (request.appId !== null) await apps.get(tx, principal.accountId, { id: request.appId });
        const { job, isNew } = await jobs.create(tx, principal, { ...wanted, idempotencyKey: given.idempotencyKey });
        // An equal request of before is answered all the same.
        if (isNew && missing) throw missing;
        if (isNew) tx.afterCommit(() => queue.add(job.id));
        return job;
      });
    return create().catch((error: unknown) => {
      if (error instanceof EqualJobAtOnce) return create();
      throw error;
    });
  }

  private async missingBlobs(architecture: Architecture): Promise<CatalogError | undefined> {
    const name = architecture === Architecture.ARM64 ? 'arm64' : 'amd64';
    const missing = await findMissingBlobs(this.blobsDir, name);
    if (missing.length === 0) return undefined;
    const { message, hint } = blobsMissing(missing, name);
    return new CatalogError('FEATURE_NOT_SUPPORTED', `${message} ${hint}`);
  }
}

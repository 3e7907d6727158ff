// Works on IMAGE_IMPORT jobs: a child process brings the image into the store, and the image's document follows it
// from `new` to `live`; back to `new` it is put where the job ends otherwise (ImageJobEnds).
import { storedLogin } from '../../conversions/stored-logins.js';
import type { Logins } from '../../conversions/stored-logins.js';
import type { ImageTarget, Login } from '../../conversions/image-target.js';
import type { JobChild } from '../../conversions/job-child.js';
import type { ImportedImage } from '../../conversions/child-messages.js';
import { JobStep } from '../../events/job-step.js';
import type { ImageSource } from '../../image-sources/image-source.entity.js';
import type { ImageSourceService } from '../../image-sources/image-source.service.js';
import { importTarget, loginOf, webhookOf } from '../../image-sources/import-target.js';
import { askWebhook } from '../../image-sources/webhook-login.js';
import type { CompleteJob, JobHandler, JobReports } from '../../jobs/job-handler.js';
import { JobKind } from '../../jobs/job.entity.js';
import type { Job } from '../../jobs/job.entity.js';
import { RunIsVoid } from '../../jobs/job.service.js';
import type { JobService } from '../../jobs/job.service.js';
import { CatalogError } from '../../lib/errors.js';
import { JobFailure, JobFailureCode } from '../../lib/job-failure.js';
import type { OwnNames } from '../../lib/own-names.js';
import type { InTransaction, Transaction } from '../../lib/transaction.js';
import type { Upstream } from '../../lib/upstream.js';
import type { CycleImages, ServedImage } from './cycle-images.js';
import type { ImageJobInput } from './cycle-tasks.js';
import { imported, inState } from './image-document.js';
import { removeManifest } from './remove-stored.js';

export interface ImportServices {
  images: CycleImages;
  sources: ImageSourceService;
  jobs: Pick<JobService, 'lockRun'>;
  logins: Logins;
  names: OwnNames;
  inTransaction: InTransaction;
}

const STATES: Partial<Record<JobStep, string>> = {
  [JobStep.MEASURING]: 'verifying',
  [JobStep.PUSHING]: 'saving',
};

export class ImportHandler implements JobHandler {
  readonly kind = JobKind.IMAGE_IMPORT;

  constructor(
    private readonly child: JobChild,
    private readonly upstream: Upstream,
    private readonly services: ImportServices,
  ) {}

  async run(job: Job, _credentials: object, reports: JobReports, signal: AbortSignal): Promise<CompleteJob> {
    const { accountId, id, attempt } = job;
    const { image, source } = await this.services.inTransaction((tx) => this.begin(tx, job));
    const input = this.targetOf(source, image);
    const login = await this.loginFor(source, input, signal);
    const { store } = this.child;
    await store.expectRoom(accountId);
    const { repository } = image.related.import!;
    const tag = image.document.id;
    const former = await store.repository(accountId, repository).folder.digestOf(tag);
    const output = { repository, tagOrDigest: tag };
    const credentials = login ? { input: login } : {};
    const roomBytes = await store.roomBytes(accountId);
    const what = { kind: 'import' as const, input, output, credentials, roomBytes };
    const followed = this.following(job, reports);
    const done = await this.child.run({ name: `${id}-${attempt}`, accountId, what }, followed.reports, signal);
    await followed.written();
    if (done.kind !== 'imported') throw new Error('Not what was asked for');
    // A run before this one came so far, and what it was asked for leads elsewhere by now.
    if (former !== undefined && former !== done.image.manifestDigest)
      await removeManifest(store, accountId, { repository, digest: former, writtenAt: 0 });
    return (tx) => this.complete(tx, job, repository, done.image);
  }

  private async begin(tx: Transaction, job: Job): Promise<{ image: ServedImage; source: ImageSource }> {
    const { sourceId } = job.input as ImageJobInput;
    const image = await this.enter(tx, job, 'downloading');
    const source = await this.services.sources.find(tx, job.accountId, sourceId);
    if (!source)
      throw new JobFailure(JobFailureCode.IMAGE_NOT_FOUND, 'The image source is gone.', 'Make another image.');
    return { image, source };
  }

  /** Throws RunIsVoid. */
  private async enter(tx: Transaction, job: Job, state: string): Promise<ServedImage> {
    const { images, jobs } = this.services;
    await jobs.lockRun(tx, job);
    const image = await images.lock(tx, job.accountId, (job.input as ImageJobInput).imageId);
    const document = inState(image.document, state, new Date());
    return images.save(tx, job.accountId, { ...image, document }, job.requester);
  }

  /** It could be found when the job was asked for; the source may have been changed since. */
  private targetOf(source: ImageSource, image: ServedImage): ImageTarget {
    try {
      return importTarget(source.origin, image.document.source.override?.target, this.services.names);
    } catch (error) {
      if (!(error instanceof CatalogError)) throw error;
      throw new JobFailure(JobFailureCode.IMAGE_INVALID, error.message, 'Correct the origin of the image source.');
    }
  }

  /** What the origin brings, else what its webhook says, else the account's stored login. */
  private async loginFor(source: ImageSource, target: ImageTarget, signal: AbortSignal): Promise<Login | undefined> {
    const { sources, logins } = this.services;
    const webhook = webhookOf(source.origin);
    if (webhook !== undefined) return askWebhook(this.upstream, webhook, signal);
    return loginOf(source.origin, sources.secretsOf(source)) ?? storedLogin(logins, source.accountId, target);
  }

  /** The same reports, which the image's state follows; `written` throws where the run is void. */
  private following(job: Job, reports: JobReports): { reports: JobReports; written: () => Promise<void> } {
    let last: Promise<unknown> = Promise.resolve();
    let step: JobStep | undefined;
    const progress: JobReports['progress'] = (told) => {
      reports.progress(told);
      if (told.step === step) return;
      step = told.step;
      const state = STATES[step];
      if (!state) return;
      last = last.then(() => this.services.inTransaction((tx) => this.enter(tx, job, state))).catch(unlessAway);
      last.catch(() => undefined);
    };
    return {
      reports: { ...reports, progress },
      async written() {
        await last;
      },
    };
  }

  private async complete(tx: Transaction, job: Job, repository: string, result: ImportedImage) {
    const { images } = this.services;
    const image = await images.lock(tx, job.accountId, (job.input as ImageJobInput).imageId);
    const stored = {
      ...{ repository, manifest_digest: result.manifestDigest, image_id: result.imageId },
      ...{ architecture: result.architecture, written_at: result.writtenAt },
    };
    const document = imported(image.document, repository, result, new Date());
    const related = { ...image.related, import: { job_id: job.id, repository, stored } };
    const { id: buildId } = await images.save(tx, job.accountId, { document, related }, job.requester);
    const name = `/${repository}:${document.id}`;
    const outputImage = { name, digest: result.manifestDigest, sizeBytes: result.layerBytes, imageId: result.imageId };
    return { buildId, outputImage };
  }
}

/** A database that is away for a moment must not cost what was fetched: the image's last state is written with its job's. */
function unlessAway(error: unknown): void {
  if (error instanceof RunIsVoid || error instanceof CatalogError) throw error;
}

// Starts what Cycle calls tasks: importing and deleting images, pruning them, deleting sources. Each is a job here; the
// caller of these opens the transaction.
import { actorOf } from '../../auth/principal.js';
import type { Principal } from '../../auth/principal.js';
import { DeploymentStatusType } from '../../builds/build-parts.js';
import type { BuildService } from '../../builds/build.service.js';
import { importTarget } from '../../image-sources/import-target.js';
import type { ImageSourceService } from '../../image-sources/image-source.service.js';
import type { JobQueue } from '../../jobs/job-queue.js';
import { JobKind } from '../../jobs/job.entity.js';
import type { Job } from '../../jobs/job.entity.js';
import type { JobService } from '../../jobs/job.service.js';
import { CatalogError } from '../../lib/errors.js';
import type { OwnNames } from '../../lib/own-names.js';
import type { Transaction } from '../../lib/transaction.js';
import { absent, CycleError, wrongState } from './cycle-errors.js';
import type { CycleImages, ServedImage } from './cycle-images.js';
import { inState, sourceOf } from './image-document.js';

/** What the jobs keep. `label` is what people call it. */
export interface ImageJobInput {
  action: 'import' | 'delete';
  imageId: string;
  sourceId: string;
  label: string;
}

export interface PruneInput {
  action: 'prune';
  sourceIds: string[];
}

export interface SourceJobInput {
  action: 'delete-source';
  sourceId: string;
  label: string;
}

export interface TaskServices {
  images: CycleImages;
  sources: ImageSourceService;
  builds: Pick<BuildService, 'get'>;
  jobs: Pick<JobService, 'create' | 'listOpen'>;
}

/** States that no import begins in; those between are of a run that came to nothing. */
const DONE = ['live', 'deleting', 'deleted'];

export class CycleTasks {
  constructor(
    private readonly services: TaskServices,
    private readonly queue: Pick<JobQueue, 'add'>,
    private readonly names: OwnNames,
  ) {}

  /**
   * The job that imports an image; while one does already, that one. Throws 404.image, 403.not-allowed, 404.image.source,
   * 403.invalid-state where it is not `new`, and 422.not-compatible for what is fetched from no registry.
   */
  async importImage(tx: Transaction, principal: Principal, id: string): Promise<Job> {
    const { accountId } = principal;
    const { images, sources } = this.services;
    const image = await images.lock(tx, accountId, id);
    const running = await this.importOf(tx, accountId, image);
    if (running) return running;
    const { document, related } = image;
    const { current } = document.state;
    if (DONE.includes(current)) throw wrongState(`The image is ${current}: only a new one is imported.`);
    const { id: sourceId } = document.source.details;
    const source = await sources.find(tx, accountId, sourceId);
    if (!source) throw absent('404.image.source', sourceId);
    if (source.state !== 'live') throw wrongState('The image source is being deleted.');
    const target = document.source.override?.target;
    expectTarget(() => importTarget(source.origin, target, this.names));
    const label = target ?? source.origin.details?.target ?? document.name;
    const input: ImageJobInput = { action: 'import', imageId: document.id, sourceId, label };
    const job = await this.create(tx, principal, JobKind.IMAGE_IMPORT, input);
    const fetchedFrom = { ...document.source, ...sourceOf(source) };
    const changed = {
      document: { ...document, source: fetchedFrom },
      related: { ...related, import: { job_id: job.id } },
    };
    await images.save(tx, accountId, changed, actorOf(principal));
    return job;
  }

  /** Throws 404.image, 403.not-allowed, and 403.invalid-state where it is deployed or being imported. */
  async deleteImage(tx: Transaction, principal: Principal, id: string): Promise<Job> {
    const { accountId } = principal;
    const image = await this.services.images.lock(tx, accountId, id);
    if (await this.importOf(tx, accountId, image)) throw wrongState('The image is being imported: cancel that first.');
    await this.markDeleting(tx, principal, image);
    const { id: imageId, name: label, source } = image.document;
    const input: ImageJobInput = { action: 'delete', imageId, sourceId: source.details.id, label };
    return this.create(tx, principal, JobKind.IMAGE_DELETE, input);
  }

  async prune(tx: Transaction, principal: Principal, sourceIds: string[]): Promise<Job> {
    const input: PruneInput = { action: 'prune', sourceIds: [...new Set(sourceIds)].sort() };
    return this.create(tx, principal, JobKind.IMAGE_PRUNE, input);
  }

  /** Throws 404.image.source, and 403.invalid-state while one of its images is imported. */
  async deleteSource(tx: Transaction, principal: Principal, id: string): Promise<Job> {
    const { accountId } = principal;
    const { sources, jobs } = this.services;
    const source = await sources.find(tx, accountId, id);
    if (!source) throw absent('404.image.source', id);
    const imports = await jobs.listOpen(tx, accountId, JobKind.IMAGE_IMPORT);
    if (imports.some(({ input }) => (input as ImageJobInput).sourceId === source.id))
      throw wrongState('An image of this source is being imported.');
    if (source.state !== 'deleting') await sources.setState(tx, accountId, source.id, 'deleting', actorOf(principal));
    const input: SourceJobInput = { action: 'delete-source', sourceId: source.id, label: source.name };
    return this.create(tx, principal, JobKind.IMAGE_DELETE, input);
  }

  /** Throws 403.invalid-state where it is deployed or being deleted. */
  private async markDeleting(tx: Transaction, principal: Principal, image: ServedImage): Promise<void> {
    const { images, builds } = this.services;
    const { accountId } = principal;
    if (await this.isBeingDeleted(tx, accountId, image)) throw wrongState('The image is being deleted already.');
    const build = await builds.get(tx, accountId, image.id);
    if (build.deploymentStatusType === DeploymentStatusType.DEPLOYED)
      throw wrongState('A node runs the image: stop it there first.');
    const document = inState(image.document, 'deleting', new Date());
    await images.save(tx, accountId, { ...image, document }, actorOf(principal));
  }

  /** One whose job failed is not any more. */
  private async isBeingDeleted(tx: Transaction, accountId: string, { document }: ServedImage): Promise<boolean> {
    if (document.state.current !== 'deleting') return false;
    const { jobs } = this.services;
    if ((await jobs.listOpen(tx, accountId, JobKind.IMAGE_PRUNE)).length > 0) return true;
    const deletions = await jobs.listOpen(tx, accountId, JobKind.IMAGE_DELETE);
    return deletions.some(({ input }) => (input as Partial<ImageJobInput>).imageId === document.id);
  }

  /** The job that imports it now. */
  private async importOf(tx: Transaction, accountId: string, { related }: ServedImage): Promise<Job | undefined> {
    const id = related.import?.job_id;
    if (id === undefined) return undefined;
    const open = await this.services.jobs.listOpen(tx, accountId, JobKind.IMAGE_IMPORT);
    return open.find((job) => job.id === id);
  }

  private async create(tx: Transaction, principal: Principal, kind: JobKind, input: object): Promise<Job> {
    const wanted = { kind, input, credentials: {}, outputImage: null };
    const { job } = await this.services.jobs.create(tx, principal, wanted);
    tx.afterCommit(() => this.queue.add(job));
    return job;
  }
}

/** A target that can not be is the fault of the source or the image, not of the request. */
function expectTarget(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof CatalogError)) throw error;
    throw new CycleError(error.code, '422.not-compatible', error.message);
  }
}

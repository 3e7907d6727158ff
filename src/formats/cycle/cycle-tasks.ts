// Starts what Cycle calls tasks: importing and deleting images, pruning them, deleting sources. Each is a job here; the
// caller of these opens the transaction.
import { actorOf } from '../../auth/principal.js';
import type { Principal } from '../../auth/principal.js';
import { DeploymentStatusType } from '../../builds/build-parts.js';
import type { BuildService } from '../../builds/build.service.js';
import { OriginKind, SERVED } from '../../builds/origin.entity.js';
import type { OriginQuery } from '../../builds/origin.query.js';
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
import { leftoverOf } from './image-removal.js';
import type { Leftover } from './remove-stored.js';

/** What the jobs keep. `label` is what people call it. */
export interface ImageJobInput {
  action: 'import' | 'delete';
  imageId: string;
  sourceId: string;
  label: string;
  leftover?: Leftover;
}

export interface PruneInput {
  action: 'prune';
  sourceIds: string[];
  leftover?: Leftover;
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
  jobs: Pick<JobService, 'create' | 'listOpen' | 'findOpen'>;
  originQuery: Pick<OriginQuery, 'findOf'>;
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
    const repository = `cycle/${source.identifier}`;
    const changed = {
      document: { ...document, source: fetchedFrom },
      // Where it began to come it stays: an import that failed may have left something there.
      related: { ...related, import: { job_id: job.id, repository: related.import?.repository ?? repository } },
    };
    await images.save(tx, accountId, changed, actorOf(principal));
    return job;
  }

  /** Throws 404.image, 403.not-allowed, and 403.invalid-state where it is deployed or being imported. */
  async deleteImage(tx: Transaction, principal: Principal, id: string): Promise<Job> {
    const { accountId } = principal;
    const image = await this.services.images.lock(tx, accountId, id);
    if (await this.importOf(tx, accountId, image)) throw wrongState('The image is being imported: cancel that first.');
    if (await this.isBeingDeleted(tx, accountId, image)) throw wrongState('The image is being deleted already.');
    const build = await this.services.builds.get(tx, accountId, image.id);
    if (build.deploymentStatusType === DeploymentStatusType.DEPLOYED)
      throw wrongState('A node runs the image: stop it there first.');
    const job = await this.create(tx, principal, JobKind.IMAGE_DELETE, deletionOf(image));
    const changed = {
      document: inState(image.document, 'deleting', new Date()),
      related: { ...image.related, deletion: { job_id: job.id } },
    };
    await this.services.images.save(tx, accountId, changed, actorOf(principal));
    return job;
  }

  /**
   * What goes with a build that somebody deletes as such: where it stands for an image, a job frees the store's bytes.
   * Throws 403.invalid-state where the image is being imported.
   */
  readonly releaseBuild = async (tx: Transaction, principal: Principal, buildId: string): Promise<void> => {
    const { images, originQuery } = this.services;
    const { accountId } = principal;
    const origin = await originQuery.findOf(tx, accountId, buildId);
    if (origin?.kind !== OriginKind.CYCLE || origin.sourceKey !== SERVED) return;
    const image = await images.lock(tx, accountId, origin.externalId);
    if (await this.importOf(tx, accountId, image)) throw wrongState('The image is being imported: cancel that first.');
    const leftover = leftoverOf(image);
    if (leftover) await this.create(tx, principal, JobKind.IMAGE_DELETE, { ...deletionOf(image), leftover });
  };

  async prune(tx: Transaction, principal: Principal, sourceIds: string[]): Promise<Job> {
    const input: PruneInput = {
      action: 'prune',
      sourceIds: [...new Set(sourceIds.map((id) => id.toLowerCase()))].sort(),
    };
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

  private async isBeingDeleted(tx: Transaction, accountId: string, image: ServedImage): Promise<boolean> {
    const { document, related } = image;
    if (document.state.current !== 'deleting' || !related.deletion) return false;
    return (await this.services.jobs.findOpen(tx, accountId, related.deletion.job_id)) !== null;
  }

  /** The job that imports it now. */
  private async importOf(tx: Transaction, accountId: string, { related }: ServedImage): Promise<Job | undefined> {
    if (!related.import) return undefined;
    return (await this.services.jobs.findOpen(tx, accountId, related.import.job_id)) ?? undefined;
  }

  private async create(tx: Transaction, principal: Principal, kind: JobKind, input: object): Promise<Job> {
    const wanted = { kind, input, credentials: {}, outputImage: null };
    const { job } = await this.services.jobs.create(tx, principal, wanted);
    tx.afterCommit(() => this.queue.add(job));
    return job;
  }
}

function deletionOf({ document: { id: imageId, name: label, source } }: ServedImage): ImageJobInput {
  return { action: 'delete', imageId, sourceId: source.details.id, label };
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

// Works on IMAGE_PRUNE jobs: deletes images that are live, that no node runs and that are not young.
import { DeploymentStatusType } from '../../builds/build-parts.js';
import type { BuildService } from '../../builds/build.service.js';
import { SERVED } from '../../builds/origin.entity.js';
import type { Origin } from '../../builds/origin.entity.js';
import type { OriginQuery } from '../../builds/origin.query.js';
import type { CompleteJob, JobHandler, JobReports } from '../../jobs/job-handler.js';
import { JobKind } from '../../jobs/job.entity.js';
import type { Job } from '../../jobs/job.entity.js';
import type { InTransaction, Transaction } from '../../lib/transaction.js';
import { CatalogError } from '../../lib/errors.js';
import type { CycleImages } from './cycle-images.js';
import type { PruneInput } from './cycle-tasks.js';
import { inState } from './image-document.js';
import type { ImageRemoval } from './image-removal.js';

/** As the vendor has it. */
const SPARED_MS = 15 * 60_000;
const PAGE = 200;

export interface PruneServices {
  images: CycleImages;
  originQuery: Pick<OriginQuery, 'list'>;
  builds: Pick<BuildService, 'get'>;
  inTransaction: InTransaction;
}

export class PruneHandler implements JobHandler {
  readonly kind = JobKind.IMAGE_PRUNE;

  constructor(
    private readonly removal: ImageRemoval,
    private readonly services: PruneServices,
  ) {}

  async run(job: Job, _credentials: object, reports: JobReports, signal: AbortSignal): Promise<CompleteJob> {
    const { inTransaction } = this.services;
    let bytes = 0;
    let images = 0;
    for (const { externalId } of await this.candidates(job)) {
      signal.throwIfAborted();
      if (!(await inTransaction((tx) => this.mark(tx, job, externalId)))) continue;
      const removed = await this.removal.remove(job, externalId);
      if (!removed) continue;
      await inTransaction(removed.forget).catch(unlessGone);
      reports.log(`Deleted the image ${externalId}, which freed ${removed.bytes} bytes of the store.`);
      bytes += removed.bytes;
      images += 1;
    }
    reports.log(`${images} images, ${bytes} bytes.`);
    return () => Promise.resolve({ buildId: null, outputImage: null });
  }

  /** Also what a run that was cut short left `deleting`. */
  private async candidates({ accountId, input, attempt }: Job): Promise<Origin[]> {
    const { sourceIds } = input as PruneInput;
    const before = Date.now() - SPARED_MS;
    const found: Origin[] = [];
    for (let offset = 0; ; offset += PAGE) {
      const { items } = await this.services.originQuery.list(accountId, {
        ...{ kind: 'CYCLE', states: statesOf(attempt), limit: PAGE, offset },
        ...(sourceIds.length > 0 && { groupKeys: sourceIds }),
        sort: [{ field: 'externalId', descending: false }],
      });
      const isOld = ({ externalCreatedAt }: Origin) => externalCreatedAt.getTime() <= before;
      found.push(...items.filter((origin) => origin.sourceKey === SERVED && isOld(origin)));
      if (items.length < PAGE) return found;
    }
  }

  /** False where it is not to be pruned any more. */
  private async mark(tx: Transaction, job: Job, imageId: string): Promise<boolean> {
    const { images, builds } = this.services;
    const { accountId, requester } = job;
    try {
      const image = await images.lock(tx, accountId, imageId);
      const { current } = image.document.state;
      if (!statesOf(job.attempt).includes(current)) return false;
      const { deploymentStatusType } = await builds.get(tx, accountId, image.id);
      if (deploymentStatusType === DeploymentStatusType.DEPLOYED) return false;
      await images.save(
        tx,
        accountId,
        { ...image, document: inState(image.document, 'deleting', new Date()) },
        requester,
      );
      return true;
    } catch (error) {
      unlessGone(error);
      return false;
    }
  }
}

const statesOf = (attempt: number): string[] => (attempt > 1 ? ['live', 'deleting'] : ['live']);

/** Somebody else may have deleted it meanwhile. */
function unlessGone(error: unknown): void {
  if (!(error instanceof CatalogError) || error.code !== 'NOT_FOUND') throw error;
}

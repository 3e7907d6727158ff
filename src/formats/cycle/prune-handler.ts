// Works on IMAGE_PRUNE jobs: deletes images that are live, that no node runs and that are not young.
import { DeploymentStatusType } from '../../builds/build-parts.js';
import type { BuildService } from '../../builds/build.service.js';
import { OriginKind } from '../../builds/origin.entity.js';
import type { OriginQuery } from '../../builds/origin.query.js';
import type { CompleteJob, JobHandler, JobReports } from '../../jobs/job-handler.js';
import { JobKind } from '../../jobs/job.entity.js';
import type { Job } from '../../jobs/job.entity.js';
import type { Transaction } from '../../lib/transaction.js';
import type { ServedImage } from './cycle-images.js';
import type { PruneInput } from './cycle-tasks.js';
import type { ImageRemoval } from './image-removal.js';
import { fromWireTime } from './times.js';

/** As the vendor has it. */
const SPARED_MS = 15 * 60_000;
const PAGE = 1_000;
/** To free blobs, all of the store is looked through. */
const FREED_AT_ONCE = 100;

export interface PruneServices {
  originQuery: Pick<OriginQuery, 'servedIds'>;
  builds: Pick<BuildService, 'get'>;
}

export class PruneHandler implements JobHandler {
  readonly kind = JobKind.IMAGE_PRUNE;

  constructor(
    private readonly removal: ImageRemoval,
    private readonly services: PruneServices,
  ) {}

  async run(job: Job, _credentials: object, reports: JobReports, signal: AbortSignal): Promise<CompleteJob> {
    const before = Date.now() - SPARED_MS;
    let bytes = 0;
    let images = 0;
    let former = await this.removal.resume(job);
    for await (const imageId of this.candidates(job)) {
      signal.throwIfAborted();
      const removed = await this.removal.remove(job, imageId, (tx, image) => this.mayGo(tx, job, image, before));
      if (!removed) continue;
      reports.log(`Deleted the image ${imageId}.`);
      former = new Map([...former, ...removed]);
      images += 1;
      if (images % FREED_AT_ONCE !== 0) continue;
      bytes += await this.removal.free(former);
      former = new Map();
    }
    bytes += await this.removal.free(former);
    reports.log(`${images} images, which freed ${bytes} bytes of the store.`);
    return () => Promise.resolve({ buildId: null, outputImage: null });
  }

  /** Ids only: there may be very many. */
  private async *candidates({ accountId, input }: Job): AsyncGenerator<string> {
    const { sourceIds } = input as PruneInput;
    const groupKeys = sourceIds.length > 0 ? sourceIds : undefined;
    const wanted = { accountId, kind: OriginKind.CYCLE, state: 'live', groupKeys };
    for (let after = ''; ;) {
      const ids = await this.services.originQuery.servedIds(wanted, { after, limit: PAGE });
      yield* ids;
      if (ids.length < PAGE) return;
      after = ids.at(-1)!;
    }
  }

  /** One that became live just now is about to be used, however long ago it was made. */
  private async mayGo(tx: Transaction, { accountId }: Job, image: ServedImage, before: number): Promise<boolean> {
    const { state, events } = image.document;
    const isOld = [state.changed, events.created].every((time) => (fromWireTime(time)?.getTime() ?? 0) <= before);
    if (state.current !== 'live' || !isOld) return false;
    const { deploymentStatusType } = await this.services.builds.get(tx, accountId, image.id);
    return deploymentStatusType !== DeploymentStatusType.DEPLOYED;
  }
}

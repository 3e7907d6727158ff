// Removes images: first what the catalog has of one, with a note on the job, then its bytes; so a run that is lost in
// between is gone on with, and nobody is shown an image without bytes.
import type { Principal } from '../../auth/principal.js';
import { Role } from '../../auth/principal.js';
import type { DeleteBuild } from '../../jobs/delete-build.js';
import type { Job } from '../../jobs/job.entity.js';
import type { JobService } from '../../jobs/job.service.js';
import type { InTransaction, Transaction } from '../../lib/transaction.js';
import type { Store } from '../../oci/store.js';
import type { CycleImages, ServedImage } from './cycle-images.js';
import { CycleError } from './cycle-errors.js';
import { removeStored } from './remove-stored.js';
import type { FormerBlobs, Leftover } from './remove-stored.js';

export interface RemovalServices {
  images: CycleImages;
  deleteBuild: Pick<DeleteBuild, 'forget'>;
  jobs: Pick<JobService, 'lockRun' | 'setInput'>;
  inTransaction: InTransaction;
}

/** False where the image is to stay; its row is locked. */
export type MayGo = (tx: Transaction, image: ServedImage) => Promise<boolean>;

export class ImageRemoval {
  constructor(
    private readonly store: Store,
    private readonly services: RemovalServices,
  ) {}

  /** Answers the blobs it had; undefined where it is gone or stays. Throws RunIsVoid, and what `mayGo` throws. */
  async remove(job: Job, imageId: string, mayGo: MayGo): Promise<FormerBlobs | undefined> {
    const { images, deleteBuild, jobs, inTransaction } = this.services;
    const gone = await inTransaction(async (tx) => {
      const { input } = await jobs.lockRun(tx, job);
      const image = await images.lock(tx, job.accountId, imageId).catch(unlessGone);
      if (!image || !(await mayGo(tx, image))) return undefined;
      const leftover = leftoverOf(image);
      if (leftover) await jobs.setInput(tx, job, { ...input, leftover });
      await deleteBuild.forget(tx, requesterOf(job), image.id);
      return { leftover };
    });
    return gone && this.clear(job, gone.leftover);
  }

  /** Goes on where a run before this one was lost, or where the image went before the job was made. */
  resume(job: Job): Promise<FormerBlobs> {
    return this.clear(job, (job.input as { leftover?: Leftover }).leftover);
  }

  /** Answers the bytes that were freed: what somebody touched since, maybe pushing it, is left to the collector. */
  free(blobs: FormerBlobs): Promise<number> {
    return this.store.free(blobs);
  }

  private async clear({ accountId }: Job, leftover: Leftover | undefined): Promise<FormerBlobs> {
    return leftover ? removeStored(this.store, accountId, leftover) : new Map();
  }
}

/** What the store may have of an image; undefined where it was never imported. */
export function leftoverOf({ document, related }: ServedImage): Leftover | undefined {
  if (!related.import) return undefined;
  const { repository, stored } = related.import;
  const known = stored && { digest: stored.manifest_digest, writtenAt: stored.written_at };
  return { tag: document.id, repository, ...known };
}

function unlessGone(error: unknown): undefined {
  if (!(error instanceof CycleError) || error.code !== 'NOT_FOUND') throw error;
}

/** Whoever asked for a job, as the audit trail is to name it; what they may do was checked then. */
function requesterOf({ accountId, requester }: Job): Principal {
  const { type, id, name, ownerId } = requester;
  const own = { userId: type === 'USER' ? id : null, tokenId: id ?? '', name, role: Role.WRITER };
  return { accountId, ...own, ...(ownerId !== undefined && { ownerId }) };
}

// Removes one image that is marked as being deleted: first its bytes, then its build. May be done again at any point.
import type { Principal } from '../../auth/principal.js';
import { Role } from '../../auth/principal.js';
import type { DeleteBuild } from '../../jobs/delete-build.js';
import type { Job } from '../../jobs/job.entity.js';
import type { InTransaction, Transaction } from '../../lib/transaction.js';
import type { Store } from '../../oci/store.js';
import type { CycleImages } from './cycle-images.js';
import { CycleError } from './cycle-errors.js';
import { removeStored } from './remove-stored.js';

export interface RemovalServices {
  images: CycleImages;
  deleteBuild: DeleteBuild;
  inTransaction: InTransaction;
}

export class ImageRemoval {
  constructor(
    private readonly store: Store,
    private readonly services: RemovalServices,
  ) {}

  /** Answers the bytes that were freed, and how to forget the image; undefined where it is gone or stays. */
  async remove(
    job: Job,
    imageId: string,
  ): Promise<{ bytes: number; forget: (tx: Transaction) => Promise<void> } | undefined> {
    const { images, deleteBuild, inTransaction } = this.services;
    const { accountId } = job;
    const image = await inTransaction((tx) => images.lock(tx, accountId, imageId)).catch(unlessGone);
    if (image?.document.state.current !== 'deleting') return undefined;
    const stored = image.related.import?.stored;
    const bytes = stored ? await removeStored(this.store, accountId, image.document.id, stored) : 0;
    return { bytes, forget: (tx) => deleteBuild.delete(tx, requesterOf(job), image.id) };
  }
}

function unlessGone(error: unknown): undefined {
  if (!(error instanceof CycleError) || error.code !== 'NOT_FOUND') throw error;
}

/** Whoever asked for a job, as the audit trail is to name it; what they may do was checked then. */
export function requesterOf({ accountId, requester }: Job): Principal {
  const { type, id, name, ownerId } = requester;
  const own = { userId: type === 'USER' ? id : null, tokenId: id ?? '', name, role: Role.WRITER };
  return { accountId, ...own, ...(ownerId !== undefined && { ownerId }) };
}

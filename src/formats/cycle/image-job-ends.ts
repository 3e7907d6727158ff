// What becomes of images and image sources whose jobs ended without doing their work: failed, cancelled, or given up
// because their process died too often. It is written where the job's end is, so that no state outlives its job.
import { JobStatus } from '../../events/job-event.entity.js';
import type { ImageSourceService } from '../../image-sources/image-source.service.js';
import { JobKind } from '../../jobs/job.entity.js';
import type { Job } from '../../jobs/job.entity.js';
import { CatalogError } from '../../lib/errors.js';
import type { Transaction } from '../../lib/transaction.js';
import type { CycleImages, ServedImage } from './cycle-images.js';
import type { ImageJobInput, SourceJobInput } from './cycle-tasks.js';
import { inState } from './image-document.js';

const KINDS: JobKind[] = [JobKind.IMAGE_IMPORT, JobKind.IMAGE_DELETE];

export class ImageJobEnds {
  constructor(
    private readonly images: CycleImages,
    private readonly sources: ImageSourceService,
  ) {}

  readonly settle = async (tx: Transaction, job: Job): Promise<void> => {
    if (job.status === JobStatus.SUCCEEDED || !KINDS.includes(job.kind)) return;
    try {
      await this.putBack(tx, job, job.input as ImageJobInput | SourceJobInput);
    } catch (error) {
      // What is gone needs no state, and nothing else may keep a job from ending.
      if (!(error instanceof CatalogError)) throw error;
    }
  };

  private async putBack(tx: Transaction, job: Job, input: ImageJobInput | SourceJobInput): Promise<void> {
    const { accountId, requester } = job;
    if (input.action === 'delete-source') {
      const { state } = await this.sources.get(tx, accountId, input.sourceId);
      if (state === 'deleting') await this.sources.setState(tx, accountId, input.sourceId, 'live', requester);
      return;
    }
    const image = await this.images.lock(tx, accountId, input.imageId);
    const former = input.action === 'import' ? beforeImport(image, job) : beforeDeletion(image, job);
    if (former === undefined) return;
    const reason = job.status === JobStatus.CANCELLED ? 'cancelled' : (job.failure?.message ?? 'failed');
    const document = inState(image.document, former, new Date(), reason);
    await this.images.save(tx, accountId, { ...image, document }, requester);
  }
}

/** Undefined where the image does not wait for this job. */
const beforeImport = ({ related, document }: ServedImage, { id }: Job): string | undefined =>
  related.import?.job_id === id && !['live', 'deleting'].includes(document.state.current) ? 'new' : undefined;

function beforeDeletion({ related, document }: ServedImage, { id }: Job): string | undefined {
  if (document.state.current !== 'deleting' || related.deletion?.job_id !== id) return undefined;
  return related.import?.stored ? 'live' : 'new';
}

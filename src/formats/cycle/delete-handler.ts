// Works on IMAGE_DELETE jobs: of an image, or of an image source.
import type { ImageSourceService } from '../../image-sources/image-source.service.js';
import type { CompleteJob, JobHandler, JobOutcome, JobReports } from '../../jobs/job-handler.js';
import { JobKind } from '../../jobs/job.entity.js';
import type { Job } from '../../jobs/job.entity.js';
import type { ImageJobInput, SourceJobInput } from './cycle-tasks.js';
import type { ImageRemoval } from './image-removal.js';

const NOTHING: JobOutcome = { buildId: null, outputImage: null };

export class DeleteHandler implements JobHandler {
  readonly kind = JobKind.IMAGE_DELETE;

  constructor(
    private readonly removal: ImageRemoval,
    private readonly sources: ImageSourceService,
  ) {}

  async run(job: Job, _credentials: object, reports: JobReports): Promise<CompleteJob> {
    const { accountId, requester } = job;
    const input = job.input as ImageJobInput | SourceJobInput;
    if (input.action === 'delete-source') {
      return async (tx) => {
        await this.sources.delete(tx, accountId, input.sourceId, requester);
        return NOTHING;
      };
    }
    const removed = await this.removal.remove(job, input.imageId);
    reports.log(removed ? `Freed ${removed.bytes} bytes of the store.` : 'The image is gone already.');
    return async (tx) => {
      await removed?.forget(tx);
      return NOTHING;
    };
  }
}

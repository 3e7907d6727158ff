// Works on IMAGE_DELETE jobs: of an image, or of an image source.
import { DeploymentStatusType } from '../../builds/build-parts.js';
import type { BuildService } from '../../builds/build.service.js';
import type { ImageSourceService } from '../../image-sources/image-source.service.js';
import type { CompleteJob, JobHandler, JobOutcome, JobReports } from '../../jobs/job-handler.js';
import { JobKind } from '../../jobs/job.entity.js';
import type { Job } from '../../jobs/job.entity.js';
import { JobFailure, JobFailureCode } from '../../lib/job-failure.js';
import type { Transaction } from '../../lib/transaction.js';
import type { ServedImage } from './cycle-images.js';
import type { ImageJobInput, SourceJobInput } from './cycle-tasks.js';
import type { ImageRemoval } from './image-removal.js';

const NOTHING: JobOutcome = { buildId: null, outputImage: null };

export class DeleteHandler implements JobHandler {
  readonly kind = JobKind.IMAGE_DELETE;

  constructor(
    private readonly removal: ImageRemoval,
    private readonly sources: ImageSourceService,
    private readonly builds: Pick<BuildService, 'get'>,
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
    const former = await this.removal.resume(job);
    const removed = await this.removal.remove(job, input.imageId, (tx, image) => this.mayGo(tx, job, image));
    const bytes = await this.removal.free(new Map([...former, ...(removed ?? [])]));
    reports.log(`Freed ${bytes} bytes of the store.`);
    return () => Promise.resolve(NOTHING);
  }

  /** Throws JobFailure where a node runs it since. */
  private async mayGo(tx: Transaction, { accountId }: Job, image: ServedImage): Promise<boolean> {
    if (image.document.state.current !== 'deleting') return false;
    const { deploymentStatusType } = await this.builds.get(tx, accountId, image.id);
    if (deploymentStatusType !== DeploymentStatusType.DEPLOYED) return true;
    throw new JobFailure(
      JobFailureCode.IMAGE_IN_USE,
      'A node runs the image since its deletion was asked for.',
      'Stop it there, then delete it again.',
    );
  }
}

// Starts reproductions: jobs that make a build again by its recipe.
import type { Principal } from '../auth/principal.js';
import type { JobQueue } from '../jobs/job-queue.js';
import { JobKind } from '../jobs/job.entity.js';
import type { Job } from '../jobs/job.entity.js';
import type { JobService } from '../jobs/job.service.js';
import { CatalogError } from '../lib/errors.js';
import type { InTransaction } from '../lib/transaction.js';
import type { Recipe } from '../proof/recipe.js';
import { credentialsAgain } from './conversion-request.js';
import type { ConversionRequest } from './conversion-request.js';
import type { ReproduceBuildInput } from './conversion.input.js';
import type { PushedBuilds } from './pushed-build.js';

/** What a REPRODUCTION keeps: its own copy, so that it goes on when the build is deleted meanwhile. */
export interface ReproductionRequest {
  buildId: string;
  request: ConversionRequest;
  recipe: Recipe;
}

export class ReproductionService {
  constructor(
    private readonly pushed: PushedBuilds,
    private readonly jobs: JobService,
    private readonly queue: JobQueue,
    private readonly inTransaction: InTransaction,
  ) {}

  /** Throws NOT_FOUND, and FEATURE_NOT_SUPPORTED for a build without a recipe. */
  async start(principal: Principal, input: ReproduceBuildInput): Promise<Job> {
    const { build, made } = await this.pushed.get(principal.accountId, input.buildId);
    if (!made) {
      const message = 'The build has no recipe: it was not converted here, or before recipes were kept.';
      throw new CatalogError('FEATURE_NOT_SUPPORTED', message);
    }
    const { recipe, target } = made;
    const { signing: _signing, ...request } = made.request;
    const pinned = { ...request, input: { ...request.input, tagOrDigest: recipe.input.imageDigest }, output: target };
    const asked: ReproductionRequest = { buildId: build.id, request: pinned, recipe };
    const credentials = credentialsAgain(input);
    return this.inTransaction(async (tx) => {
      const wanted = { kind: JobKind.REPRODUCTION, input: asked, credentials, outputImage: null };
      const { job } = await this.jobs.create(tx, principal, wanted);
      tx.afterCommit(() => this.queue.add(job));
      return job;
    });
  }
}

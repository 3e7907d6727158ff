// Where the EIF of a converted build was pushed to, and what it was made of: what reproducing and comparing begin with.
import type { Build } from '../builds/build.entity.js';
import type { BuildQuery } from '../builds/build.query.js';
import type { JobQuery } from '../jobs/job.query.js';
import { notFound } from '../lib/errors.js';
import type { Recipe } from '../proof/recipe.js';
import type { ConversionRequest } from './conversion-request.js';
import type { ImageTarget } from './image-target.js';
import type { RecipeQuery } from './recipe.query.js';

export interface PushedBuild {
  build: Build;
  /** Undefined where it was made elsewhere. */
  made?: { request: ConversionRequest; recipe: Recipe; target: ImageTarget };
}

export class PushedBuilds {
  constructor(
    private readonly builds: BuildQuery,
    private readonly jobs: JobQuery,
    private readonly recipes: RecipeQuery,
  ) {}

  /** Throws NOT_FOUND. */
  async get(accountId: string, buildId: string): Promise<PushedBuild> {
    const id = buildId.toLowerCase();
    const [build] = await this.builds.byIds(accountId, [id]);
    if (!build) throw notFound('build', id);
    const [recipe] = await this.recipes.ofBuilds(accountId, [id]);
    const [job] = build.jobId === null ? [] : await this.jobs.byIds(accountId, [build.jobId]);
    if (!recipe || !job) return { build };
    const request = job.input as ConversionRequest;
    // By digest: the tag may lead elsewhere by now.
    const target = { ...request.output, tagOrDigest: recipe.output.manifestDigest };
    return { build, made: { request, recipe, target } };
  }
}

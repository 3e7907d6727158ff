import { GraphQLJSONObject } from 'graphql-scalars';
import { Arg, Ctx, Field, FieldResolver, Mutation, ObjectType, Resolver, Root } from 'type-graphql';
import { requireAccess } from '../auth/principal.js';
import { RequestContext } from '../auth/request-context.js';
import { Build } from '../builds/build.entity.js';
import type { JobQuery } from '../jobs/job.query.js';
import { Job } from '../jobs/job.entity.js';
import type { Plain } from '../lib/plain.js';
import { UserError, withUserErrors } from '../lib/user-error.js';
import type { Recipe } from '../proof/recipe.js';
import { provenanceStatement } from '../proof/statement.js';
import {
  AttachSignatureInput,
  ConvertNitroImageInput,
  ReproduceBuildInput,
  RetryJobInput,
} from './conversion.input.js';
import type { ConversionService } from './conversion.service.js';
import type { RecipeQuery } from './recipe.query.js';
import type { ReproductionService } from './reproduction.service.js';

const EITHER = { simpleResolvers: true, description: 'Either the job or what is wrong with the input.' };

@ObjectType(EITHER)
class JobPayload {
  @Field(() => Job, {
    nullable: true,
    description: 'Follow it with `conversionStatus`; null where userErrors say why not.',
  })
  job?: Job | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@ObjectType(EITHER)
class ConvertNitroImagePayload extends JobPayload {}

@ObjectType(EITHER)
class RetryJobPayload extends JobPayload {}

@ObjectType(EITHER)
class AttachSignaturePayload extends JobPayload {}

@ObjectType(EITHER)
class ReproduceBuildPayload extends JobPayload {}

@Resolver()
export class ConversionResolver {
  constructor(
    private readonly conversions: ConversionService,
    private readonly reproductions: ReproductionService,
    private readonly query: JobQuery,
  ) {}

  @Mutation(() => ConvertNitroImagePayload, {
    description:
      'Converts a docker image to an AWS Nitro Enclave image, writes it to a registry or the store, and registers the build, unless `register` is false. Answers at once with the job that does it. FEATURE_NOT_SUPPORTED where the enclave platform is not installed.',
  })
  convertNitroImage(
    @Ctx() context: RequestContext,
    @Arg('input', () => ConvertNitroImageInput) { register, ...input }: ConvertNitroImageInput,
  ): Promise<ConvertNitroImagePayload> {
    return this.jobOf(context, () => this.conversions.start(context.principal, input, { register }));
  }

  @Mutation(() => RetryJobPayload, {
    description:
      'Does a conversion that FAILED or was CANCELLED again, as a new job with `retryOf`; asked again while that job is not final, it answers that job. CONFLICT for other jobs.',
  })
  retryJob(
    @Ctx() context: RequestContext,
    @Arg('input', () => RetryJobInput) input: RetryJobInput,
  ): Promise<RetryJobPayload> {
    return this.jobOf(context, () => this.conversions.retry(context.principal, input));
  }

  @Mutation(() => AttachSignaturePayload, {
    description:
      'Lets a WAITING conversion go on with a signature made elsewhere. The image is built again from what its tag led to the first time, and pushed only if it measures what was signed. CONFLICT where the job waits for none; the same signature again answers the job as it is.',
  })
  attachSignature(
    @Ctx() context: RequestContext,
    @Arg('input', () => AttachSignatureInput) input: AttachSignatureInput,
  ): Promise<AttachSignaturePayload> {
    return this.jobOf(context, () => this.conversions.attachSignature(context.principal, input));
  }

  @Mutation(() => ReproduceBuildPayload, {
    description:
      "Makes a converted build again by its recipe, from the same input digests, and pushes nothing: the job's `reproduction` says whether it is IDENTICAL, or the first section and file that differ.",
  })
  reproduceBuild(
    @Ctx() context: RequestContext,
    @Arg('input', () => ReproduceBuildInput) input: ReproduceBuildInput,
  ): Promise<ReproduceBuildPayload> {
    return this.jobOf(context, () => this.reproductions.start(context.principal, input));
  }

  private jobOf(context: RequestContext, work: () => Promise<Job>): Promise<JobPayload> {
    requireAccess(context.principal, 'WRITER');
    return withUserErrors(async () => ({ job: this.query.shown(await work()) }));
  }
}

/** Kilobytes for every alias of it. */
const STATEMENT_COMPLEXITY = 100;

@Resolver(() => Build)
export class BuildProvenanceResolver {
  constructor(private readonly recipes: Pick<RecipeQuery, 'ofBuilds'>) {}

  @FieldResolver(() => GraphQLJSONObject, {
    nullable: true,
    complexity: STATEMENT_COMPLEXITY,
    description:
      'How it was converted: an in-toto statement (v1) with SLSA provenance (v1): digests of the input image, of its layers and of the boot files, options and version of the converter. The same is pushed beside the image. Values of environment variables are given by their sha256. Null where it was not converted here.',
  })
  async provenance(@Root() build: Plain<Build>, @Ctx() context: RequestContext): Promise<object | null> {
    return context.loadAs('provenance', build.id, async (ids) => {
      const recipes = await this.recipes.ofBuilds(build.accountId, ids);
      return recipes.map((recipe) => recipe && statementOf(recipe));
    });
  }
}

const statementOf = (recipe: Recipe) => JSON.parse(provenanceStatement(recipe).toString('utf8')) as object;

import { Arg, Ctx, Field, Mutation, ObjectType, Resolver } from 'type-graphql';
import { requireAccess } from '../auth/principal.js';
import { RequestContext } from '../auth/request-context.js';
import type { JobQuery } from '../jobs/job.query.js';
import { Job } from '../jobs/job.entity.js';
import { UserError, withUserErrors } from '../lib/user-error.js';
import { ConvertNitroImageInput } from './conversion.input.js';
import type { ConversionService } from './conversion.service.js';

@ObjectType({ simpleResolvers: true, description: 'Either the job or what is wrong with the input.' })
class ConvertNitroImagePayload {
  @Field(() => Job, {
    nullable: true,
    description: 'Follow it with `conversionStatus`; null where userErrors say why not.',
  })
  job?: Job | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@Resolver()
export class ConversionResolver {
  constructor(
    private readonly conversions: ConversionService,
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
    requireAccess(context.principal, 'WRITER');
    return withUserErrors(async () => ({
      job: this.query.shown(await this.conversions.start(context.principal, input, { register })),
    }));
  }
}

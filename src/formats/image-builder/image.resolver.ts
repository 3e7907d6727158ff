import { GraphQLJSONObject } from 'graphql-scalars';
import { Arg, Ctx, Field, InputType, Mutation, ObjectType, Resolver } from 'type-graphql';
import { requireAccess } from '../../auth/principal.js';
import { RequestContext } from '../../auth/request-context.js';
import { Build } from '../../builds/build.entity.js';
import type { VendorDocument } from '../../builds/origin.entity.js';
import { UserError, withUserErrors } from '../../lib/user-error.js';
import type { ImageBuilderServices } from './image-builder-services.js';
import { registerImage } from './image-changes.js';

@InputType({ description: 'An image of EC2 Image Builder.' })
class CreateImageBuilderImageInput {
  @Field(() => GraphQLJSONObject, {
    description:
      'What GetImage answers, or its `image` alone, at most 512 KiB. It is kept as it is, with members that are not known here; `arn` must be there, with its build number.',
  })
  document!: VendorDocument;
}

@ObjectType({ simpleResolvers: true, description: 'Either the build or what is wrong with the input.' })
class CreateImageBuilderImagePayload {
  @Field(() => Build, { nullable: true, description: 'As it is now; null where userErrors say why not.' })
  build?: Build | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@Resolver()
export class ImageBuilderImageResolver {
  constructor(private readonly services: ImageBuilderServices) {}

  @Mutation(() => CreateImageBuilderImagePayload, {
    description:
      'Registers an image of EC2 Image Builder by its document, or brings one of the same ARN up to date: for AWS accounts that this gateway can not reach. CONFLICT where the image is imported from a source.',
  })
  createImageBuilderImage(
    @Ctx() { principal }: RequestContext,
    @Arg('input', () => CreateImageBuilderImageInput) { document }: CreateImageBuilderImageInput,
  ): Promise<CreateImageBuilderImagePayload> {
    requireAccess(principal, 'WRITER');
    return withUserErrors(async () => {
      const id = await registerImage(this.services, principal, document);
      const [build = null] = await this.services.buildQuery.byIds(principal.accountId, [id]);
      return { build };
    });
  }
}

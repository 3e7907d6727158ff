import { GraphQLJSONObject } from 'graphql-scalars';
import { Field, ID, InputType } from 'type-graphql';

@InputType({ description: 'What one image takes in the place of what its source says.' })
export class CycleImageOverrideInput {
  @Field(() => String, { nullable: true, description: 'Name and tag of the image in its registry.' })
  target?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'URL of a .tar.gz with a Dockerfile; kept, but built by nobody.',
  })
  targzUrl?: string | null;
}

@InputType({ description: 'Which image to make.' })
export class CreateCycleImageInput {
  @Field(() => ID, { description: 'Image source, 24 hex digits; NOT_FOUND for none.' })
  sourceId!: string;

  @Field(() => String, { nullable: true, description: 'At most 255 characters; that of the source where left out.' })
  name?: string | null;

  @Field(() => GraphQLJSONObject, {
    nullable: true,
    description: 'Arguments of a build, by name; text only. Kept, and used by nothing that this gateway imports.',
  })
  buildArgs?: Record<string, unknown> | null;

  @Field(() => CycleImageOverrideInput, { nullable: true, description: 'As the source says where left out.' })
  override?: CycleImageOverrideInput | null;
}

@InputType({ description: 'What is to change of an image.' })
export class UpdateCycleImageInput {
  @Field(() => ID, { description: "The image's 24 hex digits, or the UUID of its build." })
  imageId!: string;

  @Field({ description: '1 to 255 characters.' })
  name!: string;
}

@InputType({ description: 'Which image.' })
export class CycleImageInput {
  @Field(() => ID, { description: "The image's 24 hex digits, or the UUID of its build." })
  imageId!: string;
}

@InputType({ description: 'Which image to delete.' })
export class DeleteCycleImageInput extends CycleImageInput {}

@InputType({ description: 'Which image to import.' })
export class ImportCycleImageInput extends CycleImageInput {}

@InputType({ description: 'Which images to prune.' })
export class PruneCycleImagesInput {
  @Field(() => [ID], { description: 'Image sources, 24 hex digits each, at most 1,000; none for all images.' })
  sourceIds!: string[];
}

@InputType({ description: 'Where images are to be fetched from.' })
export class CreateCycleImageSourceInput {
  @Field(() => String, { nullable: true, description: 'At most 255 characters; made of the origin where left out.' })
  name?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Lower-case letters and digits with single dashes, at most 100; made of the name where left out.',
  })
  identifier?: string | null;

  @Field(() => GraphQLJSONObject, {
    description:
      "Cycle's ImageOrigin: `type` and `details`, as schema ImageOrigin of /openapi/cycle has them. Secrets in it are sealed and never shown.",
  })
  origin!: Record<string, unknown>;

  @Field(() => String, { nullable: true, description: 'Free text, at most 4,096 characters.' })
  description?: string | null;
}

@InputType({ description: 'What is to change of an image source; what is left out stays.' })
export class UpdateCycleImageSourceInput {
  @Field(() => ID, { description: '24 hex digits.' })
  sourceId!: string;

  @Field(() => String, { nullable: true, description: '1 to 255 characters.' })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'As for createCycleImageSource.' })
  identifier?: string | null;

  @Field(() => GraphQLJSONObject, {
    nullable: true,
    description: 'In the place of the one of before; secrets it leaves out stay where the registry stays.',
  })
  origin?: Record<string, unknown> | null;

  @Field(() => String, { nullable: true, description: 'Null removes it.' })
  description?: string | null;
}

@InputType({ description: 'Which image source to delete.' })
export class DeleteCycleImageSourceInput {
  @Field(() => ID, { description: '24 hex digits.' })
  sourceId!: string;
}

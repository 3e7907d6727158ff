// Image sources by GraphQL.
import { GraphQLJSONObject } from 'graphql-scalars';
import { Arg, Ctx, Field, ID, Int, Mutation, ObjectType, Query, Resolver } from 'type-graphql';
import { requireAccess } from '../../auth/principal.js';
import { RequestContext } from '../../auth/request-context.js';
import type { ImageOrigin } from '../../image-sources/image-origin.js';
import type { ImageSource } from '../../image-sources/image-source.entity.js';
import { Job } from '../../jobs/job.entity.js';
import { badInput } from '../../lib/errors.js';
import { withoutUndefined } from '../../lib/json.js';
import { UserError, withUserErrors } from '../../lib/user-error.js';
import type { CycleServices } from './cycle-services.js';
import {
  CreateCycleImageSourceInput,
  DeleteCycleImageSourceInput,
  UpdateCycleImageSourceInput,
} from './image.input.js';
import { createSchemaCheck } from '../schema-check.js';
import type { CheckSchema } from '../schema-check.js';
import { readOpenApi } from '../openapi.js';

const MAX_PAGE = 200;
const MAX_NAME = 255;
const MAX_DESCRIPTION = 4_096;

@ObjectType('ImageSource', {
  simpleResolvers: true,
  description: "Where images of Cycle are fetched from, as it is kept here (Cycle's ImageSource).",
})
class CycleImageSource {
  @Field(() => ID, { description: '24 hex digits.' })
  id!: string;

  @Field({ description: 'Name for programs, not unique; images are stored as `cycle/<identifier>:<image>`.' })
  identifier!: string;

  @Field({ description: 'Free text.' })
  name!: string;

  @Field({ description: 'direct, stack-build or bucket.' })
  type!: string;

  @Field({ description: 'live, or deleting.' })
  state!: string;

  @Field(() => GraphQLJSONObject, { description: "Cycle's ImageOrigin, without secrets." })
  origin!: object;

  @Field(() => String, { nullable: true, description: 'What people say of it; null for nothing.' })
  description?: string | null;

  @Field({ description: 'When it was made.' })
  createdAt!: Date;

  @Field({ description: 'When anything of it last changed.' })
  updatedAt!: Date;
}

const EITHER = { simpleResolvers: true, description: 'Either what was asked for or why it is not.' };

@ObjectType(EITHER)
class CycleImageSourcePayload {
  @Field(() => CycleImageSource, { nullable: true, description: 'As it is now.' })
  imageSource?: CycleImageSource | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@ObjectType(EITHER)
class CreateCycleImageSourcePayload extends CycleImageSourcePayload {}
@ObjectType(EITHER)
class UpdateCycleImageSourcePayload extends CycleImageSourcePayload {}

@ObjectType(EITHER)
class DeleteCycleImageSourcePayload {
  @Field(() => Job, { nullable: true, description: 'Follow it with `conversionStatus`.' })
  job?: Job | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

type SourceResolverServices = Pick<CycleServices, 'inTransaction' | 'cycleTasks' | 'imageSources' | 'imageSourceQuery'>;

@Resolver()
export class CycleImageSourceResolver {
  constructor(private readonly services: SourceResolverServices) {}

  @Query(() => [CycleImageSource], { description: 'Image sources of the account, those made last first.' })
  async cycleImageSources(
    @Ctx() { principal }: RequestContext,
    @Arg('limit', () => Int, { defaultValue: 50, description: '1 to 200.' }) limit: number,
    @Arg('offset', () => Int, { defaultValue: 0, description: 'How many to pass over.' }) offset: number,
  ): Promise<CycleImageSource[]> {
    requireAccess(principal, 'READER');
    if (limit < 1 || limit > MAX_PAGE) throw badInput(`\`limit\` must be between 1 and ${MAX_PAGE}.`, 'limit');
    const sort = [{ field: 'id' as const, descending: true }];
    const items = await this.services.imageSourceQuery.list(principal.accountId, { sort, limit, offset });
    return items.map(toCycleImageSource);
  }

  @Mutation(() => CreateCycleImageSourcePayload, {
    description: 'Makes an image source of the type `direct`. Secrets of its origin are sealed and never shown.',
  })
  createCycleImageSource(
    @Ctx() { principal }: RequestContext,
    @Arg('input', () => CreateCycleImageSourceInput) input: CreateCycleImageSourceInput,
  ): Promise<CreateCycleImageSourcePayload> {
    requireAccess(principal, 'MANAGER');
    return withUserErrors(async () => {
      const { name, identifier, origin, description: about } = checked(input);
      const given = {
        type: 'direct',
        name: name ?? undefined,
        identifier: identifier ?? undefined,
        origin: origin!,
        about,
      };
      const { inTransaction, imageSources } = this.services;
      return {
        imageSource: toCycleImageSource(await inTransaction((tx) => imageSources.create(tx, principal, given))),
      };
    });
  }

  @Mutation(() => UpdateCycleImageSourcePayload, { description: 'Changes an image source. NOT_FOUND for none.' })
  updateCycleImageSource(
    @Ctx() { principal }: RequestContext,
    @Arg('input', () => UpdateCycleImageSourceInput) { sourceId, ...input }: UpdateCycleImageSourceInput,
  ): Promise<UpdateCycleImageSourcePayload> {
    requireAccess(principal, 'MANAGER');
    return withUserErrors(async () => {
      const { name, identifier, origin, description: about } = checked(input);
      const changes = withoutUndefined({ name: name || undefined, identifier: identifier || undefined, origin, about });
      const { inTransaction, imageSources } = this.services;
      const row = await inTransaction((tx) => imageSources.update(tx, principal, sourceId, changes));
      return { imageSource: toCycleImageSource(row) };
    });
  }

  @Mutation(() => DeleteCycleImageSourcePayload, {
    description: 'Deletes an image source; its images stay. CONFLICT while one of them is being imported.',
  })
  deleteCycleImageSource(
    @Ctx() { principal }: RequestContext,
    @Arg('input', () => DeleteCycleImageSourceInput) { sourceId }: DeleteCycleImageSourceInput,
  ): Promise<DeleteCycleImageSourcePayload> {
    requireAccess(principal, 'MANAGER');
    const { inTransaction, cycleTasks } = this.services;
    return withUserErrors(async () => ({
      job: await inTransaction((tx) => cycleTasks.deleteSource(tx, principal, sourceId)),
    }));
  }
}

const toCycleImageSource = ({ about, ...source }: ImageSource): CycleImageSource => {
  const { id, identifier, name, type, state, origin, createdAt, updatedAt } = source;
  return { id, identifier, name, type, state, origin, description: about, createdAt, updatedAt };
};

/** Compiled when first needed. */
let check: CheckSchema | undefined;

interface Given {
  name?: string | null;
  identifier?: string | null;
  origin?: Record<string, unknown> | null;
  description?: string | null;
}

/** By the same schema as what Cycle's clients send. Throws BAD_USER_INPUT. */
function checked({ origin, ...given }: Given): Omit<Given, 'origin'> & { origin?: ImageOrigin } {
  if ((given.name ?? '').length > MAX_NAME) throw badInput(`\`name\` has at most ${MAX_NAME} characters.`, 'name');
  if ((given.description ?? '').length > MAX_DESCRIPTION)
    throw badInput(`\`description\` has at most ${MAX_DESCRIPTION} characters.`, 'description');
  if (!origin) return given;
  check ??= createSchemaCheck(readOpenApi('cycle').schemas);
  check('ImageOriginRequest', origin, 'body');
  return { ...given, origin: origin as unknown as ImageOrigin };
}

// Images of Cycle by GraphQL: the same services as Cycle's paths, in the words of this gateway.
import { Arg, Ctx, Field, Mutation, ObjectType, Resolver } from 'type-graphql';
import { requireAccess } from '../../auth/principal.js';
import { RequestContext } from '../../auth/request-context.js';
import { Build } from '../../builds/build.entity.js';
import type { BuildQuery } from '../../builds/build.query.js';
import type { OriginQuery } from '../../builds/origin.query.js';
import { Job } from '../../jobs/job.entity.js';
import { badInput } from '../../lib/errors.js';
import { isUuid } from '../../lib/ids.js';
import type { Transaction } from '../../lib/transaction.js';
import { UserError, withUserErrors } from '../../lib/user-error.js';
import type { CycleServices } from './cycle-services.js';
import {
  CreateCycleImageInput,
  DeleteCycleImageInput,
  ImportCycleImageInput,
  PruneCycleImagesInput,
  UpdateCycleImageInput,
} from './image.input.js';

const MAX_SOURCES = 1_000;
const EITHER = { simpleResolvers: true, description: 'Either what was asked for or why it is not.' };

@ObjectType(EITHER)
class CycleImagePayload {
  @Field(() => Build, { nullable: true, description: 'The build that stands for the image.' })
  build?: Build | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@ObjectType(EITHER)
class CycleJobPayload {
  @Field(() => Job, { nullable: true, description: 'Follow it with `conversionStatus`.' })
  job?: Job | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@ObjectType(EITHER)
class CreateCycleImagePayload extends CycleImagePayload {}
@ObjectType(EITHER)
class UpdateCycleImagePayload extends CycleImagePayload {}
@ObjectType(EITHER)
class DeleteCycleImagePayload extends CycleJobPayload {}
@ObjectType(EITHER)
class ImportCycleImagePayload extends CycleJobPayload {}
@ObjectType(EITHER)
class PruneCycleImagesPayload extends CycleJobPayload {}

export type ImageResolverServices = Pick<CycleServices, 'inTransaction' | 'cycleImages' | 'cycleTasks' | 'accounts'> & {
  buildQuery: Pick<BuildQuery, 'byIds'>;
  originQuery: Pick<OriginQuery, 'byIds'>;
};

@Resolver()
export class CycleImageResolver {
  constructor(private readonly services: ImageResolverServices) {}

  @Mutation(() => CreateCycleImagePayload, {
    description:
      'Makes an empty image of an image source; `importCycleImage` fetches it. CONFLICT for a source that goes.',
  })
  createCycleImage(
    @Ctx() { principal }: RequestContext,
    @Arg('input', () => CreateCycleImageInput) input: CreateCycleImageInput,
  ): Promise<CreateCycleImagePayload> {
    requireAccess(principal, 'WRITER');
    return withUserErrors(async () => {
      const { cycleImages, accounts, inTransaction } = this.services;
      const hubId = await accounts.hubIdOf(principal.accountId);
      const { sourceId, name, buildArgs, override } = input;
      const given = {
        ...{ hubId, sourceId, name: name ?? undefined },
        build: buildArgs ? { args: textsOf(buildArgs) } : null,
        override: override && { target: override.target, targz_url: override.targzUrl },
      };
      const { id } = await inTransaction((tx) => cycleImages.create(tx, principal, given));
      return { build: await this.buildOf(principal.accountId, id) };
    });
  }

  @Mutation(() => UpdateCycleImagePayload, {
    description: 'Renames an image. CONFLICT for one that is imported from Cycle.',
  })
  updateCycleImage(
    @Ctx() { principal }: RequestContext,
    @Arg('input', () => UpdateCycleImageInput) { imageId, name }: UpdateCycleImageInput,
  ): Promise<UpdateCycleImagePayload> {
    requireAccess(principal, 'WRITER');
    return withUserErrors(async () => {
      const own = await this.idOf(principal.accountId, imageId);
      const work = (tx: Transaction) => this.services.cycleImages.rename(tx, principal, own, name);
      const { id } = await this.services.inTransaction(work);
      return { build: await this.buildOf(principal.accountId, id) };
    });
  }

  @Mutation(() => DeleteCycleImagePayload, {
    description: 'Deletes an image with what the store holds of it. CONFLICT while a node runs it or it is imported.',
  })
  deleteCycleImage(
    @Ctx() { principal }: RequestContext,
    @Arg('input', () => DeleteCycleImageInput) { imageId }: DeleteCycleImageInput,
  ): Promise<DeleteCycleImagePayload> {
    requireAccess(principal, 'WRITER');
    return this.started(async () => {
      const id = await this.idOf(principal.accountId, imageId);
      return (tx) => this.services.cycleTasks.deleteImage(tx, principal, id);
    });
  }

  @Mutation(() => ImportCycleImagePayload, {
    description:
      'Fetches an image from its registry into the store; while that runs, answers the same job. CONFLICT where it is not new, FEATURE_NOT_SUPPORTED for what is fetched from no registry.',
  })
  importCycleImage(
    @Ctx() { principal }: RequestContext,
    @Arg('input', () => ImportCycleImageInput) { imageId }: ImportCycleImageInput,
  ): Promise<ImportCycleImagePayload> {
    requireAccess(principal, 'WRITER');
    return this.started(async () => {
      const id = await this.idOf(principal.accountId, imageId);
      return (tx) => this.services.cycleTasks.importImage(tx, principal, id);
    });
  }

  @Mutation(() => PruneCycleImagesPayload, {
    description: 'Deletes images that are live for at least 15 minutes and that no node runs.',
  })
  pruneCycleImages(
    @Ctx() { principal }: RequestContext,
    @Arg('input', () => PruneCycleImagesInput) { sourceIds }: PruneCycleImagesInput,
  ): Promise<PruneCycleImagesPayload> {
    requireAccess(principal, 'WRITER');
    return this.started(() => {
      if (sourceIds.length > MAX_SOURCES) throw badInput(`At most ${MAX_SOURCES} are possible.`, 'sourceIds');
      return Promise.resolve((tx) => this.services.cycleTasks.prune(tx, principal, sourceIds));
    });
  }

  private started(prepare: () => Promise<(tx: Transaction) => Promise<Job>>): Promise<CycleJobPayload> {
    return withUserErrors(async () => ({ job: await this.services.inTransaction(await prepare()) }));
  }

  private async buildOf(accountId: string, id: string): Promise<Build> {
    return (await this.services.buildQuery.byIds(accountId, [id]))[0]!;
  }

  /** Cycle's id of an image that is known by either. */
  private async idOf(accountId: string, id: string): Promise<string> {
    if (!isUuid(id)) return id;
    const [origin] = await this.services.originQuery.byIds(accountId, [id.toLowerCase()]);
    return origin?.kind === 'CYCLE' ? origin.externalId : id;
  }
}

function textsOf(args: Record<string, unknown>): Record<string, string> {
  if (Object.values(args).every((value) => typeof value === 'string')) return args as Record<string, string>;
  throw badInput('Arguments of a build are text.', 'buildArgs');
}

import { Arg, Ctx, Field, FieldResolver, ID, Int, Mutation, ObjectType, Query, Resolver, Root } from 'type-graphql';
import { actorOf, requireAccess } from '../auth/principal.js';
import type { Principal } from '../auth/principal.js';
import { RequestContext } from '../auth/request-context.js';
import { Build } from '../builds/build.entity.js';
import type { JobQuery } from '../jobs/job.query.js';
import { Job } from '../jobs/job.entity.js';
import { badInput } from '../lib/errors.js';
import { MAX_PAGE } from '../lib/paging.js';
import type { Plain } from '../lib/plain.js';
import type { InTransaction } from '../lib/transaction.js';
import { UserError, withUserErrors } from '../lib/user-error.js';
import { ReviewWriteBack } from './review-write-back.entity.js';
import type { ReviewWriteBackService } from './review-write-back.service.js';
import { Source } from './source.entity.js';
import { CreateSourceInput, DeleteSourceInput, SyncSourceInput, UpdateSourceInput } from './source.input.js';
import type { SourceService } from './source.service.js';
import { SyncRun } from './sync-run.entity.js';
import type { SyncRunService } from './sync-run.service.js';
import type { SyncService } from './sync.service.js';

@ObjectType({ simpleResolvers: true, description: 'Either the new source or what is wrong with the input.' })
class CreateSourcePayload {
  @Field(() => Source, { nullable: true, description: 'Null where userErrors say why there is none.' })
  source?: Source | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@ObjectType({ simpleResolvers: true, description: 'Either the changed source or why it is not changed.' })
class UpdateSourcePayload {
  @Field(() => Source, { nullable: true, description: 'As it is now; null where userErrors say why nothing changed.' })
  source?: Source | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@ObjectType({ simpleResolvers: true, description: 'Either the id of the source that is gone or why it is not.' })
class DeleteSourcePayload {
  @Field(() => ID, { nullable: true, description: 'Null where userErrors say why it is still there.' })
  deletedSourceId?: string | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@ObjectType({ simpleResolvers: true, description: 'Either the job that imports or why there is none.' })
class SyncSourcePayload {
  @Field(() => Job, {
    nullable: true,
    description: 'A new one, or the one that imports already; null where userErrors say why there is none.',
  })
  job?: Job | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@Resolver(() => Source)
export class SourceResolver {
  constructor(
    private readonly service: SourceService,
    private readonly syncs: SyncService,
    private readonly inTransaction: InTransaction,
  ) {}

  @Query(() => [Source], { description: 'The upstream systems that builds are imported from, by name; at most 200.' })
  sources(@Ctx() { principal }: RequestContext): Promise<Source[]> {
    requireAccess(principal, 'READER');
    return this.service.list(principal.accountId);
  }

  @Query(() => Source, { nullable: true, description: 'One source; null where this account has none of that id.' })
  source(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string): Promise<Source | null> {
    requireAccess(context.principal, 'READER');
    return context.load(this.service, id);
  }

  @Mutation(() => CreateSourcePayload, {
    description: 'Configures a source. The first import begins at once where it is to be imported from regularly.',
  })
  createSource(
    @Ctx() { principal }: RequestContext,
    @Arg('input', () => CreateSourceInput) input: CreateSourceInput,
  ): Promise<CreateSourcePayload> {
    requireAccess(principal, 'MANAGER');
    return withUserErrors(async () => ({
      source: await this.inTransaction((tx) => this.service.create(tx, ownerOf(principal), { ...input })),
    }));
  }

  @Mutation(() => UpdateSourcePayload, {
    description: 'Changes a source. An import that runs goes on with what it was before.',
  })
  updateSource(
    @Ctx() { principal }: RequestContext,
    @Arg('input', () => UpdateSourceInput) { sourceId, ...settings }: UpdateSourceInput,
  ): Promise<UpdateSourcePayload> {
    requireAccess(principal, 'MANAGER');
    const { name, ...rest } = settings;
    const changes = { ...rest, ...(typeof name === 'string' && { name }), credentials: rest.credentials ?? undefined };
    return withUserErrors(async () => ({
      source: await this.inTransaction((tx) => this.service.update(tx, ownerOf(principal), sourceId, changes)),
    }));
  }

  @Mutation(() => DeleteSourcePayload, {
    description:
      "Forgets a source with its credentials and runs. Its builds stay, and are the account's own from then on: they may be deleted.",
  })
  deleteSource(
    @Ctx() { principal }: RequestContext,
    @Arg('input', () => DeleteSourceInput) { sourceId }: DeleteSourceInput,
  ): Promise<DeleteSourcePayload> {
    requireAccess(principal, 'MANAGER');
    return withUserErrors(async () => {
      const { id } = await this.inTransaction((tx) => this.service.delete(tx, ownerOf(principal), sourceId));
      return { deletedSourceId: id };
    });
  }

  @Mutation(() => SyncSourcePayload, {
    description:
      'Imports from a source now. `conversionStatus` follows the job. One that runs already is joined. A new one marks what `goneHeldSince` holds back as gone, where it is missing still.',
  })
  syncSource(
    @Ctx() { principal }: RequestContext,
    @Arg('input', () => SyncSourceInput) { sourceId }: SyncSourceInput,
  ): Promise<SyncSourcePayload> {
    requireAccess(principal, 'MANAGER');
    return withUserErrors(async () => ({ job: await this.syncs.start(principal, sourceId) }));
  }
}

const ownerOf = (principal: Principal) => ({ accountId: principal.accountId, actor: actorOf(principal) });

@Resolver(() => Source)
export class SourceRunsResolver {
  constructor(private readonly service: SyncRunService) {}

  @FieldResolver(() => [SyncRun], { description: 'Its imports, newest first; the last 500 are kept.' })
  runs(
    @Root() source: Plain<Source>,
    @Ctx() context: RequestContext,
    @Arg('first', () => Int, { defaultValue: 10, description: 'At most so many; up to 200.' }) first: number,
  ): Promise<SyncRun[]> {
    if (first < 0 || first > MAX_PAGE) throw badInput(`\`first\` must be between 0 and ${MAX_PAGE}.`, 'first');
    const read = (ids: readonly string[]) => this.service.listOfEach(source.accountId, ids, first);
    return context.loadAs(`runs ${first}`, source.id, read);
  }
}

@Resolver(() => SyncRun)
export class SyncRunFieldsResolver {
  constructor(private readonly jobs: JobQuery) {}

  @FieldResolver(() => Job, { nullable: true, description: 'The job that imports, with its log.' })
  job(@Root() run: Plain<SyncRun>, @Ctx() context: RequestContext): Promise<Job | null> {
    return context.load(this.jobs, run.id);
  }
}

@Resolver(() => Build)
export class ReviewWriteBackResolver {
  constructor(private readonly service: ReviewWriteBackService) {}

  @FieldResolver(() => ReviewWriteBack, {
    nullable: true,
    description:
      'How the last decision made here is told to the source of the build; null where it is not told, as where the source does not want to know.',
  })
  reviewWriteBack(@Root() build: Plain<Build>, @Ctx() context: RequestContext): Promise<ReviewWriteBack | null> {
    const read = (ids: readonly string[]) => this.service.lastOfEach(build.accountId, ids);
    return context.loadAs('reviewWriteBack', build.id, read);
  }
}

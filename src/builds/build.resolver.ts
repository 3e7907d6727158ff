import { Arg, Args, Ctx, Field, FieldResolver, ID, Mutation, ObjectType, Query, Resolver, Root } from 'type-graphql';
import { App } from '../apps/app.entity.js';
import type { AppService } from '../apps/app.service.js';
import { requireAccess } from '../auth/principal.js';
import { RequestContext } from '../auth/request-context.js';
import type { Plain } from '../lib/plain.js';
import { connectionOf, PageArgs } from '../lib/paging.js';
import type { Connection } from '../lib/paging.js';
import type { InTransaction } from '../lib/transaction.js';
import { UserError, withUserErrors } from '../lib/user-error.js';
import { Task } from '../tasks/task.entity.js';
import type { TaskService } from '../tasks/task.service.js';
import { Build } from './build.entity.js';
import { BuildFilter, BuildOrder, CreateBuildInput, UpdateBuildInput } from './build.input.js';
import { BuildStatus, DeploymentStatus } from './build-parts.js';
import type { BuildQuery } from './build.query.js';
import type { BuildService } from './build.service.js';
import { Platform } from './image-attributes.js';
import { Measurement, measurementsOf } from './measurements.js';
import type { MeasuredValue } from './measurements.js';

export const BuildConnection = connectionOf(() => Build, 'Build');

@ObjectType({ simpleResolvers: true, description: 'Either the build or what is wrong with the input.' })
class CreateBuildPayload {
  @Field(() => Build, { nullable: true, description: 'The new build; null where userErrors say why not.' })
  build?: Build | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@ObjectType({ simpleResolvers: true, description: 'Either the build or what is wrong with the input.' })
class UpdateBuildPayload {
  @Field(() => Build, { nullable: true, description: 'The build as it is now; null where userErrors say why not.' })
  build?: Build | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@Resolver(() => Build)
export class BuildResolver {
  constructor(
    private readonly query: BuildQuery,
    private readonly service: BuildService,
    private readonly inTransaction: InTransaction,
  ) {}

  @Query(() => Build, { nullable: true, description: 'One build; null where this account has none of that id.' })
  build(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string): Promise<Build | null> {
    requireAccess(context.principal, 'READER');
    return context.load(this.query, id);
  }

  @Query(() => BuildConnection, { description: 'The builds of the account, newest first unless told otherwise.' })
  builds(
    @Ctx() context: RequestContext,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => BuildFilter, { nullable: true }) filter?: BuildFilter,
    @Arg('orderBy', () => BuildOrder, { nullable: true }) orderBy?: BuildOrder,
  ): Promise<Connection<Build>> {
    requireAccess(context.principal, 'READER');
    return this.query.list(context.principal.accountId, page, filter ?? {}, orderBy);
  }

  @Query(() => BuildConnection, {
    description:
      'The builds a measurement belongs to, newest first. Several may share one: PCR1 depends on the boot blobs alone.',
  })
  buildsByMeasurement(
    @Ctx() context: RequestContext,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('value', () => String, { description: 'Hex, whatever the case.' }) value: string,
    @Arg('platform', () => Platform, {
      nullable: true,
      description: 'Only as a measurement of this platform; of any where left out.',
    })
    platform?: Platform,
    @Arg('name', () => String, { nullable: true, description: 'pcr0, mrenclave ...' }) name?: string,
  ): Promise<Connection<Build>> {
    requireAccess(context.principal, 'READER');
    return this.query.listByMeasurement(context.principal.accountId, { value, platform, name }, page);
  }

  @Mutation(() => CreateBuildPayload, {
    description: 'Registers a build made elsewhere and opens its review. Nothing is converted: see convertNitroImage.',
  })
  createBuild(
    @Ctx() context: RequestContext,
    @Arg('input', () => CreateBuildInput) input: CreateBuildInput,
  ): Promise<CreateBuildPayload> {
    requireAccess(context.principal, 'WRITER');
    return withUserErrors(async () => ({
      build: this.query.shown(await this.inTransaction((tx) => this.service.create(tx, context.principal, input))),
    }));
  }

  @Mutation(() => UpdateBuildPayload, {
    description: 'Changes the `configs` of a build, approved or not. Nothing else of a build can be changed.',
  })
  updateBuild(
    @Ctx() context: RequestContext,
    @Arg('input', () => UpdateBuildInput) { buildId, configs }: UpdateBuildInput,
  ): Promise<UpdateBuildPayload> {
    requireAccess(context.principal, 'WRITER');
    const changes = { configs: configs ?? undefined };
    return withUserErrors(async () => ({
      build: this.query.shown(
        await this.inTransaction((tx) => this.service.update(tx, context.principal, buildId, changes)),
      ),
    }));
  }
}

@Resolver(() => Build)
export class BuildFieldsResolver {
  constructor(
    private readonly apps: AppService,
    private readonly tasks: TaskService,
  ) {}

  @FieldResolver(() => App, { nullable: true, description: 'The app it belongs to.' })
  app(@Root() build: Plain<Build>, @Ctx() context: RequestContext): Promise<App | null> {
    return context.load(this.apps, build.appId);
  }

  @FieldResolver(() => Task, { nullable: true, description: 'The review that waits for a decision.' })
  pendingTask(@Root() build: Plain<Build>, @Ctx() context: RequestContext): Promise<Task | null> {
    return context.load(this.tasks, build.pendingTaskId);
  }

  @FieldResolver(() => BuildStatus, { nullable: true, description: 'The review; null where nobody asked for one.' })
  status(@Root() { statusType, statusUpdatedAt }: Plain<Build>): BuildStatus | null {
    return statusType && statusUpdatedAt ? { status: statusType, statusUpdatedAt } : null;
  }

  @FieldResolver(() => DeploymentStatus, { description: 'UNDEPLOYED until a node reports that it runs the build.' })
  deploymentStatus(@Root() { deploymentStatusType, deploymentStatusUpdatedAt }: Plain<Build>): DeploymentStatus {
    return { status: deploymentStatusType, statusUpdatedAt: deploymentStatusUpdatedAt };
  }

  @FieldResolver(() => [Measurement], { description: 'The values of its attributes, normalised: what look-ups go by.' })
  measurements(@Root() { attributes, enclaveInfo }: Plain<Build>): MeasuredValue[] {
    return measurementsOf(attributes, enclaveInfo);
  }
}

import { Arg, Args, Ctx, Field, FieldResolver, Int, Mutation, ObjectType, Query, Resolver, Root } from 'type-graphql';
import { requireAccess } from '../auth/principal.js';
import { RequestContext } from '../auth/request-context.js';
import { Build } from '../builds/build.entity.js';
import type { BuildQuery } from '../builds/build.query.js';
import { badInput } from '../lib/errors.js';
import { connectionOf, MAX_PAGE, PageArgs } from '../lib/paging.js';
import type { Connection } from '../lib/paging.js';
import type { Plain } from '../lib/plain.js';
import type { InTransaction } from '../lib/transaction.js';
import { UserError, withUserErrors } from '../lib/user-error.js';
import { Deployment } from './deployment.entity.js';
import { DeploymentFilter, ReportDeploymentInput } from './deployment.input.js';
import type { DeploymentQuery } from './deployment.query.js';
import type { DeploymentService } from './deployment.service.js';

export const DeploymentConnection = connectionOf(() => Deployment, 'Deployment');

@ObjectType({ simpleResolvers: true, description: 'Either the deployment or what is wrong with the input.' })
class ReportDeploymentPayload {
  @Field(() => Deployment, { nullable: true, description: 'As it is now; null where userErrors say why not.' })
  deployment?: Deployment | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@Resolver(() => Deployment)
export class DeploymentResolver {
  constructor(
    private readonly query: DeploymentQuery,
    private readonly service: DeploymentService,
    private readonly inTransaction: InTransaction,
  ) {}

  @Query(() => DeploymentConnection, {
    description: 'Where builds run or ran, as nodes report it; those that were first reported last come first.',
  })
  deployments(
    @Ctx() context: RequestContext,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => DeploymentFilter, { nullable: true }) filter?: DeploymentFilter,
  ): Promise<Connection<Deployment>> {
    requireAccess(context.principal, 'READER');
    return this.query.list(context.principal.accountId, page, filter ?? {});
  }

  @Mutation(() => ReportDeploymentPayload, {
    description:
      'For nodes and what watches over them: tells that a build runs on a node, or does not any more. A report that changes nothing but when it came leaves no line in the catalog log. NOT_FOUND for an unknown build.',
  })
  reportDeployment(
    @Ctx() context: RequestContext,
    @Arg('input', () => ReportDeploymentInput) input: ReportDeploymentInput,
  ): Promise<ReportDeploymentPayload> {
    const { principal } = context;
    requireAccess(principal, 'WRITER');
    return withUserErrors(async () => ({
      deployment: await this.inTransaction((tx) => this.service.report(tx, principal, input)),
    }));
  }
}

@Resolver(() => Deployment)
export class DeploymentFieldsResolver {
  constructor(private readonly builds: BuildQuery) {}

  @FieldResolver(() => Build, { nullable: true, description: 'What runs; null where it was deleted just now.' })
  build(@Root() { buildId }: Plain<Deployment>, @Ctx() context: RequestContext): Promise<Build | null> {
    return context.load(this.builds, buildId);
  }
}

@Resolver(() => Build)
export class BuildDeploymentsResolver {
  constructor(private readonly query: DeploymentQuery) {}

  @FieldResolver(() => [Deployment], {
    description: 'The nodes it runs or ran on, those that reported last first. `deployments` pages through all.',
  })
  deployments(
    @Root() { id, accountId }: Plain<Build>,
    @Ctx() context: RequestContext,
    @Arg('first', () => Int, { defaultValue: 50, description: 'At most so many; up to 200.' }) first: number,
  ): Promise<Deployment[]> {
    if (first < 0 || first > MAX_PAGE) throw badInput(`\`first\` must be between 0 and ${MAX_PAGE}.`, 'first');
    const read = (ids: readonly string[]) => this.query.listOfEach(accountId, ids, first);
    return context.loadAs(`deployments ${first}`, id, read);
  }
}

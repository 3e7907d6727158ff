// The nodes that builds run on. There is no table of them, so they page by offset, as they do for CCM's clients.
import { Arg, Ctx, Field, FieldResolver, ID, Int, ObjectType, Query, Resolver, Root } from 'type-graphql';
import { requireAccess } from '../auth/principal.js';
import { RequestContext } from '../auth/request-context.js';
import { badInput } from '../lib/errors.js';
import { DEFAULT_PAGE, MAX_PAGE } from '../lib/paging.js';
import { Deployment } from './deployment.entity.js';
import { MAX_DEPLOYMENTS } from './node.query.js';
import type { DeploymentNode as KnownNode, NodeQuery } from './node.query.js';

@ObjectType({ simpleResolvers: true, description: 'A machine that builds run on, as its reports make it known.' })
class DeploymentNode {
  @Field(() => ID, { description: 'UUID that the node goes by; `nodeId` of its deployments.' })
  id!: string;

  @Field({ description: 'As it was reported last; empty where it never was.' })
  name!: string;

  @Field({ description: 'When it reported for the first time.' })
  createdAt!: Date;

  @Field({ description: 'When it reported last.' })
  updatedAt!: Date;

  @Field(() => Date, { nullable: true, description: 'When it was last attested, by its own word.' })
  attestedAt!: Date | null;

  @Field({ description: 'Whether any build runs on it, by its own word.' })
  isRunning!: boolean;
}

@ObjectType({ simpleResolvers: true, description: 'One page of the nodes.' })
class DeploymentNodePage {
  @Field(() => [DeploymentNode], { description: 'At most `first`, from `offset` on.' })
  nodes!: KnownNode[];

  @Field(() => Int, { description: 'How many there are in all pages.' })
  totalCount!: number;
}

@Resolver(() => DeploymentNode)
export class NodesResolver {
  constructor(private readonly query: NodeQuery) {}

  @Query(() => DeploymentNode, {
    nullable: true,
    description: 'One node that builds run or ran on; null where none of that id reported to this account.',
  })
  deploymentNode(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string): Promise<KnownNode | null> {
    requireAccess(context.principal, 'READER');
    return context.load(this.query, id);
  }

  @Query(() => DeploymentNodePage, {
    description: 'The nodes that builds run or ran on; those that reported for the first time last come first.',
  })
  async deploymentNodes(
    @Ctx() { principal }: RequestContext,
    @Arg('first', () => Int, { defaultValue: DEFAULT_PAGE, description: 'At most so many; up to 200.' }) first: number,
    @Arg('offset', () => Int, { defaultValue: 0, description: 'How many to pass over; at least 0.' }) offset: number,
    @Arg('text', () => String, { nullable: true, description: 'Contained in name or id, whatever the case.' })
    text?: string | null,
    @Arg('isRunning', () => Boolean, {
      nullable: true,
      description: 'True: only those that any build runs on; false: only those that none runs on.',
    })
    isRunning?: boolean | null,
  ): Promise<DeploymentNodePage> {
    requireAccess(principal, 'READER');
    requireAtMost(first, MAX_PAGE);
    const sort = [{ field: 'CREATED_AT' as const, descending: true }];
    const wanted = { sort, limit: first, offset, text: text ?? undefined, isRunning: isRunning ?? undefined };
    const { items, filteredCount } = await this.query.listByOffset(principal.accountId, wanted);
    return { nodes: items, totalCount: filteredCount };
  }

  @FieldResolver(() => [Deployment], {
    description: 'What runs or ran on it, what was reported last first. `deployments` pages through all.',
  })
  deployments(
    @Root() node: KnownNode,
    @Arg('first', () => Int, { defaultValue: DEFAULT_PAGE, description: 'At most so many; up to 100.' }) first: number,
  ): Deployment[] {
    requireAtMost(first, MAX_DEPLOYMENTS);
    return node.deployments.slice(0, first);
  }
}

function requireAtMost(first: number, most: number): void {
  if (first < 0 || first > most) throw badInput(`\`first\` must be between 0 and ${most}.`, 'first');
}

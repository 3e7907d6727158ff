import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { requireAccess } from '../auth/principal.js';
import type { Batched } from '../auth/request-context.js';
import { RequestContext } from '../auth/request-context.js';
import { badInput } from '../lib/errors.js';
import { MAX_PAGE } from '../lib/paging.js';
import { Node } from '../lib/node.js';

@Resolver()
export class NodeResolver {
  /** @param sources everything that has nodes; ids are unique across them */
  constructor(private readonly sources: Batched<Node>[]) {}

  @Query(() => Node, {
    nullable: true,
    description: 'Anything by its id; null where this account has nothing of that id.',
  })
  async node(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string): Promise<Node | null> {
    requireAccess(context.principal, 'READER');
    const found = await Promise.all(this.sources.map((source) => context.load(source, id)));
    return found.find((node) => node !== null) ?? null;
  }

  @Query(() => [Node], {
    nullable: 'items',
    description: 'Several by their ids, in the same order, at most 200; null for unknown ones.',
  })
  nodes(
    @Ctx() context: RequestContext,
    @Arg('ids', () => [ID], { description: 'Of any types, mixed; the same one may come twice.' }) ids: string[],
  ): Promise<(Node | null)[]> {
    if (ids.length > MAX_PAGE) throw badInput(`At most ${MAX_PAGE} ids can be asked for at once.`, 'ids');
    return Promise.all(ids.map((id) => this.node(context, id)));
  }
}

// The catalog log over GraphQL. It stands here because the log itself knows no callers.
import { Arg, Args, Ctx, Field, ID, InputType, Query, Resolver } from 'type-graphql';
import { CatalogChangeKind, CatalogLogLine } from '../events/catalog-log.entity.js';
import type { CatalogLogQuery, CatalogLogSelection } from '../events/catalog-log.query.js';
import { connectionOf, PageArgs } from '../lib/paging.js';
import type { Connection } from '../lib/paging.js';
import { requireAccess } from './principal.js';
import { RequestContext } from './request-context.js';

const CatalogLogConnection = connectionOf(() => CatalogLogLine, 'CatalogLogLine');

@InputType({ description: 'Which lines to list; what is left out does not restrict.' })
class CatalogLogFilter implements CatalogLogSelection {
  @Field(() => String, { nullable: true, description: 'App, Build, Task, Deployment, RegistryCredential, User ...' })
  entityType?: string | null;

  @Field(() => ID, { nullable: true, description: 'Everything that happened to one entity.' })
  entityId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Everything that one user or token did.' })
  actorId?: string | null;

  @Field(() => [CatalogChangeKind], { nullable: true, description: 'Any of these.' })
  kind?: CatalogChangeKind[] | null;

  @Field(() => Date, { nullable: true, description: 'From this time on.' })
  since?: Date | null;

  @Field(() => Date, { nullable: true, description: 'Before this time.' })
  until?: Date | null;
}

@Resolver()
export class CatalogLogResolver {
  constructor(private readonly query: CatalogLogQuery) {}

  @Query(() => CatalogLogConnection, {
    description:
      'The audit trail of the account, newest first: every change of the catalog, in the order in which it happened. Needs MANAGER. `npm run audit:verify` checks that no line was changed or taken out since.',
  })
  catalogLog(
    @Ctx() { principal }: RequestContext,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => CatalogLogFilter, { nullable: true }) filter?: CatalogLogFilter,
  ): Promise<Connection<CatalogLogLine>> {
    requireAccess(principal, 'MANAGER');
    return this.query.list(principal.accountId, page, filter ?? {});
  }
}

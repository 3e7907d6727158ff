// The catalog log as a subscription. It stands here because its entries are builds and apps.
import { GraphQLSafeInt } from 'graphql-scalars';
import { Arg, Ctx, FieldResolver, Resolver, Root, Subscription } from 'type-graphql';
import type { App } from '../apps/app.entity.js';
import type { AppService } from '../apps/app.service.js';
import { requireAccess } from '../auth/principal.js';
import { RequestContext } from '../auth/request-context.js';
import { Viewer } from '../auth/viewer.resolver.js';
import { CatalogChange } from '../events/catalog-change.js';
import type { CatalogChanges } from '../events/catalog-changes.js';
import { cancellable } from '../lib/cancellable.js';
import { badInput } from '../lib/errors.js';
import type { Plain } from '../lib/plain.js';
import type { Build } from './build.entity.js';
import type { BuildQuery } from './build.query.js';
import { CatalogChangeFilter, ENTRY_TYPES, pickChanges } from './catalog-change-filter.js';
import { CatalogEntry } from './catalog-entry.js';
import type { OriginQuery } from './origin.query.js';

@Resolver(() => CatalogChange)
export class CatalogChangeEntryResolver {
  constructor(
    private readonly builds: BuildQuery,
    private readonly apps: AppService,
  ) {}

  @FieldResolver(() => CatalogEntry, {
    nullable: true,
    description:
      'The build or app as it is now, which may be newer than the change; null once it is deleted, and for anything else.',
  })
  async entry(@Root() change: Plain<CatalogChange>, @Ctx() context: RequestContext): Promise<Build | App | null> {
    if (change.entityType === 'Build') return context.load(this.builds, change.entityId);
    return change.entityType === 'App' ? context.load(this.apps, change.entityId) : null;
  }
}

@Resolver(() => Viewer)
export class CatalogSeqResolver {
  constructor(private readonly changes: CatalogChanges) {}

  @FieldResolver(() => GraphQLSafeInt, {
    nullable: true,
    description:
      'Number of the newest change of the account; null where none is selected. Who asks for it in a request before the one that lists the catalog, and passes it to `catalogChanges` as `afterSeq`, misses nothing.',
  })
  async catalogSeq(@Root() _viewer: Plain<Viewer>, @Ctx() { caller }: RequestContext): Promise<number | null> {
    return caller.accountId === null ? null : this.changes.lastSeq(caller.accountId);
  }
}

interface WatchArgs {
  afterSeq?: number | null;
  filter?: CatalogChangeFilter | null;
}

/** A class made here, because `subscribe` is given to the decorator, which knows no instance. */
export function catalogChangesResolver(changes: CatalogChanges, origins: OriginQuery) {
  const watch = async ({ args, context }: { args: WatchArgs; context: RequestContext }) => {
    const filter = args.filter ?? {};
    const isOfEntries = (filter.entityType ?? []).every((type) => ENTRY_TYPES.includes(type));
    requireAccess(context.principal, isOfEntries ? 'READER' : 'MANAGER');
    const { accountId } = context.principal;
    const last = await changes.lastSeq(accountId);
    const afterSeq = args.afterSeq ?? last;
    if (afterSeq > last)
      throw badInput(`The last change has the number ${last}: no log of this account had ${afterSeq}.`, 'afterSeq');
    const pick = pickChanges(accountId, filter, changes, origins);
    return cancellable((signal) => changes.watch(accountId, afterSeq, pick, signal));
  };

  @Resolver()
  class CatalogChangesResolver {
    @Subscription(() => CatalogChange, {
      description:
        "What happens to the account's builds and apps, wherever they come from: they are made, changed, reviewed, deployed, deleted. First the changes after `afterSeq`, then live ones; it never completes. A client that lost its connection passes the last number it saw; where changes were pruned since, it gets a GAP first and should list the catalog anew. BAD_USER_INPUT for a number that is yet to come, as after a backup was restored; FORBIDDEN for a filter that takes more than READER.",
      subscribe: watch as never,
    })
    catalogChanges(
      @Root() change: Plain<CatalogChange>,
      @Ctx() context: RequestContext,
      @Arg('afterSeq', () => GraphQLSafeInt, {
        nullable: true,
        description: 'The last number already seen; 0 for everything; from now on where left out.',
      })
      _afterSeq?: number | null,
      @Arg('filter', () => CatalogChangeFilter, { nullable: true }) _filter?: CatalogChangeFilter | null,
    ): CatalogChange {
      context.forget();
      return change;
    }
  }
  return CatalogChangesResolver;
}

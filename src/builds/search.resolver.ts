// One list over builds and apps: a page of each, merged, as both are sorted by the same.
import { Arg, Ctx, Int, Query, Resolver } from 'type-graphql';
import type { ClassType } from 'type-graphql';
import type { App } from '../apps/app.entity.js';
import type { AppService } from '../apps/app.service.js';
import { requireAccess } from '../auth/principal.js';
import { RequestContext } from '../auth/request-context.js';
import { NEWEST_FIRST } from '../db/keyset.js';
import { connectionOf, parsePage } from '../lib/paging.js';
import type { Connection, Edge } from '../lib/paging.js';
import type { Build } from './build.entity.js';
import type { BuildQuery } from './build.query.js';
import { CatalogEntry } from './catalog-entry.js';

type Entry = Build | App;

export const CatalogEntryConnection = connectionOf(() => CatalogEntry as unknown as ClassType<Entry>, 'CatalogEntry');

@Resolver()
export class SearchResolver {
  constructor(
    private readonly builds: BuildQuery,
    private readonly apps: AppService,
  ) {}

  @Query(() => CatalogEntryConnection, {
    description:
      'Builds and apps that a text is found in, newest first: in names of builds, apps and docker images, in descriptions of apps, and hex in measurements; also builds whose id at their vendor begins with it (six characters or more: hex digits, a UUID, an ARN).',
  })
  async search(
    @Ctx() context: RequestContext,
    @Arg('text', () => String, { description: 'Whatever the case, at most 255 characters; empty finds everything.' })
    text: string,
    @Arg('first', () => Int, { nullable: true, description: 'How many; 50 unless told, at most 200.' })
    first?: number,
    @Arg('after', () => String, { nullable: true, description: 'Only what comes after this cursor.' })
    after?: string,
  ): Promise<Connection<Entry>> {
    requireAccess(context.principal, 'READER');
    const { accountId } = context.principal;
    const page = parsePage({ first, after }, NEWEST_FIRST.name);
    const builds = await this.builds.search(accountId, text, page);
    const apps = await this.apps.search(accountId, text, page);
    return merged(builds, apps, page.limit);
  }
}

function merged(builds: Connection<Build>, apps: Connection<App>, limit: number): Connection<Entry> {
  const all: Edge<Entry>[] = [...builds.edges, ...apps.edges];
  const edges = all.sort((a, b) => newestFirst(a.node, b.node)).slice(0, limit);
  const pages = [builds.pageInfo, apps.pageInfo];
  return {
    edges,
    nodes: edges.map(({ node }) => node),
    pageInfo: {
      hasNextPage: all.length > limit || pages.some(({ hasNextPage }) => hasNextPage),
      hasPreviousPage: pages.some(({ hasPreviousPage }) => hasPreviousPage),
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    totalCount: async () => (await builds.totalCount()) + (await apps.totalCount()),
  };
}

/** NEWEST_FIRST again, ties by id included. */
const newestFirst = (a: Entry, b: Entry): number =>
  b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : -1);

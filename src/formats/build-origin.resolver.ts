// `Build.origin`: a union of what the formats bring, read together for all builds of an operation.
import { Arg, createUnionType, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import { requireAccess } from '../auth/principal.js';
import { RequestContext } from '../auth/request-context.js';
import type { Batched } from '../auth/request-context.js';
import { Build } from '../builds/build.entity.js';
import type { BuildQuery } from '../builds/build.query.js';
import { OriginKind } from '../builds/origin.entity.js';
import type { OriginQuery } from '../builds/origin.query.js';
import type { Plain } from '../lib/plain.js';
import type { Source } from '../sources/source.entity.js';
import { originFields } from './origin-type.js';
import type { OriginFields, OriginFormat } from './origin-type.js';

/** What reading an origin with its documents costs, which may have half a MiB. */
const ORIGIN_COST = 50;

const buildOriginUnion = (formats: readonly OriginFormat[]) =>
  createUnionType({
    name: 'BuildOrigin',
    description: 'Where a build came from, with all that its vendor says of it. Each member implements Origin.',
    types: () => formats.map(({ type }) => type) as never,
    resolveType: ({ kind }: OriginFields) => formats.find((format) => format.kind === kind)?.type,
  });

/** Made once: TypeGraphQL knows one resolver of a field. */
export function buildOriginResolver(formats: readonly OriginFormat[]) {
  const BuildOrigin = buildOriginUnion(formats);

  @Resolver(() => Build)
  class BuildOriginResolver {
    constructor(
      private readonly origins: OriginQuery,
      private readonly builds: BuildQuery,
      private readonly sources: Batched<Source>,
    ) {}

    @FieldResolver(() => BuildOrigin, {
      nullable: true,
      complexity: ({ childComplexity }) => ORIGIN_COST + childComplexity,
      description:
        "Where it came from; null for builds made here, unless they were made through Cycle's or Image Builder's paths.",
    })
    async origin(@Root() build: Plain<Build>, @Ctx() context: RequestContext): Promise<object | null> {
      const origin = await context.load(this.origins, build.id);
      const format = formats.find(({ kind }) => kind === origin?.kind);
      return origin && format ? { ...originFields(origin, this.sources), ...format.read(origin, build) } : null;
    }

    @Query(() => Build, {
      nullable: true,
      description:
        "One build by its vendor's id; null where this account has none. Where several sources have the same, one made here comes first, then the one imported first.",
    })
    async buildByOrigin(
      @Ctx() context: RequestContext,
      @Arg('kind', () => OriginKind, { description: 'Whose id that is.' }) kind: OriginKind,
      @Arg('externalId', () => String, { description: 'As `Origin.externalId` has it.' }) externalId: string,
    ): Promise<Build | null> {
      requireAccess(context.principal, 'READER');
      const ids = [...new Set([externalId, externalId.toLowerCase()])];
      const [origin] = await this.origins.byExternalIds(context.principal.accountId, kind, ids);
      return context.load(this.builds, origin?.id ?? null);
    }
  }
  return BuildOriginResolver;
}

import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';
import { requireAccess } from '../auth/principal.js';
import { RequestContext } from '../auth/request-context.js';
import { badInput } from '../lib/errors.js';
import { connectionOf, DEFAULT_PAGE, parsePage } from '../lib/paging.js';
import type { Connection, PageArgs } from '../lib/paging.js';
import type { Plain } from '../lib/plain.js';
import { Build } from './build.entity.js';
import type { BuildQuery } from './build.query.js';
import { Conflict, ConflictClaim, ConflictKind, IDENTIFYING } from './conflict.js';
import { CONFLICT_ORDER } from './conflict.query.js';
import type { ConflictQuery } from './conflict.query.js';
import { measurementsOf } from './measurements.js';
import type { MeasuredValue } from './measurements.js';

export const ConflictConnection = connectionOf(() => Conflict, 'Conflict');

const MAX_BUILDS = 50;
/** It goes through all builds of the account: 0.15 s of 10,000. */
const LIST_COST = 5_000;
/** It takes statements of its own, and a build may have many. */
const CONFLICTS_COST = 50;

@Resolver(() => Conflict)
export class ConflictResolver {
  constructor(
    private readonly query: ConflictQuery,
    private readonly buildQuery: BuildQuery,
  ) {}

  @Query(() => ConflictConnection, {
    complexity: ({ args, childComplexity }) =>
      LIST_COST + Math.max(1, (args as PageArgs).first ?? DEFAULT_PAGE) * childComplexity,
    description:
      'Where origins disagree: first those about a DIGEST, then those about a MEASUREMENT, each by value. Empty where all that is known twice is known alike.',
  })
  conflicts(
    @Ctx() context: RequestContext,
    @Arg('first', () => Int, { nullable: true, description: 'How many; 50 unless told, at most 200.' })
    first?: number,
    @Arg('after', () => String, { nullable: true, description: 'Only what comes after this cursor.' })
    after?: string,
    @Arg('kind', () => ConflictKind, { nullable: true, description: 'Only of this kind; of both where left out.' })
    kind?: ConflictKind,
  ): Promise<Connection<Conflict>> {
    requireAccess(context.principal, 'READER');
    return this.query.list(context.principal.accountId, kind, parsePage({ first, after }, CONFLICT_ORDER));
  }

  @FieldResolver(() => [Build], { description: 'The builds that it is about, newest first.' })
  async builds(
    @Root() conflict: Conflict,
    @Ctx() context: RequestContext,
    @Arg('first', () => Int, { defaultValue: MAX_BUILDS, description: 'How many, at most 50.' }) first: number,
  ): Promise<(Build | null)[]> {
    if (first < 0 || first > MAX_BUILDS) throw badInput(`\`first\` must be between 0 and ${MAX_BUILDS}.`, 'first');
    const { accountId } = context.principal;
    const read = (conflicts: readonly Conflict[]) => this.query.buildIds(accountId, conflicts, first);
    const ids = await context.loadAs(`builds of conflicts, ${first}`, conflict, read);
    const builds = await Promise.all(ids.map((id) => context.load(this.buildQuery, id)));
    // One may have been deleted since.
    return builds.filter((build) => build !== null);
  }

  @FieldResolver(() => [ConflictClaim], {
    description: 'Who says what, sorted by value; at least two of the values differ. At most 100.',
  })
  differences(@Root() conflict: Conflict, @Ctx() context: RequestContext): Promise<ConflictClaim[]> {
    const { accountId } = context.principal;
    return context.loadAs('claims in conflicts', conflict, (conflicts: readonly Conflict[]) =>
      this.query.claims(accountId, conflicts),
    );
  }
}

@Resolver(() => Build)
export class BuildConflictsResolver {
  constructor(private readonly query: ConflictQuery) {}

  @FieldResolver(() => [Conflict], {
    complexity: ({ childComplexity }) => CONFLICTS_COST + childComplexity,
    description: 'Where origins disagree about its docker image or about a measurement that it has.',
  })
  conflicts(@Root() build: Plain<Build>, @Ctx() context: RequestContext): Promise<Conflict[]> {
    const { accountId } = context.principal;
    return context.loadAs('conflicts of builds', build, (builds: readonly Plain<Build>[]) =>
      this.conflictsOf(accountId, builds),
    );
  }

  private async conflictsOf(accountId: string, builds: readonly Plain<Build>[]): Promise<Conflict[][]> {
    const shares = builds.map(sharesOf);
    const read = (kind: ConflictKind) =>
      this.query.among(accountId, kind, [...new Set(shares.flatMap((share) => share[kind]))]);
    const found = [...(await read(ConflictKind.DIGEST)), ...(await read(ConflictKind.MEASUREMENT))];
    return shares.map((share) => found.filter(({ kind, value }) => share[kind].includes(value)));
  }
}

/** What a build may share with another. */
function sharesOf({ imageDigest, attributes, enclaveInfo }: Plain<Build>): Record<ConflictKind, string[]> {
  if (imageDigest === '') return { DIGEST: [], MEASUREMENT: [] };
  const isIdentifying = (own: MeasuredValue) =>
    IDENTIFYING.some(([platform, name]) => own.platform === platform && own.name === name);
  const measured = measurementsOf(attributes, enclaveInfo).filter(isIdentifying);
  return { DIGEST: [imageDigest], MEASUREMENT: measured.map(({ value }) => value) };
}

// Finds where origins disagree, in one statement for each kind: first what several builds share, by an index alone, then
// what is said of that by whom.
import { Brackets } from 'typeorm';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { badInput } from '../lib/errors.js';
import { formatCursor } from '../lib/paging.js';
import type { Connection, PageRequest } from '../lib/paging.js';
import type { Row } from '../db/from-row.js';
import { Build } from './build.entity.js';
import { conflictOf, ConflictKind, IDENTIFYING } from './conflict.js';
import type { Conflict, ConflictClaim } from './conflict.js';
import type { Platform } from './image-attributes.js';
import { Measurement } from './measurements.js';
import { Origin, SERVED } from './origin.entity.js';
import type { OriginKind } from './origin.entity.js';

/** What builds share, and what they differ in. */
const SHARED = { DIGEST: 'b.imageDigest', MEASUREMENT: 'm.value' } as const;
const CLAIMED = { DIGEST: 'm.value', MEASUREMENT: 'b.imageDigest' } as const;
/** Whose word it is: a source's, a vendor's paths', or empty for what was made here. */
const TELLER = "COALESCE(o.kind || ' ' || o.sourceKey, '')";

/** Each build has every value that any of them has where nothing differs: a build may have several of one name. */
const DIFFERS = (kind: ConflictKind) =>
  `COUNT(*) < COUNT(DISTINCT m.buildId) * COUNT(DISTINCT ${CLAIMED[kind]}) AND COUNT(DISTINCT ${TELLER}) > 1`;

/** DIGEST comes before MEASUREMENT. */
const KINDS = [ConflictKind.DIGEST, ConflictKind.MEASUREMENT];
export const CONFLICT_ORDER = 'CONFLICT';
/** Of one conflict. */
const MAX_CLAIMS = 100;

/** What conflicts are looked for among; what is left out does not restrict. */
interface Among {
  /** Values that builds share. */
  values?: string[];
  after?: { value: string; platform: string; name: string };
}

export class ConflictQuery {
  constructor(private readonly reader: EntityManager) {}

  /** All of one kind after all of the other, each by value, platform and name. */
  async list(
    accountId: string,
    kind: ConflictKind | null | undefined,
    page: PageRequest,
  ): Promise<Connection<Conflict>> {
    const start = page.after && parsePosition(page.after.id);
    const kinds = KINDS.filter((one) => !kind || one === kind);
    const found: Conflict[] = [];
    for (const one of kinds.filter((own) => !start || KINDS.indexOf(own) >= KINDS.indexOf(start.kind))) {
      const missing = page.limit + 1 - found.length;
      const after = start?.kind === one ? start : undefined;
      if (missing > 0) found.push(...(await this.read(accountId, one, { after }, missing)));
    }
    return connectionOf(found, page, () => this.count(accountId, kinds));
  }

  /** Those that share one of the values, in their order. */
  among(accountId: string, kind: ConflictKind, values: string[]): Promise<Conflict[]> {
    return values.length === 0 ? Promise.resolve([]) : this.read(accountId, kind, { values });
  }

  /** Ids of at most `first` builds of each, newest first. */
  async buildIds(accountId: string, conflicts: readonly Conflict[], first: number): Promise<string[][]> {
    const rows = await this.readParts(accountId, conflicts, first, (query, kind) => {
      query.addSelect('b.id', 'buildId').addSelect(positionBy(kind, 'b.createdAt DESC, b.id DESC'), 'position');
      return query.addGroupBy('b.id').addGroupBy('b.createdAt');
    });
    return rows.map((ofOne) => ofOne.map(({ buildId }) => buildId as string));
  }

  /** What each origin says, at most 100 of each conflict. */
  async claims(accountId: string, conflicts: readonly Conflict[]): Promise<ConflictClaim[][]> {
    const rows = await this.readParts(accountId, conflicts, MAX_CLAIMS, (query, kind) => {
      const by = `${CLAIMED[kind]}, ${TELLER}`;
      query.addSelect(CLAIMED[kind], 'claim').addSelect('o.kind', 'originKind').addSelect('o.sourceKey', 'sourceKey');
      query.addSelect('COUNT(DISTINCT m.buildId)', 'buildCount');
      query.addSelect(positionBy(kind, by), 'position');
      return query.addGroupBy(CLAIMED[kind]).addGroupBy('o.kind').addGroupBy('o.sourceKey');
    });
    return rows.map((ofOne) => ofOne.map(claimOf));
  }

  private async read(accountId: string, kind: ConflictKind, among: Among, limit?: number): Promise<Conflict[]> {
    const query = this.conflicting(accountId, kind, among).addSelect('COUNT(DISTINCT m.buildId)', 'buildCount');
    query.orderBy(SHARED[kind]).addOrderBy('m.platform').addOrderBy('m.name').limit(limit);
    const rows = await query.getRawMany<Row>();
    return rows.map((row) => conflictOf(kind, row));
  }

  private async count(accountId: string, kinds: ConflictKind[]): Promise<number> {
    let sum = 0;
    for (const kind of kinds) {
      const all = this.conflicting(accountId, kind, {});
      const counted = this.reader.createQueryBuilder().select('COUNT(*)', 'count').from(`(${all.getQuery()})`, 'found');
      const row = await counted.setParameters(all.getParameters()).getRawOne<Row>();
      sum += Number(row?.count);
    }
    return sum;
  }

  private conflicting(accountId: string, kind: ConflictKind, among: Among): SelectQueryBuilder<Measurement> {
    return this.told(accountId, kind, among).having(DIFFERS(kind));
  }

  /** Rows of at most `first` parts of each conflict, whatever a part is. */
  private async readParts(
    accountId: string,
    conflicts: readonly Conflict[],
    first: number,
    ofPart: (query: SelectQueryBuilder<Measurement>, kind: ConflictKind) => SelectQueryBuilder<Measurement>,
  ): Promise<Row[][]> {
    const found = new Map<string, Row[]>(conflicts.map(({ id }) => [id, []]));
    for (const kind of KINDS) {
      const values = [...new Set(conflicts.filter((one) => one.kind === kind).map(({ value }) => value))];
      if (values.length === 0) continue;
      const parts = ofPart(this.told(accountId, kind, { values }), kind);
      const query = this.reader.createQueryBuilder().select('part.*').from(`(${parts.getQuery()})`, 'part');
      query.where('part.position <= :first').orderBy('part.position');
      const rows = await query.setParameters({ ...parts.getParameters(), first }).getRawMany<Row>();
      for (const row of rows) found.get(conflictOf(kind, row).id)?.push(row);
    }
    return conflicts.map(({ id }) => found.get(id)!);
  }

  /** What is said by whom of what several builds share, grouped by that, platform and name. */
  private told(accountId: string, kind: ConflictKind, among: Among): SelectQueryBuilder<Measurement> {
    const { after } = among;
    const column = SHARED[kind];
    const shared = this.shared(accountId, kind, among);
    const query = this.reader
      .createQueryBuilder(Measurement, 'm')
      .select(column, 'value')
      .addSelect('m.platform', 'platform')
      .addSelect('m.name', 'name')
      .innerJoin(Build, 'b', 'b.accountId = m.accountId AND b.id = m.buildId')
      .leftJoin(Origin, 'o', 'o.accountId = b.accountId AND o.id = b.id')
      .where(`m.accountId = :accountId AND ${kind === ConflictKind.DIGEST ? ofImages(shared) : ofValues(shared)}`)
      .andWhere("o.goneAt IS NULL AND b.imageDigest <> ''")
      .setParameters(shared.getParameters());
    if (kind === ConflictKind.MEASUREMENT) query.andWhere(identifying());
    if (after) {
      const { value, platform, name } = after;
      const next = '(m.platform > :platform OR (m.platform = :platform AND m.name > :name))';
      query.andWhere(`(${column} > :value OR ${next})`, { value, platform, name });
    }
    return query.groupBy(column).addGroupBy('m.platform').addGroupBy('m.name');
  }

  /** What more than one build has. */
  private shared(
    accountId: string,
    kind: ConflictKind,
    { values, after }: Among,
  ): SelectQueryBuilder<Build | Measurement> {
    const query: SelectQueryBuilder<Build | Measurement> =
      kind === ConflictKind.DIGEST
        ? this.reader.createQueryBuilder(Build, 'b').where("b.accountId = :accountId AND b.imageDigest > ''")
        : this.reader.createQueryBuilder(Measurement, 'm').where('m.accountId = :accountId').andWhere(identifying());
    if (values) query.andWhere(`${SHARED[kind]} IN (:...values)`, { values });
    if (after) query.andWhere(`${SHARED[kind]} >= :value`, { value: after.value });
    query.select(SHARED[kind], 'value').setParameter('accountId', accountId);
    return query.groupBy(SHARED[kind]).having('COUNT(*) > 1');
  }
}

type Shared = SelectQueryBuilder<Build | Measurement>;

const ofValues = (values: Shared): string => `m.value IN (${values.getQuery()})`;

/**
 * SQLite would go through all measurements of the account, unless it is given the ids that their index begins with;
 * PostgreSQL finds its way by itself, and loses it where it is shown one.
 */
const ofImages = (digests: Shared): string => {
  if (digests.connection.options.type === 'postgres') return `b.imageDigest IN (${digests.getQuery()})`;
  const builds = digests.createQueryBuilder().select('image.id').from(Build, 'image');
  builds.where(`image.accountId = :accountId AND image.imageDigest IN (${digests.getQuery()})`);
  return `m.buildId IN (${builds.getQuery()})`;
};

const positionBy = (kind: ConflictKind, order: string) =>
  `ROW_NUMBER() OVER (PARTITION BY ${SHARED[kind]}, m.platform, m.name ORDER BY ${order})`;

const identifying = () =>
  new Brackets((any) => {
    for (const [platform, name] of IDENTIFYING) any.orWhere(`(m.platform = '${platform}' AND m.name = '${name}')`);
  });

interface ConflictPosition {
  kind: ConflictKind;
  value: string;
  platform: Platform;
  name: string;
}

/** Throws BAD_USER_INPUT. */
function parsePosition(id: string): ConflictPosition {
  const [kind, value, platform, name] = id.split(' ');
  if (!KINDS.includes(kind as ConflictKind) || !name) throw badInput('`after` is not a cursor of this API.', 'after');
  return { kind, value, platform, name } as ConflictPosition;
}

function connectionOf(found: Conflict[], page: PageRequest, totalCount: () => Promise<number>): Connection<Conflict> {
  const nodes = found.slice(0, page.limit);
  const edges = nodes.map((node) => ({ cursor: formatCursor(CONFLICT_ORDER, { value: '', id: node.id }), node }));
  return {
    edges,
    nodes,
    pageInfo: {
      hasNextPage: found.length > page.limit,
      hasPreviousPage: page.after !== undefined,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    totalCount,
  };
}

function claimOf({ claim, originKind, sourceKey, buildCount }: Row): ConflictClaim {
  const isSource = sourceKey !== null && sourceKey !== SERVED;
  return {
    value: claim as string,
    originKind: originKind as OriginKind | null,
    sourceId: isSource ? (sourceKey as string) : null,
    buildCount: Number(buildCount),
  };
}

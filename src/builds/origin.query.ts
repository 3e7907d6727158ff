// Reads where builds came from.
import { In, IsNull, MoreThan, Not } from 'typeorm';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { addPattern, anywhere, isLike } from '../db/contains-text.js';
import { fromRow, selectRows } from '../db/from-row.js';
import type { Row } from '../db/from-row.js';
import { ordersOf, readOffsetRows } from '../db/offset-page.js';
import { checkDocumentSize } from '../db/page-size.js';
import type { SortedSlice } from '../lib/offset.js';
import type { Transaction } from '../lib/transaction.js';
import { storable } from './build-draft.js';
import { Build } from './build.entity.js';
import { Origin, SERVED } from './origin.entity.js';
import type { OriginKind } from './origin.entity.js';

export type OriginSortField = 'externalId' | 'name' | 'externalCreatedAt' | 'updatedAt' | 'state';

/** Which origins of one kind a dialect lists; what is left out does not restrict. */
export interface OriginListing extends SortedSlice<OriginSortField> {
  kind: OriginKind;
  states?: string[];
  /** What is in one of these is left out. */
  withoutStates?: string[];
  groupKeys?: string[];
  /** Contained in the name or the vendor's id, whatever the case. */
  text?: string;
  /** A member of the document that is one of these texts and stands anywhere behind the beginning of another member. */
  member?: { behind: string; name: string; values: string[] };
}

/** So many never have more than a page may: each has at most half a MiB. */
const UNCHECKED_ROWS = 64;

/** How many origins of a group are in a state. */
export interface StateCount {
  groupKey: string;
  state: string;
  count: number;
}

const SORT_EXPRESSIONS: Record<OriginSortField, string> = {
  externalId: 'origin.externalId',
  name: 'build.sortName',
  externalCreatedAt: 'origin.externalCreatedAt',
  updatedAt: 'build.updatedAt',
  state: 'origin.state',
};

/** What an importer must know of a build to see whether it changed. */
export interface KnownOrigin extends Pick<Origin, 'id' | 'externalId' | 'listHash' | 'contentHash' | 'seenIn'> {
  isGone: boolean;
}

/** One source's builds. */
export interface OriginSource {
  accountId: string;
  kind: OriginKind;
  sourceKey: string;
}

export class OriginQuery {
  constructor(private readonly reader: EntityManager) {}

  /** By the ids of their builds. Throws BAD_USER_INPUT where their documents have more than 32 MiB. */
  async byIds(accountId: string, ids: readonly string[]): Promise<Origin[]> {
    const query = selectRows(this.reader, Origin, 'origin').where({ accountId, id: In([...ids]) });
    if (ids.length > UNCHECKED_ROWS) await checkDocumentSize(query, ['document', 'related'], 'first');
    return (await query.getRawMany<Row>()).map((row) => fromRow(Origin, row));
  }

  /** Where builds came from, by their ids. */
  async kindsOf(accountId: string, ids: readonly string[]): Promise<Map<string, OriginKind>> {
    if (ids.length === 0) return new Map();
    const select = { accountId: true, id: true, kind: true } as const;
    const origins = await this.reader.find(Origin, { select, where: { accountId, id: In([...ids]) } });
    return new Map(origins.map(({ id, kind }) => [id, kind]));
  }

  /** By the vendor's ids, at most one of each: what was made here before what was imported, then the oldest. */
  async byExternalIds(accountId: string, kind: OriginKind, externalIds: readonly string[]): Promise<Origin[]> {
    const where = { accountId, kind, externalId: In([...externalIds]) };
    const rows = await selectRows(this.reader, Origin, 'origin').where(where).getRawMany<Row>();
    // Sorted here: SQLite would walk all of the account in the order of ids, to find them sorted.
    const origins = rows.map((row) => fromRow(Origin, row)).sort((a, b) => (a.id < b.id ? -1 : 1));
    const found = new Map<string, Origin>();
    for (const origin of origins) {
      if (!found.has(origin.externalId) || origin.sourceKey === SERVED) found.set(origin.externalId, origin);
    }
    return [...found.values()];
  }

  /** Of one source, by the vendor's ids. */
  async known(source: OriginSource, externalIds: readonly string[]): Promise<Map<string, KnownOrigin>> {
    const query = this.reader.createQueryBuilder(Origin, 'origin').select([]);
    for (const column of ['id', 'externalId', 'listHash', 'contentHash', 'seenIn', 'goneAt'])
      query.addSelect(`origin.${column}`, column);
    // PostgreSQL refuses to look for what it can not keep.
    const ids = externalIds.filter((id) => storable(id) === id);
    const rows = await query.where({ ...source, externalId: In(ids) }).getRawMany<KnownOrigin & Row>();
    return new Map(rows.map(({ goneAt, ...row }) => [row.externalId, { ...row, isGone: goneAt !== null }]));
  }

  /** How many builds of a source are not gone; of those, how many a run saw. */
  count(source: OriginSource, seenIn?: string): Promise<number> {
    const where = { ...source, goneAt: IsNull(), ...(seenIn !== undefined && { seenIn }) };
    return this.reader.countBy(Origin, where);
  }

  /** The one whose build it is, inside a transaction; null where the build was made here. */
  findOf({ manager }: Transaction, accountId: string, id: string): Promise<Origin | null> {
    return manager.findOneBy(Origin, { accountId, id });
  }

  /** What is gone upstream is left out. */
  list(accountId: string, listing: OriginListing): Promise<Origin[]> {
    const query = this.ofKind(accountId, listing.kind);
    const { states, withoutStates, groupKeys, text, member } = listing;
    if (states) query.andWhere({ state: In(states) });
    if (withoutStates) query.andWhere({ state: Not(In(withoutStates)) });
    if (groupKeys) query.andWhere({ groupKey: In(groupKeys) });
    if (text) {
      const pattern = addPattern(query, anywhere(text));
      query.andWhere(`(${isLike('build.sortName', pattern)} OR ${isLike('origin.externalId', pattern)})`);
    }
    if (member) whereMember(query, member);
    const { sort, limit, offset } = listing;
    const documents = ['document', 'related'];
    const request = { orders: ordersOf(sort, SORT_EXPRESSIONS), limit, offset, documents };
    return readOffsetRows(query, request, (row) => fromRow(Origin, row));
  }

  /** The next of the vendor's ids of what was made here and is in a state, in their order. */
  async servedIds(
    { accountId, kind, state, groupKeys }: { accountId: string; kind: OriginKind; state: string; groupKeys?: string[] },
    { after, limit }: { after: string; limit: number },
  ): Promise<string[]> {
    const query = this.reader.createQueryBuilder(Origin, 'origin').select('origin.externalId', 'externalId');
    query.where({ accountId, kind, sourceKey: SERVED, state, externalId: MoreThan(after) });
    if (groupKeys) query.andWhere({ groupKey: In(groupKeys) });
    const rows = await query.orderBy('origin.externalId').limit(limit).getRawMany<{ externalId: string }>();
    return rows.map(({ externalId }) => externalId);
  }

  /** How many there are of each of these groups in each state; what is gone upstream is left out. */
  async countStates(accountId: string, kind: OriginKind, groupKeys: readonly string[]): Promise<StateCount[]> {
    const query = this.ofKind(accountId, kind).andWhere({ groupKey: In([...groupKeys]) });
    query.select('origin.groupKey', 'groupKey').addSelect('origin.state', 'state').addSelect('COUNT(*)', 'count');
    query.groupBy('origin.groupKey').addGroupBy('origin.state');
    const rows = await query.getRawMany<Record<keyof StateCount, string>>();
    return rows.map(({ groupKey, state, count }) => ({ groupKey, state, count: Number(count) }));
  }

  private ofKind(accountId: string, kind: OriginKind): SelectQueryBuilder<Origin> {
    return selectRows(this.reader, Origin, 'origin')
      .innerJoin(Build, 'build', 'build.accountId = origin.accountId AND build.id = origin.id')
      .where('origin.accountId = :accountId AND origin.kind = :kind AND origin.goneAt IS NULL', { accountId, kind });
  }
}

/** By the text of the document: JSON has quotes within texts escaped, so only members can look like this. */
function whereMember(query: SelectQueryBuilder<Origin>, { behind, name, values }: Required<OriginListing>['member']) {
  const conditions = values.map((value) => {
    const [begins, is] = [`${JSON.stringify(behind)}:{`, `${JSON.stringify(name)}:${JSON.stringify(value)}`];
    const pattern = addPattern(query, anywhere(begins) + anywhere(is));
    return isLike('origin.document', pattern);
  });
  query.andWhere(conditions.length > 0 ? `(${conditions.join(' OR ')})` : '1 = 0');
}

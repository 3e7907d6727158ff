// Reads where builds came from.
import { In } from 'typeorm';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { addPattern, anywhere, isLike } from '../db/contains-text.js';
import { fromRow, selectRows } from '../db/from-row.js';
import type { Row } from '../db/from-row.js';
import { ordersOf, readOffsetPage } from '../db/offset-page.js';
import type { OffsetPage, SortedSlice } from '../lib/offset.js';
import { Build } from './build.entity.js';
import { Origin, SERVED } from './origin.entity.js';
import type { OriginKind } from './origin.entity.js';

export type OriginSortField = 'externalId' | 'name' | 'externalCreatedAt' | 'updatedAt' | 'state';

/** Which origins of one kind a dialect lists; what is left out does not restrict. */
export interface OriginListing extends SortedSlice<OriginSortField> {
  kind: OriginKind;
  states?: string[];
  groupKeys?: string[];
  /** Contained in the name or the vendor's id, whatever the case. */
  text?: string;
}

const SORT_EXPRESSIONS: Record<OriginSortField, string> = {
  externalId: 'origin.externalId',
  name: 'build.sortName',
  externalCreatedAt: 'origin.externalCreatedAt',
  updatedAt: 'build.updatedAt',
  state: 'origin.state',
};

export class OriginQuery {
  constructor(private readonly reader: EntityManager) {}

  /** By the ids of their builds. */
  async byIds(accountId: string, ids: readonly string[]): Promise<Origin[]> {
    const query = selectRows(this.reader, Origin, 'origin').where({ accountId, id: In([...ids]) });
    return (await query.getRawMany<Row>()).map((row) => fromRow(Origin, row));
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

  /** What is gone upstream is left out. */
  async list(accountId: string, listing: OriginListing): Promise<OffsetPage<Origin>> {
    const all = this.ofKind(accountId, listing.kind);
    const query = all.clone();
    const { states, groupKeys, text } = listing;
    if (states) query.andWhere({ state: In(states) });
    if (groupKeys) query.andWhere({ groupKey: In(groupKeys) });
    if (text) {
      const pattern = addPattern(query, anywhere(text));
      query.andWhere(`(${isLike('build.sortName', pattern)} OR ${isLike('origin.externalId', pattern)})`);
    }
    const { sort, limit, offset } = listing;
    const documents = ['document', 'related'];
    const request = { orders: ordersOf(sort, SORT_EXPRESSIONS), limit, offset, documents };
    return readOffsetPage(query, request, (row) => fromRow(Origin, row), all);
  }

  private ofKind(accountId: string, kind: OriginKind): SelectQueryBuilder<Origin> {
    return selectRows(this.reader, Origin, 'origin')
      .innerJoin(Build, 'build', 'build.accountId = origin.accountId AND build.id = origin.id')
      .where('origin.accountId = :accountId AND origin.kind = :kind AND origin.goneAt IS NULL', { accountId, kind });
  }
}

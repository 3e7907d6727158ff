// Reads the catalog log as an audit trail, newest line first.
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { containsExactly } from '../db/contains-exactly.js';
import { fromRow, selectRows } from '../db/from-row.js';
import { readPage } from '../db/keyset.js';
import { parsePage } from '../lib/paging.js';
import type { Connection, PageArgs } from '../lib/paging.js';
import { CatalogLogHead, CatalogLogLine } from './catalog-log.entity.js';
import type { CatalogChangeKind } from './catalog-log.entity.js';

export interface CatalogLogSelection {
  entityType?: string | null;
  entityId?: string | null;
  actorId?: string | null;
  kind?: CatalogChangeKind[] | null;
  since?: Date | null;
  until?: Date | null;
}

/** Lines that are about to be pruned count as gone: nothing vouches for them any more. */
export function withoutPruned(query: SelectQueryBuilder<CatalogLogLine>, accountId: string): void {
  const pruned = query.subQuery().select('head.prunedSeq').from(CatalogLogHead, 'head');
  const prunedSeq = pruned.where('head.accountId = :prunedOf').getQuery();
  query.andWhere(`line.seq > ${prunedSeq}`, { prunedOf: accountId });
}

export class CatalogLogQuery {
  constructor(private readonly reader: EntityManager) {}

  list(accountId: string, page: PageArgs, selection: CatalogLogSelection): Promise<Connection<CatalogLogLine>> {
    const query = selectRows(this.reader, CatalogLogLine, 'line').where({ accountId });
    withoutPruned(query, accountId);
    const { entityType, entityId, actorId, kind, since, until } = selection;
    if (entityType) query.andWhere({ entityType });
    if (entityId) query.andWhere({ entityId: entityId.toLowerCase() });
    if (actorId) containsExactly(query, 'actor', `"id":${JSON.stringify(actorId.toLowerCase())}`);
    if (kind) query.andWhere(kind.length > 0 ? 'line.kind IN (:...kind)' : '1 = 0', { kind });
    if (since) query.andWhere('line.at >= :since', { since: since.getTime() });
    if (until) query.andWhere('line.at < :until', { until: until.getTime() });
    const order = { name: 'SEQ DESC', column: 'seq', descending: true, isUnique: true };
    return readPage(query, order, parsePage(page, order.name), (row) => fromRow(CatalogLogLine, row));
  }
}

// Reads origins by what their vendor groups them by, for dialects that list groups, and the latest of each.
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { containsExactly } from '../db/contains-exactly.js';
import { addPattern, anywhere, isLike, literally } from '../db/contains-text.js';
import { firstOfEach } from '../db/first-of-each.js';
import { fromRow, selectRows } from '../db/from-row.js';
import type { Row } from '../db/from-row.js';
import { Origin, SERVED } from './origin.entity.js';
import type { OriginKind } from './origin.entity.js';

/** Which origins of one kind; what is left out does not restrict. What is gone upstream never counts. */
export interface OriginSelection {
  kind: OriginKind;
  groupKeys?: string[];
  groupBegins?: string;
  /** Texts with one of which the key of the group ends. */
  groupEnds?: string[];
  /** Texts one of which the key of the group has in it. */
  groupHas?: string[];
  /** Texts none of which the key of the group has in it. */
  groupHasNot?: string[];
  states?: string[];
  statesNot?: string[];
  /** For each of these lists, one of its texts is in the document as it is stored: JSON without spaces. */
  documentHas?: string[][];
}

/** Within a group: external ids that differ in a number at their end, the highest first; one that was made here before others. */
const LATEST_FIRST = [
  ['LENGTH(origin.externalId)', 'DESC'],
  ['origin.externalId', 'DESC'],
  [`CASE WHEN origin.sourceKey = '${SERVED}' THEN 0 ELSE 1 END`, 'ASC'],
  ['origin.id', 'ASC'],
] as const;

export class OriginGroupQuery {
  constructor(private readonly reader: EntityManager) {}

  /** Keys of groups, ascending, after that one. */
  async listKeys(accountId: string, selection: OriginSelection, after: string, limit: number): Promise<string[]> {
    const query = this.select(accountId, selection).select('origin.groupKey', 'groupKey').distinct(true);
    query.andWhere('origin.groupKey > :after', { after }).orderBy('origin.groupKey', 'ASC').limit(limit);
    return (await query.getRawMany<{ groupKey: string }>()).map(({ groupKey }) => groupKey);
  }

  /** The latest of each group, in the order of the keys; groups without any are left out. */
  async latestOf(accountId: string, selection: OriginSelection, groupKeys: string[]): Promise<Origin[]> {
    if (groupKeys.length === 0) return [];
    const query = this.select(accountId, { ...selection, groupKeys });
    const order = LATEST_FIRST.map((parts) => parts.join(' ')).join(', ');
    const rows = await firstOfEach(query, { column: 'groupKey', order }, groupKeys, 1);
    return rows.flat().map((row) => fromRow(Origin, row));
  }

  /** By group and, in it, the latest first; after the one with that external id. Each external id once. */
  async list(
    accountId: string,
    selection: OriginSelection,
    after: Pick<Origin, 'groupKey' | 'externalId'> | undefined,
    limit: number,
  ): Promise<Origin[]> {
    // Of the next groups alone: no index has the order within a group, so that all of the account would be sorted.
    const next = () => this.listKeys(accountId, selection, after?.groupKey ?? '', limit);
    const groupKeys = selection.groupKeys ?? [...(after ? [after.groupKey] : []), ...(await next())];
    if (groupKeys.length === 0) return [];
    const query = this.select(accountId, { ...selection, groupKeys }).orderBy('origin.groupKey', 'ASC');
    for (const [expression, direction] of LATEST_FIRST) query.addOrderBy(expression, direction);
    const inGroup =
      '(LENGTH(origin.externalId) < :length OR (LENGTH(origin.externalId) = :length AND origin.externalId < :externalId))';
    if (after)
      query.andWhere(`(origin.groupKey > :groupKey OR (origin.groupKey = :groupKey AND ${inGroup}))`, {
        ...after,
        length: after.externalId.length,
      });
    const rows = (await query.limit(limit).getRawMany<Row>()).map((row) => fromRow(Origin, row));
    return rows.filter(({ externalId }, index) => index === 0 || rows[index - 1]!.externalId !== externalId);
  }

  /** The external ids alone. */
  async listExternalIds(accountId: string, selection: OriginSelection): Promise<string[]> {
    const query = this.select(accountId, selection).select('origin.externalId', 'externalId').distinct(true);
    return (await query.getRawMany<{ externalId: string }>()).map(({ externalId }) => externalId);
  }

  private select(accountId: string, selection: OriginSelection): SelectQueryBuilder<Origin> {
    const { kind, groupKeys, groupBegins, groupEnds, groupHas, groupHasNot = [] } = selection;
    const { states, statesNot, documentHas = [] } = selection;
    const query = selectRows(this.reader, Origin, 'origin').where({ accountId, kind });
    query.andWhere('origin.goneAt IS NULL');
    if (groupKeys) {
      // The range makes SQLite take the index of groups, which it does not for a list.
      const [least, ...greater] = [...groupKeys].sort();
      query.andWhere('origin.groupKey >= :least AND origin.groupKey <= :most', {
        least,
        most: greater.at(-1) ?? least,
      });
      query.andWhere('origin.groupKey IN (:...groupKeys)', { groupKeys });
    }
    if (states) query.andWhere('origin.state IN (:...states)', { states });
    if (statesNot) query.andWhere('origin.state NOT IN (:...statesNot)', { statesNot });
    const like = (pattern: string) => isLike('origin.groupKey', addPattern(query, pattern));
    const anyOf = (patterns: string[]) => query.andWhere(`(${patterns.map(like).join(' OR ')})`);
    if (groupBegins) anyOf([`${literally(groupBegins)}%`]);
    if (groupEnds) anyOf(groupEnds.map((text) => `%${literally(text)}`));
    if (groupHas) anyOf(groupHas.map(anywhere));
    for (const text of groupHasNot) query.andWhere(`NOT (${like(anywhere(text))})`);
    for (const texts of documentHas) containsExactly(query, 'document', ...texts);
    return query;
  }
}

// Reads one page of an ordered list by position instead of by offset.
import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { badInput } from '../lib/errors.js';
import { formatCursor } from '../lib/paging.js';
import type { Connection, PageRequest, Position } from '../lib/paging.js';
import type { Row } from './from-row.js';

export interface KeysetOrder {
  /** Name of the order, kept in cursors. */
  name: string;
  /** Column of the alias to order by: NOT NULL; the id breaks ties. */
  column: string;
  descending: boolean;
  /** No two rows of the query are equal in the column, so that no id is needed; there may be none. */
  isUnique?: boolean;
}

export const NEWEST_FIRST: KeysetOrder = { name: 'CREATED_AT DESC', column: 'createdAt', descending: true };

/**
 * @param query a `selectRows` query with its filters set and no order yet
 * @param read makes a node of a row
 */
export async function readPage<Entity extends ObjectLiteral, Node>(
  query: SelectQueryBuilder<Entity>,
  order: KeysetOrder,
  page: PageRequest,
  read: (row: Row) => Node,
): Promise<Connection<Node>> {
  const counted = query.clone();
  if (page.after) restrict(query, order, page.after, 'after');
  if (page.before) restrict(query, order, page.before, 'before');
  const direction = order.descending === page.fromEnd ? 'ASC' : 'DESC';
  const { alias } = query;
  query.orderBy(`${alias}.${order.column}`, direction);
  if (!order.isUnique) query.addOrderBy(`${alias}.id`, direction);
  const rows = await query.limit(page.limit + 1).getRawMany<Row>();
  const hasMore = rows.length > page.limit;
  if (hasMore) rows.pop();
  if (page.fromEnd) rows.reverse();

  const edges = rows.map((row) => ({ cursor: formatCursor(order.name, positionOf(row, order)), node: read(row) }));
  return {
    edges,
    nodes: edges.map((edge) => edge.node),
    pageInfo: {
      hasNextPage: page.fromEnd ? page.before !== undefined : hasMore,
      hasPreviousPage: page.fromEnd ? hasMore : page.after !== undefined,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    totalCount: () => count(counted),
  };
}

async function count<Entity extends ObjectLiteral>(query: SelectQueryBuilder<Entity>): Promise<number> {
  const row = await query.select('COUNT(*)', 'count').getRawOne<Row>();
  return Number(row?.count);
}

const positionOf = (row: Row, order: KeysetOrder): Position => ({
  value: row[order.column] as string | number,
  id: order.isUnique ? '' : (row.id as string),
});

function restrict<Entity extends ObjectLiteral>(
  query: SelectQueryBuilder<Entity>,
  order: KeysetOrder,
  { value, id }: Position,
  side: 'after' | 'before',
): void {
  // A made-up value of another type would be an error of PostgreSQL's.
  const { type } = query.expressionMap.mainAlias!.metadata.findColumnWithPropertyName(order.column)!;
  const fits = type === 'bigint' || type === 'integer' ? Number.isSafeInteger(value) : typeof value === 'string';
  if (!fits) throw badInput(`\`${side}\` is not a cursor of this API.`, side);
  const sign = order.descending === (side === 'after') ? '<' : '>';
  const { alias } = query;
  const column = `${alias}.${order.column}`;
  if (order.isUnique) {
    query.andWhere(`${column} ${sign} :${side}Value`, { [`${side}Value`]: value });
    return;
  }
  // The first comparison alone can use the index; the second settles equal values.
  query.andWhere(
    `${column} ${sign}= :${side}Value AND (${column} ${sign} :${side}Value OR ${alias}.id ${sign} :${side}Id)`,
    { [`${side}Value`]: value, [`${side}Id`]: id },
  );
}

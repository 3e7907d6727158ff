// Reads one page of a list by offset, for dialects that page so. Lists of our own go by position: see keyset.ts.
import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { badInput } from '../lib/errors.js';
import { MAX_OFFSET_PAGE } from '../lib/offset.js';
import type { OffsetPage, Sort } from '../lib/offset.js';
import type { Row } from './from-row.js';
import { checkPageSize } from './page-size.js';

export interface OffsetOrder {
  /** Of columns of the query's alias, never null: the databases disagree on where nulls come. */
  expression: string;
  descending: boolean;
}

export interface OffsetRequest {
  /** The id comes last of itself. */
  orders: OffsetOrder[];
  /** 0 to 1,000. */
  limit: number;
  offset: number;
  /** Columns that may hold much, where there are such (page-size.ts). */
  documents?: string[];
}

/** @param expressions what each field is sorted by */
export const ordersOf = <Field extends string>(
  sort: Sort<Field>[],
  expressions: Record<Field, string>,
): OffsetOrder[] => sort.map(({ field, descending }) => ({ expression: expressions[field], descending }));

/**
 * @param query a `selectRows` query with its filters set and no order yet
 * @param read makes a node of a row
 * @param all the same list without its filters, to be counted
 */
export async function readOffsetPage<Entity extends ObjectLiteral, Node>(
  query: SelectQueryBuilder<Entity>,
  request: OffsetRequest,
  read: (row: Row) => Node,
  all: SelectQueryBuilder<Entity>,
): Promise<OffsetPage<Node>> {
  const filtered = query.clone();
  const items = await readOffsetRows(query, request, read);
  return { items, totalCount: await all.getCount(), filteredCount: await filtered.getCount() };
}

/** The same for dialects that tell no counts: they are not taken. */
export async function readOffsetRows<Entity extends ObjectLiteral, Node>(
  query: SelectQueryBuilder<Entity>,
  { orders, limit, offset, documents = [] }: OffsetRequest,
  read: (row: Row) => Node,
): Promise<Node[]> {
  if (!Number.isSafeInteger(limit) || limit < 0 || limit > MAX_OFFSET_PAGE)
    throw badInput(`\`limit\` must be between 0 and ${MAX_OFFSET_PAGE}.`, 'limit');
  if (!Number.isSafeInteger(offset) || offset < 0) throw badInput('`offset` must not be negative.', 'offset');
  // TypeORM would let the second of two orders by the same win.
  const isFirst = (order: OffsetOrder, index: number) =>
    orders.findIndex(({ expression }) => expression === order.expression) === index;
  for (const { expression, descending } of orders.filter(isFirst))
    query.addOrderBy(expression, descending ? 'DESC' : 'ASC');
  query.addOrderBy(`${query.alias}.id`, 'ASC').limit(limit).offset(offset);
  if (documents.length > 0) await checkPageSize(query, { documents, rows: limit, field: 'limit' });
  return (await query.getRawMany<Row>()).map(read);
}

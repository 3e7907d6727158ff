import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { Row } from './from-row.js';
import { checkPageSize } from './page-size.js';

export interface Grouping {
  /** The column it is grouped by. */
  column: string;
  /** Within a group. */
  order: string;
  /** Columns that may hold much, where there are such (page-size.ts). */
  documents?: string[];
}

/**
 * The first rows of each of several groups, in one statement; in two where their size must be known first.
 * @param query a `selectRows` query that leaves no other groups than those of the keys
 * @returns for each key its rows, in the order of the keys
 */
export async function firstOfEach<Entity extends ObjectLiteral>(
  query: SelectQueryBuilder<Entity>,
  { column, order, documents = [] }: Grouping,
  keys: readonly string[],
  first: number,
): Promise<Row[][]> {
  const { alias } = query;
  const primary = query.expressionMap.mainAlias!.metadata.primaryColumns.map(({ propertyName }) => propertyName);
  // Numbered by what stands in an index: whole rows are read of the first ones alone.
  const numbered = query
    .clone()
    .select(`ROW_NUMBER() OVER (PARTITION BY ${alias}.${column} ORDER BY ${order})`, 'position');
  for (const [index, name] of primary.entries()) numbered.addSelect(`${alias}.${name}`, `key${index}`);
  const isSame = primary.map((name, index) => `numbered.key${index} = ${alias}.${name}`).join(' AND ');
  query.innerJoin(`(${numbered.getQuery()})`, 'numbered', isSame);
  query.andWhere('numbered.position <= :first', { first });
  if (documents.length > 0) await checkPageSize(query, { documents, rows: keys.length * first, field: 'first' });
  const rows = await query.orderBy('numbered.position').getRawMany<Row>();
  const byKey = new Map<string, Row[]>(keys.map((key) => [key, []]));
  for (const row of rows) byKey.get(row[column] as string)?.push(row);
  return keys.map((key) => byKey.get(key)!);
}

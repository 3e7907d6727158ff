// Bounds what one list may bring into memory: some rows hold documents, and lists can be long.
import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { badInput } from '../lib/errors.js';
import { MAX_PAGE } from '../lib/paging.js';
import type { Row } from './from-row.js';

const MIB = 1024 * 1024;
const MAX_PAGE_MIB = 32;

export interface PageSize {
  /** Columns that may hold much. */
  documents: string[];
  /** How many rows there are at most. */
  rows: number;
  /** What the input calls that number. */
  field: string;
}

/**
 * Throws BAD_USER_INPUT where the documents of the rows have more than 32 MiB. They are not read for that: neither
 * database needs more than the head of a value to know how long it is.
 * @param query with its limit set; up to 200 rows are welcome whatever they hold
 */
export async function checkPageSize<Entity extends ObjectLiteral>(
  query: SelectQueryBuilder<Entity>,
  { documents, rows, field }: PageSize,
): Promise<void> {
  if (rows > MAX_PAGE) await checkDocumentSize(query, documents, field);
}

/** The same for rows that may be too many by their documents alone, however few they are. */
export async function checkDocumentSize<Entity extends ObjectLiteral>(
  query: SelectQueryBuilder<Entity>,
  documents: string[],
  field: string,
): Promise<void> {
  const lengths = documents.map((column) => `COALESCE(OCTET_LENGTH(${query.alias}.${column}), 0)`);
  const sizes = query.clone().select(lengths.join(' + '), 'size');
  const sum = await query.connection
    .createQueryBuilder()
    .select('SUM(sizes.size)', 'bytes')
    .from(`(${sizes.getQuery()})`, 'sizes')
    .setParameters(sizes.getParameters())
    .getRawOne<Row>();
  const mib = Math.ceil(Number(sum?.bytes) / MIB);
  if (mib <= MAX_PAGE_MIB) return;
  const message = `This is ${mib} MiB of documents, and at most ${MAX_PAGE_MIB} are answered at once: ask for fewer.`;
  throw badInput(message, field);
}

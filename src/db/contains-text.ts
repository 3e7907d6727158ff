import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { badInput } from '../lib/errors.js';

/** SQLite takes patterns of at most 50,000 bytes; nobody looks for that much. */
const MAX_LENGTH = 255;

/**
 * Keeps the rows one of whose columns contains the text; `%` and `_` are ordinary characters. The case of A to Z does
 * not matter: of other letters neither database folds it here, so that the text must not be folded either.
 */
export function containsText<Entity extends ObjectLiteral>(
  query: SelectQueryBuilder<Entity>,
  columns: string[],
  text: string,
): void {
  if (text.length > MAX_LENGTH)
    throw badInput(`\`text\` must have at most ${MAX_LENGTH} characters.`, 'filter', 'text');
  const pattern = `%${text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()).replace(/[\\%_]/g, '\\$&')}%`;
  const conditions = columns.map((column) => `LOWER(${query.alias}.${column}) LIKE :pattern ESCAPE '\\'`);
  query.andWhere(`(${conditions.join(' OR ')})`, { pattern });
}

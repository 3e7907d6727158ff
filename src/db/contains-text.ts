import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';

/**
 * Keeps the rows one of whose columns contains the text; `%` and `_` are ordinary characters. The case of A to Z does
 * not matter: of other letters neither database folds it here, so that the text must not be folded either.
 */
export function containsText<Entity extends ObjectLiteral>(
  query: SelectQueryBuilder<Entity>,
  columns: string[],
  text: string,
): void {
  const pattern = `%${text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()).replace(/[\\%_]/g, '\\$&')}%`;
  const conditions = columns.map((column) => `LOWER(${query.alias}.${column}) LIKE :pattern ESCAPE '\\'`);
  query.andWhere(`(${conditions.join(' OR ')})`, { pattern });
}

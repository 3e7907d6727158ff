import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';

/** Keeps the rows one of whose columns contains the text, whatever the case; `%` and `_` are ordinary characters. */
export function containsText<Entity extends ObjectLiteral>(
  query: SelectQueryBuilder<Entity>,
  columns: string[],
  text: string,
): void {
  const pattern = `%${text.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;
  const conditions = columns.map((column) => `LOWER(${query.alias}.${column}) LIKE :pattern ESCAPE '\\'`);
  query.andWhere(`(${conditions.join(' OR ')})`, { pattern });
}

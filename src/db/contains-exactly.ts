import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';

/**
 * Keeps the rows whose column has the text in it, letter for letter. Not by LIKE, which knows no case on SQLite: this
 * finds members of JSON documents, where `"name":"x"` can stand only as a member, as a text has its quotes escaped.
 */
export function containsExactly<Entity extends ObjectLiteral>(
  query: SelectQueryBuilder<Entity>,
  column: string,
  text: string,
): void {
  const find = query.connection.options.type === 'postgres' ? 'STRPOS' : 'INSTR';
  const name = `exact${Object.keys(query.getParameters()).length}`;
  query.andWhere(`${find}(${query.alias}.${column}, :${name}) > 0`, { [name]: text });
}

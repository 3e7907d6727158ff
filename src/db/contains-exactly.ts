import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';

/**
 * Keeps the rows whose column has one of the texts in it, letter for letter. Not by LIKE, which knows no case on SQLite: this
 * finds members of JSON documents, where `"name":"x"` can stand only as a member, as a text has its quotes escaped.
 */
export function containsExactly<Entity extends ObjectLiteral>(
  query: SelectQueryBuilder<Entity>,
  column: string,
  ...texts: string[]
): void {
  const find = query.connection.options.type === 'postgres' ? 'STRPOS' : 'INSTR';
  const conditions = texts.map((text) => {
    const name = `exact${Object.keys(query.getParameters()).length}`;
    query.setParameter(name, text);
    return `${find}(${query.alias}.${column}, :${name}) > 0`;
  });
  query.andWhere(`(${conditions.join(' OR ')})`);
}

import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { badInput } from '../lib/errors.js';

/** How long a text may be, and what the input calls it. SQLite takes patterns of at most 50,000 bytes. */
export interface TextBounds {
  limit?: number;
  field?: string[];
}

const MAX_LENGTH = 255;

/**
 * Keeps the rows one of whose columns contains the text; `%` and `_` are ordinary characters. The case of A to Z does
 * not matter: of other letters neither database folds it here, so that the text must not be folded either.
 */
export function containsText<Entity extends ObjectLiteral>(
  query: SelectQueryBuilder<Entity>,
  columns: string[],
  text: string,
  bounds: TextBounds = {},
): void {
  const parameter = addPattern(query, containing(text, bounds));
  const conditions = columns.map((column) => isLike(`${query.alias}.${column}`, parameter));
  query.andWhere(`(${conditions.join(' OR ')})`);
}

/** The pattern of a text that stands anywhere; throws BAD_USER_INPUT where it is too long. */
export function containing(text: string, bounds: TextBounds = {}): string {
  checkTextLength(text, bounds);
  return anywhere(text);
}

export function checkTextLength(text: string, { limit = MAX_LENGTH, field = ['filter', 'text'] }: TextBounds): void {
  if (text.length > limit) throw badInput(`\`${field.at(-1)}\` must have at most ${limit} characters.`, ...field);
}

/** The pattern of a text that stands anywhere, of whatever length. */
export const anywhere = (text: string): string => `%${literally(text)}%`;

/** A part of a pattern that means itself. */
export const literally = (text: string): string =>
  text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()).replace(/[\\%_]/g, '\\$&');

/** Makes the pattern a parameter of the query, next to those that it has, and returns its name. */
export function addPattern<Entity extends ObjectLiteral>(query: SelectQueryBuilder<Entity>, pattern: string): string {
  const name = `pattern${Object.keys(query.getParameters()).length}`;
  query.setParameter(name, pattern);
  return name;
}

/** The condition that a text of the database is like the pattern of that name. */
export const isLike = (expression: string, parameter: string): string =>
  `LOWER(${expression}) LIKE :${parameter} ESCAPE '\\'`;

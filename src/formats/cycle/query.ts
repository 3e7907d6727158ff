// Queries in all the ways that Cycle's clients write them: lists by repeated parameters, by commas, or both; members of
// objects with brackets, percent-encoded or not.
import type { Parameter } from '../openapi.js';
import type { ReadQuery } from '../query.js';
import { CycleError } from './cycle-errors.js';
import type { Sort } from '../../lib/offset.js';

export interface CycleQuery {
  meta?: string[];
  include?: string[];
  filter?: Record<string, string>;
  sort?: string[];
  page?: { number?: number; size?: number };
}

const DEFAULT_PAGE_SIZE = 20;

export const readCycleQuery: ReadQuery = (query, parameters) => {
  const found = parameters.flatMap(({ name, schema }: Parameter) => {
    const value = schema.type === 'array' ? listOf(query, name) : membersOf(query, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(found);
};

function listOf(query: URLSearchParams, name: string): string[] | undefined {
  const texts = [...query.getAll(name), ...query.getAll(`${name}[]`)];
  const items = texts.flatMap(splitList);
  return items.length > 0 ? items : undefined;
}

/** Of several by one name the last counts; empty ones count as left out. */
function membersOf(query: URLSearchParams, name: string): Record<string, string | number> | undefined {
  const members = [...query].flatMap(([key, text]) => {
    const member = key.startsWith(`${name}[`) && key.endsWith(']') ? key.slice(name.length + 1, -1) : '';
    return member === '' || text === '' ? [] : [[member, name === 'page' ? numberOr(text) : text] as const];
  });
  return members.length > 0 ? Object.fromEntries(members) : undefined;
}

const numberOr = (text: string): string | number => (/^-?\d{1,15}$/.test(text) ? Number(text) : text);

const splitList = (text: string): string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

/** Undefined where the filter has no such member. */
export const listIn = ({ filter = {} }: CycleQuery, name: string): string[] | undefined =>
  filter[name] === undefined ? undefined : splitList(filter[name]);

/** @param fields by the names on the wire; the newest first where nothing is asked for. Throws 422.invalid-argument. */
export function sliceOf<Field extends string>(
  { sort = [], page = {} }: CycleQuery,
  fields: Record<string, Field>,
  newestFirst: Field,
): { sort: Sort<Field>[]; limit: number; offset: number } {
  const { number = 1, size: limit = DEFAULT_PAGE_SIZE } = page;
  const asked = sort.map((text) => {
    const name = text.replace(/^[-+]/, '');
    if (Object.hasOwn(fields, name)) return { field: fields[name]!, descending: text.startsWith('-') };
    const message = `Lists are sorted by ${Object.keys(fields).join(', ')}.`;
    throw new CycleError('BAD_USER_INPUT', '422.invalid-argument', message, { field: ['sort'] });
  });
  return {
    sort: asked.length > 0 ? asked : [{ field: newestFirst, descending: true }],
    ...{ limit, offset: (number - 1) * limit },
  };
}

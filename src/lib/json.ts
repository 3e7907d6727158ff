// JSON that comes from outside: bounded in depth, and two ways to bring documents into one shape.
import { badInput } from './errors.js';

const MAX_DEPTH = 64;

/** Parses JSON; throws BAD_USER_INPUT where it is malformed or nested deeper than 64 levels. */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badInput('The body is not valid JSON.');
  }
  if (isDeeperThan(value, MAX_DEPTH)) throw badInput(`The document is nested deeper than ${MAX_DEPTH} levels.`);
  return value;
}

/** Whether objects and lists stand in each other on more levels than that. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((child) => isDeeperThan(child, levels - 1));
}

/** The same document without members that are null or undefined, at every depth; empty objects stay. */
export function withoutNulls<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item: unknown) => withoutNulls(item)) as T;
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  const entries = Object.entries(value).filter(([, child]) => child !== null && child !== undefined);
  return Object.fromEntries(entries.map(([key, child]) => [key, withoutNulls<unknown>(child)])) as T;
}

/** The same object without members that are undefined. */
export const withoutUndefined = <T extends object>(value: T): Partial<T> =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Partial<T>;

/** JSON with sorted keys: equal documents give equal text, whatever order their members came in. */
export function canonicalJson(value: unknown): string {
  return sorted(JSON.parse(JSON.stringify(value)));
}

// Text by hand: an object lists keys that look like numbers first, in whatever order they were put in.
function sorted(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, child]) => `${JSON.stringify(key)}:${sorted(child)}`).join(',')}}`;
}

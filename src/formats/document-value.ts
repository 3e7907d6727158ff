// Reads the plain values of a vendor's document into what GraphQL can answer. Nothing here ever throws: what is not as
// it was described is null, and the document itself is shown beside it as it came.
import { isDeeperThan } from '../lib/json.js';

export type ReadValue = (value: unknown) => unknown;

const INT32 = { min: -(2 ** 31), max: 2 ** 31 - 1 };
/** Deeper ones could not be written as JSON again; no vendor comes near. */
const MAX_DEPTH = 64;
/** What RFC 3339 and GraphQL's DateTime can write. */
const YEARS = { min: Date.UTC(2, 0), max: Date.UTC(9999, 11, 31) };

const kept =
  (isIt: (value: unknown) => boolean): ReadValue =>
  (value) =>
    isIt(value) ? value : null;

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object, where it is one. */
export const objectIn = (value: unknown): Record<string, unknown> | undefined => (isObject(value) ? value : undefined);

export const readText = kept((value) => typeof value === 'string');
export const readBoolean = kept((value) => typeof value === 'boolean');
export const readNumber = kept(Number.isFinite);
export const readSafeInt = kept(Number.isSafeInteger);
export const readInt = kept(
  (value) => Number.isSafeInteger(value) && (value as number) >= INT32.min && (value as number) <= INT32.max,
);
export const readJson = kept((value) => value !== undefined && !isDeeperThan(value, MAX_DEPTH));
export const readJsonObject = kept((value) => isObject(value) && !isDeeperThan(value, MAX_DEPTH));

/** Null too where it is the year 1, by which Go says that there is no time. */
export const readTime: ReadValue = (value) =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\d[T ]/.test(value) ? timeOf(Date.parse(value)) : null;

/** Null too for 0, which vendors write where nothing happened. */
export const readEpochSeconds: ReadValue = (value) =>
  typeof value === 'number' && value > 0 ? timeOf(value * 1000) : null;

const timeOf = (milliseconds: number): Date | null =>
  milliseconds >= YEARS.min && milliseconds <= YEARS.max ? new Date(milliseconds) : null;

/** A list without what is not as its items are described. */
export const readList =
  (readItem: ReadValue): ReadValue =>
  (value) =>
    Array.isArray(value) ? value.map(readItem).filter((item) => item !== null) : null;

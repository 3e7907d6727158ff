// Tokens for the next page: where the page before ended, bound to the rest of the request.
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../lib/json.js';
import { ImageBuilderError } from './image-builder-errors.js';
import type { WirePage } from './wire.js';

/** What a page is of: pages of another list do not go on from it. The size of pages may change. */
export function listOf(operation: string, accountId: string, request: WirePage): string {
  const { nextToken: _token, maxResults: _size, ...rest } = request;
  return createHash('sha256').update(canonicalJson({ operation, accountId, rest })).digest('base64url');
}

/** @param after what the next page begins after */
export const toNextToken = (list: string, after: string[]): string =>
  Buffer.from(JSON.stringify([list, ...after])).toString('base64url');

/** Undefined without a token; throws InvalidPaginationTokenException for one of another list. */
export function fromNextToken(list: string, token: string | undefined): string[] | undefined {
  if (token === undefined) return undefined;
  const [of, ...after] = textsIn(token);
  if (of !== list || after.length === 0) {
    const message = 'The nextToken is not one that this gateway gave for the same request.';
    throw new ImageBuilderError('InvalidPaginationTokenException', message);
  }
  return after;
}

function textsIn(token: string): string[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    return Array.isArray(value) && value.every((item) => typeof item === 'string' && !/[\0\p{Surrogate}]/u.test(item))
      ? (value as string[])
      : [];
  } catch {
    return [];
  }
}

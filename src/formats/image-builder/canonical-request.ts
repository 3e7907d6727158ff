// What of a request a signature is made over (Signature Version 4): its method, path, query, signed headers and the hash
// of its body, each in one spelling.
import { createHash } from 'node:crypto';
import type { RawRequest } from '../../lib/route.js';
import { ImageBuilderError } from './image-builder-errors.js';

export type SignedRequest = Pick<RawRequest, 'method' | 'target' | 'rawHeaders' | 'body'>;

/** Names in lower case, and all their values, as they were sent. */
export type Headers = Map<string, string[]>;

export function headersOf({ rawHeaders }: SignedRequest): Headers {
  const headers: Headers = new Map();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), rawHeaders[index + 1]!]);
  }
  return headers;
}

export const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

export function canonicalRequest(
  { method, target }: SignedRequest,
  headers: Headers,
  signedHeaders: string[],
  bodyHash: string,
): string {
  const { path } = splitTarget(target);
  const lines = signedHeaders.map((name) => `${name}:${(headers.get(name) ?? []).map(folded).join(',')}`);
  return [method, canonicalPath(path), canonicalQuery(target), ...lines, '', signedHeaders.join(';'), bodyHash].join(
    '\n',
  );
}

const folded = (value: string): string => value.trim().replace(/[ \t]+/g, ' ');

function splitTarget(target: string): { path: string; query: string } {
  const mark = target.indexOf('?');
  return mark < 0 ? { path: target, query: '' } : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/** Empty parts and dots are resolved; what is encoded already is encoded again. */
function canonicalPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(encode(part));
  }
  return `/${parts.join('/')}${parts.length > 0 && path.endsWith('/') ? '/' : ''}`;
}

/** The names and values of a query, decoded; a plus is a plus. Throws for what is no percent-encoding. */
export function parseQuery(target: string): [name: string, value: string][] {
  const parts = splitTarget(target)
    .query.split('&')
    .filter((part) => part !== '');
  return parts.map((part) => {
    const equals = part.indexOf('=');
    return equals < 0 ? [decode(part), ''] : [decode(part.slice(0, equals)), decode(part.slice(equals + 1))];
  });
}

function canonicalQuery(target: string): string {
  const pairs = parseQuery(target).map(([name, value]) => [encode(name), encode(value)] as const);
  pairs.sort(([name, value], [otherName, otherValue]) => compare(name, otherName) || compare(value, otherValue));
  return pairs.map(([name, value]) => `${name}=${value}`).join('&');
}

const compare = (one: string, other: string): number => (one < other ? -1 : Number(one > other));

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ImageBuilderError('IncompleteSignatureException', 'The query is not percent-encoded UTF-8.');
  }
}

// Content that never changes under its name, whole or in one range, to clients that may have it already
// (RFC 9110: GET and HEAD, Range, If-Range, If-None-Match).
import type { Readable } from 'node:stream';
import type { RouteRequest, RouteResponse } from '../lib/route.js';
import { parseRange } from './byte-range.js';
import type { ByteRange } from './byte-range.js';

export interface Content {
  /** Without the quotes. */
  etag: string;
  /** Bytes. */
  size: number;
  headers: Record<string, string>;
  /** `end` is included. */
  open: (range: ByteRange) => Promise<Readable>;
}

type Asked = Pick<RouteRequest<unknown>, 'method' | 'headers'>;

/** The answer; undefined where the content has no such bytes, which is a 416 with `unsatisfiable` headers. */
export async function answerContent(request: Asked, content: Content): Promise<RouteResponse | undefined> {
  const { etag, size, headers: own, open } = content;
  const common = { ...own, etag: `"${etag}"`, 'accept-ranges': 'bytes', 'x-content-type-options': 'nosniff' };
  if (isFresh(request, etag)) return { status: 304, headers: withoutType(common) };
  const whole = { ...common, 'content-length': String(size) };
  if (request.method === 'HEAD') return { status: 200, headers: whole };
  if (size === 0) return { status: 200, headers: whole, body: '' };
  const condition = request.headers['if-range'];
  const isSame = condition === undefined || condition === `"${etag}"`;
  const range = isSame ? parseRange(request.headers.range, size) : undefined;
  if (range === 'unsatisfiable') return undefined;
  if (!range) return { status: 200, headers: whole, body: await open({ start: 0, end: size - 1 }) };
  const { start, end } = range;
  const partial = { 'content-length': String(end - start + 1), 'content-range': `bytes ${start}-${end}/${size}` };
  return { status: 206, headers: { ...common, ...partial }, body: await open(range) };
}

export const unsatisfiable = (size: number) => ({ 'content-range': `bytes */${size}` });

/** Whether the client has what is called so. */
export function isFresh({ headers }: Pick<Asked, 'headers'>, etag: string): boolean {
  const etags = (headers['if-none-match'] ?? '').split(',').map((one) => one.trim().replace(/^W\//, ''));
  return etags.includes(`"${etag}"`);
}

function withoutType({ 'content-type': _type, ...headers }: Record<string, string>): Record<string, string> {
  return headers;
}

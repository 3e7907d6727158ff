// The one HTTP client for everything outgoing. The address is checked after DNS, while connecting, and that very
// address is connected to (but for a proxy, which gets the name once all its addresses passed); redirects are followed
// by hand, so that every hop is checked. It retries nothing.
import { lookup as lookupName } from 'node:dns';
import type { IncomingHttpHeaders } from 'node:http';
import type { LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';
import { request } from 'undici';
import type { Dispatcher } from 'undici';
import { AllowList, addressOf, isPublicAddress } from './address-guard.js';
import { Dispatchers } from './dispatchers.js';
import { forbiddenAddress } from './guarded-lookup.js';
import { UpstreamFailure, toUpstreamFailure } from './upstream-failure.js';
import type { UpstreamOptions } from './upstream-options.js';

const HEADERS_TIMEOUT_MS = 60_000;
const BODY_IDLE_TIMEOUT_MS = 60_000;
const MAX_REDIRECTS = 5;
const MAX_DISCARDED_BYTES = 64 * 1024;
const REDIRECTS = [301, 302, 303, 307, 308];
/** What may follow a redirect to another origin; whatever else a caller sends may be a secret. */
const HARMLESS_HEADERS = ['accept', 'user-agent', 'range', 'content-type', 'content-length'];

export interface UpstreamRequest {
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  headers?: Record<string, string>;
  /** A stream is made anew for each hop. */
  body?: Buffer | string | (() => Readable);
  signal?: AbortSignal;
  headersTimeoutMs?: number;
  /** The body holds a secret, which no other origin may get by a redirect. */
  isBodySecret?: boolean;
  /** Whose word the target is, where that is a server's: it can lead to what is allowed only if it is itself. */
  namedBy?: URL;
  /** Longest silence within the answer's body. */
  bodyTimeoutMs?: number;
}

export interface UpstreamResponse {
  status: number;
  headers: IncomingHttpHeaders;
  /** Must be read or destroyed. Its errors become clear with `toUpstreamFailure`. */
  body: Readable;
  /** Where the answer came from, after redirects. */
  url: URL;
}

export class Upstream {
  private readonly allowList: AllowList;
  private readonly dispatchers: Dispatchers;

  constructor(options: UpstreamOptions, lookup: LookupFunction = lookupName) {
    this.allowList = new AllowList(options.allow);
    this.dispatchers = new Dispatchers(options, lookup);
  }

  /** Whether the operator lets this host and port be private or plain http. */
  allows(url: URL): boolean {
    return this.allowList.has(url);
  }

  /** Throws JobFailure REGISTRY_FORBIDDEN_ADDRESS, UpstreamFailure, or the signal's reason. Any status is an answer. */
  async request(target: string | URL, options: UpstreamRequest = {}): Promise<UpstreamResponse> {
    let url = new URL(target);
    let current = options;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const answer = await this.send(url, current);
      const location = answer.headers.location;
      if (!REDIRECTS.includes(answer.statusCode) || typeof location !== 'string') {
        return { status: answer.statusCode, headers: answer.headers, body: answer.body, url };
      }
      discard(answer.body);
      if (!URL.canParse(location, url.href)) break;
      const next = new URL(location, url);
      const isSameOrigin = next.origin === url.origin;
      if (current.isBodySecret && !isSameOrigin) {
        throw new UpstreamFailure('REDIRECT', `${url.host} redirected a request with a secret to another server.`);
      }
      current = { ...redirected(current, answer.statusCode, isSameOrigin), namedBy: url };
      url = next;
    }
    throw new UpstreamFailure('REDIRECT', `${url.host} redirected more than ${MAX_REDIRECTS} times or to nowhere.`);
  }

  async close(): Promise<void> {
    await this.dispatchers.close();
  }

  private async send(url: URL, options: UpstreamRequest): Promise<Dispatcher.ResponseData> {
    const allowed = this.allows(url) && (!options.namedBy || this.allows(options.namedBy));
    if (!allowed) refuseForbidden(url);
    if (url.username !== '' || url.password !== '') {
      throw new UpstreamFailure('REDIRECT', `A URL of ${url.host} holds a user name, which is not accepted.`);
    }
    try {
      return await request(`${url.origin}${url.pathname}${url.search}`, {
        dispatcher: this.dispatchers.for(url, allowed),
        method: options.method ?? 'GET',
        headers: { 'user-agent': 'build-catalog', ...options.headers },
        body: typeof options.body === 'function' ? options.body() : options.body,
        signal: options.signal,
        headersTimeout: options.headersTimeoutMs ?? HEADERS_TIMEOUT_MS,
        bodyTimeout: options.bodyTimeoutMs ?? BODY_IDLE_TIMEOUT_MS,
      });
    } catch (error) {
      options.signal?.throwIfAborted();
      throw toUpstreamFailure(error, url.host);
    }
  }
}

function redirected(options: UpstreamRequest, status: number, sameOrigin: boolean): UpstreamRequest {
  const next = { ...options, headers: { ...options.headers } };
  const method = options.method ?? 'GET';
  // As browsers do: what changes something must not pass for done because something else could be read.
  if (status === 303 ? method !== 'HEAD' : method === 'POST' && status < 303) {
    next.method = 'GET';
    delete next.body;
  }
  for (const name of Object.keys(next.headers)) {
    const aboutBody = /^content-/i.test(name);
    if ((aboutBody && next.body === undefined) || (!sameOrigin && !HARMLESS_HEADERS.includes(name.toLowerCase()))) {
      delete next.headers[name];
    }
  }
  return next;
}

function refuseForbidden(url: URL): void {
  if (url.protocol !== 'https:') throw forbiddenAddress(url.host, 'is not reached over https');
  const address = addressOf(url);
  if (address !== undefined && !isPublicAddress(address)) throw forbiddenAddress(url.host, 'is not a public address');
}

/** Lets go of a body nobody wants; a short one is read to its end, which keeps the connection. */
export function discard(body: Readable): void {
  let left = MAX_DISCARDED_BYTES;
  body.on('error', () => {});
  body.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) body.destroy();
  });
}

/** The whole body, which must not be longer than `maxBytes`. */
export async function readBounded(body: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw toUpstreamFailure(error, 'The server');
  }
  if (length > maxBytes) throw new UpstreamFailure('TOO_LARGE', `The answer is longer than ${maxBytes} bytes.`);
  return Buffer.concat(chunks, length);
}

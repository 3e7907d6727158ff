// Serves one group of routes over a socket, for tests that need no more of the gateway than that.
// The principal is the password of HTTP Basic.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { CatalogError } from '../../src/lib/errors.js';
import type { RouteGroup, RouteResponse } from '../../src/lib/route.js';
import type { StoreCaller } from '../../src/oci/store-call.js';
import { bodyStream, endWithAnswer } from '../../src/server/body-stream.js';
import { startHttpFake } from './http-fake.js';
import type { HttpFake } from './http-fake.js';

/** Who a principal is to the store: `alice` of the account alice, `alice-reader` too, but it may not push. */
export function storeCaller(principal: string): StoreCaller {
  const [accountId = '', role] = principal.split('-');
  return { accountId, mayPush: role !== 'reader' };
}

export function mountRoutes(group: RouteGroup<string>): Promise<HttpFake> {
  return startHttpFake((request, response) => void answer(group, request, response));
}

async function answer(group: RouteGroup<string>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  endWithAnswer(request, response);
  try {
    await send(await handle(group, request, response), response);
  } catch (error) {
    await send(group.errorResponse(error, 'request-1'), response);
  }
}

async function handle(
  group: RouteGroup<string>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<RouteResponse> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://mount');
  const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  const principal = Buffer.from(basic ?? '', 'base64')
    .toString()
    .split(':')[1];
  if (principal === undefined) throw new CatalogError('UNAUTHENTICATED', 'Who are you?');
  const fits = (path: string) => (path.endsWith('*') ? pathname.startsWith(path.slice(0, -1)) : pathname === path);
  const route = group.routes.find(({ method, path }) => method === request.method && fits(path));
  if (!route) throw new CatalogError('NOT_FOUND', 'There is no such route.');
  const { signal } = new AbortController();
  const common = {
    target: request.url ?? '/',
    path: pathname,
    params: {},
    query: searchParams,
    headers: request.headers,
    body: Buffer.alloc(0),
  };
  return route.handle({
    method: request.method ?? 'GET',
    ...common,
    stream: bodyStream(request, response),
    principal,
    caller: principal,
    remoteAddress: '127.0.0.1',
    signal,
  });
}

async function send({ status, headers, body }: RouteResponse, response: ServerResponse): Promise<void> {
  response.writeHead(status, headers);
  if (body instanceof Readable) return pipeline(body, response);
  const isText = body === undefined || typeof body === 'string' || Buffer.isBuffer(body);
  response.end(isText ? body : JSON.stringify(body));
}

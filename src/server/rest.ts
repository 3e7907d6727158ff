// Mounts routes, which know nothing of the HTTP server, on Fastify.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Caller, Principal } from '../auth/principal.js';
import { requireAccess, requireCaller } from '../auth/principal.js';
import type { Tokens } from '../auth/tokens.js';
import { bodyStream, endWithAnswer } from './body-stream.js';
import { callerOf } from './caller.js';
import { CatalogError } from '../lib/errors.js';
import { newId } from '../lib/ids.js';
import type { Logger } from '../lib/logger.js';
import type { RawRequest, Route, RouteGroup, RouteRequest, RouteResponse } from '../lib/route.js';

type Group = RouteGroup<Principal, Caller>;

const MAX_BODY_BYTES = 2 * 1024 * 1024;

export interface RestOptions {
  groups: Group[];
  tokens: Tokens;
  logger: Logger;
}

export async function mountRoutes(fastify: FastifyInstance, options: RestOptions): Promise<void> {
  for (const group of options.groups) {
    for (const streamsBody of [false, true]) {
      const routes = group.routes.filter((route) => (route.streamsBody ?? false) === streamsBody);
      await fastify.register(async (scope) => mountGroup(scope, { ...group, routes }, options, streamsBody));
    }
  }
}

/** Routes of one group that take their bodies in the same way. */
function mountGroup(scope: FastifyInstance, group: Group, { tokens, logger }: RestOptions, streamsBody: boolean): void {
  // Clients send JSON as text/plain, and JSON's content type with no body at all: routes read the bytes themselves.
  scope.removeAllContentTypeParsers();
  if (streamsBody) scope.addContentTypeParser('*', (_request, body, done) => done(null, body));
  else {
    const bounded = { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES } as const;
    scope.addContentTypeParser('*', bounded, (_request, body, done) => done(null, body));
  }
  const answerError = (error: unknown, reply: FastifyReply, route?: Route<Principal, Caller>) =>
    send(reply, errorAnswer(group, error, logger, route));
  scope.setErrorHandler((error, _request, reply) => answerError(httpError(error), reply));
  for (const route of group.routes) {
    scope.route({
      method: route.method,
      url: route.path,
      exposeHeadRoute: false,
      config: { streamsBody },
      handler: async (request, reply) => {
        if (streamsBody) endWithAnswer(request.raw, reply.raw);
        try {
          const caller = await callerFor(request, route, group, tokens);
          const principal = principalOf(caller, route);
          const stream = streamsBody ? bodyStream(request.raw, reply.raw) : undefined;
          return send(reply, await route.handle({ ...toRouteRequest(request, reply), caller, principal, stream }));
        } catch (error) {
          return answerError(error, reply, route);
        }
      },
    });
  }
}

async function callerFor(
  request: FastifyRequest,
  { access }: Route<Principal, Caller>,
  group: Group,
  tokens: Tokens,
): Promise<Caller | undefined> {
  const isOpen = access === 'ANYONE';
  if (!group.authenticate) return callerOf(request, tokens, { acceptsBasic: group.acceptsBasic, isOpen });
  return isOpen ? undefined : group.authenticate(toRawRequest(request));
}

/** The caller in its account, where the route needs one. */
function principalOf(caller: Caller | undefined, { access }: Route<Principal, Caller>): Principal | undefined {
  if (access === 'ANYONE' || access === 'USER') {
    if (access === 'USER') requireCaller(caller);
    return caller && caller.accountId !== null ? (caller as Principal) : undefined;
  }
  requireAccess(caller, access);
  return caller;
}

function toRawRequest(request: FastifyRequest): RawRequest {
  const { rawHeaders, headers, url = '' } = request.raw;
  const { method, ip: remoteAddress } = request;
  return { method, target: url, rawHeaders, headers, body: bodyOf(request), remoteAddress };
}

const bodyOf = ({ body }: FastifyRequest): Buffer => (Buffer.isBuffer(body) ? body : Buffer.alloc(0));

function toRouteRequest(
  request: FastifyRequest,
  reply: FastifyReply,
): Omit<RouteRequest<Principal, Caller>, 'caller' | 'principal'> {
  const url = request.raw.url ?? '';
  const mark = url.includes('?') ? url.indexOf('?') : url.length;
  const controller = new AbortController();
  const hungUp = () => {
    if (!reply.raw.writableFinished) controller.abort(new Error('The client hung up'));
  };
  // It may have done so while it was looked up who it is.
  if (reply.raw.destroyed) hungUp();
  else reply.raw.once('close', hungUp);
  return {
    method: request.method,
    target: url,
    path: url.slice(0, mark),
    params: request.params as Record<string, string>,
    query: new URLSearchParams(url.slice(mark + 1)),
    headers: request.headers,
    body: bodyOf(request),
    remoteAddress: request.ip,
    signal: controller.signal,
  };
}

/** Answers a request that no route serves, where its path belongs to a group. */
export function answerUnknown(request: FastifyRequest, reply: FastifyReply, options: RestOptions): boolean {
  const path = request.url.split('?')[0]!.replace(/\/{2,}/g, '/');
  const group = options.groups.find(({ unknown }) => unknown?.test(path));
  if (!group) return false;
  const error = new CatalogError('NOT_FOUND', `There is nothing at ${request.method} ${path}.`);
  send(reply, errorAnswer(group, error, options.logger));
  return true;
}

function send(reply: FastifyReply, { status, headers, body }: RouteResponse): FastifyReply {
  reply.code(status).headers(headers ?? {});
  return reply.send(body);
}

function errorAnswer(group: Group, error: unknown, logger: Logger, route?: Route<Principal, Caller>): RouteResponse {
  const requestId = newId();
  if (!(error instanceof CatalogError)) logger.error({ requestId, group: group.name, err: error }, 'a request failed');
  const answer = group.errorResponse(error, requestId, route);
  const after = error instanceof CatalogError ? error.retryAfterSeconds : undefined;
  return after === undefined ? answer : { ...answer, headers: { ...answer.headers, 'retry-after': String(after) } };
}

/** Errors of the HTTP server itself (a body too large, a bad media type) in this project's words. */
function httpError(error: unknown): unknown {
  const { statusCode, message } = error as { statusCode?: number; message: string };
  if (statusCode === undefined || statusCode < 400 || statusCode >= 500) return error;
  return new CatalogError('BAD_USER_INPUT', message, { status: statusCode });
}

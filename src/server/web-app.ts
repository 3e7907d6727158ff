// Puts together what is reachable over HTTP: GraphQL, the formats' routes, the store, GraphiQL and health.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApolloServer } from '@apollo/server';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import helmet from '@fastify/helmet';
import Fastify from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { requireCaller } from '../auth/principal.js';
import { RequestContext } from '../auth/request-context.js';
import { limitBodyTime } from './body-stream.js';
import { callerOf } from './caller.js';
import { CatalogError } from '../lib/errors.js';
import { parseJson } from '../lib/json.js';
import type { Logger } from '../lib/logger.js';
import { mountGraphiql } from './graphiql.js';
import { mountOpenApi } from './openapi.js';
import { answerUnknown, mountRoutes } from './rest.js';
import type { RestOptions } from './rest.js';
import type { ListeningServer } from './http-server.js';

const MAX_GRAPHQL_BODY_BYTES = 2 * 1024 * 1024;
const MAX_PATH_PART = 1024;

export interface WebAppOptions extends RestOptions {
  listening: ListeningServer;
  apollo: ApolloServer<RequestContext>;
  /** An error as GraphQL's, with its HTTP status. */
  toGraphQLError: (error: CatalogError) => Error;
  /** OpenAPI documents by the names of their dialects. */
  openApi: Record<string, object>;
  /** Addresses or networks of proxies whose X-Forwarded-For counts. */
  trustedProxies: string[];
  /** Rejects while the gateway can't serve. */
  checkReady: () => Promise<void>;
}

export async function startWebApp(options: WebAppOptions): Promise<FastifyInstance> {
  const { listening } = options;
  let handle: (request: IncomingMessage, response: ServerResponse) => void = () => undefined;
  const fastify = Fastify({
    serverFactory(handler) {
      handle = handler;
      return listening.server;
    },
    // Clients join an address that ends in a slash and a path that begins with one.
    routerOptions: { maxParamLength: MAX_PATH_PART, ignoreDuplicateSlashes: true },
    bodyLimit: MAX_GRAPHQL_BODY_BYTES,
    forceCloseConnections: false,
    trustProxy: options.trustedProxies.length > 0 ? options.trustedProxies : false,
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply, options.logger),
  });
  await fastify.register(helmet, { contentSecurityPolicy: { directives: POLICY }, hsts: false });
  fastify.addHook('onRequest', async (request, reply) => {
    const { raw, routeOptions } = request;
    forgetOddContentType(raw);
    if (!(routeOptions.config as { streamsBody?: boolean } | undefined)?.streamsBody) limitBodyTime(raw);
    // Before its body is read, which may be of a kind that only routes take.
    return request.is404 && answerUnknown(request, reply, options) ? reply : undefined;
  });
  readJsonLeniently(fastify);
  fastify.setErrorHandler((error, request, reply) => answerError(error, request, reply, options.logger));
  mountGraphql(fastify, options);
  mountGraphiql(fastify);
  mountOpenApi(fastify, options.openApi);
  mountHealth(fastify, options.checkReady);
  await mountRoutes(fastify, options);
  fastify.setNotFoundHandler((request, reply) =>
    reply
      .code(404)
      .send({ message: `There is nothing at ${request.method} ${request.url.split('?')[0]}.`, code: 'NOT_FOUND' }),
  );
  await fastify.ready();
  listening.ready(handle);
  return fastify;
}

/** Bodies are read whatever they are called; the server itself would refuse what is no media type (RFC 9110, 8.3.1). */
function forgetOddContentType({ headers }: IncomingMessage): void {
  const type = headers['content-type'];
  if (type !== undefined && !/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+\s*(?:;.*)?$/.test(type)) {
    headers['content-type'] = 'application/octet-stream';
  }
}

/** JSON's content type with no body at all is what some clients send with every request. */
function readJsonLeniently(fastify: FastifyInstance): void {
  fastify.removeContentTypeParser('application/json');
  fastify.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
    try {
      done(null, text === '' ? undefined : parseJson(String(text)));
    } catch (error) {
      done(error as Error);
    }
  });
}

/** What no route answered: in GraphQL's words at /graphql, elsewhere as a message and a code. */
function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply, logger: Logger): FastifyReply {
  const {
    statusCode = 500,
    status = statusCode,
    message,
  } = error as { statusCode?: number; status?: number; message: string };
  const isTheirs = status >= 400 && status < 500;
  if (!isTheirs) logger.error({ err: error }, 'a request failed');
  const isGraphql = request.url.startsWith('/graphql');
  const theirs = isGraphql ? 'BAD_USER_INPUT' : 'BAD_REQUEST';
  const code = isTheirs ? theirs : 'INTERNAL_SERVER_ERROR';
  const text = isTheirs ? message : 'Something went wrong inside the gateway. Its log has the details.';
  const body = isGraphql ? { errors: [{ message: text, extensions: { code } }] } : { message: text, code };
  return reply.code(isTheirs ? status : 500).send(body);
}

/** Everything a page needs comes from here; GraphiQL sets styles from its script. */
const POLICY = {
  defaultSrc: ["'self'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:'],
  fontSrc: ["'self'", 'data:'],
  upgradeInsecureRequests: null,
};

function mountGraphql(fastify: FastifyInstance, { apollo, tokens, toGraphQLError }: WebAppOptions): void {
  const contextOf = async (request: FastifyRequest) => {
    try {
      const caller = await callerOf(request, tokens);
      requireCaller(caller);
      return new RequestContext(caller, request.ip);
    } catch (error) {
      throw error instanceof CatalogError ? toGraphQLError(error) : error;
    }
  };
  const handler = fastifyApolloHandler(apollo, { context: contextOf });
  fastify.route({ url: '/graphql', method: ['GET', 'POST', 'OPTIONS'], exposeHeadRoute: false, handler });
}

function mountHealth(fastify: FastifyInstance, checkReady: () => Promise<void>): void {
  fastify.get('/healthz', () => Promise.resolve({ status: 'ok' }));
  fastify.get('/readyz', async (_request, reply) => {
    try {
      await checkReady();
      return { status: 'ready' };
    } catch {
      return reply.code(503).send({ status: 'unavailable' });
    }
  });
}

// GraphQL over WebSockets (graphql-transport-ws) with the same limits and errors as over HTTP.
import type { Server } from 'node:http';
import { execute, GraphQLError, parse, subscribe, validate } from 'graphql';
import type { ExecutionArgs, ExecutionResult, GraphQLSchema } from 'graphql';
import type { Disposable } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import type { Caller } from '../auth/principal.js';
import type { RightsChanges } from '../auth/rights-changes.js';
import { RequestContext } from '../auth/request-context.js';
import type { Logger } from '../lib/logger.js';
import type { FormatError } from './errors.js';
import { exceededLimit, MAX_TOKENS } from './limits.js';
import { SocketCallers } from './socket-callers.js';
import type { Extra } from './socket-callers.js';

const MAX_MESSAGE_BYTES = 1024 * 1024;
const MAX_SUBSCRIPTIONS_PER_SOCKET = 100;
const CLOSE_GRACE_MS = 1_000;

export interface WebSocketOptions {
  schema: GraphQLSchema;
  formatError: FormatError;
  /** The caller behind the payload of connection_init; throws UNAUTHENTICATED. */
  authenticate: (payload: Record<string, unknown>, address: string) => Promise<Caller>;
  /** Tells when callers may have other rights. */
  rights: Pick<RightsChanges, 'listen'>;
  logger: Logger;
}

/** Serves /graphql on the server's upgrades; returns how to close it. */
export function serveWebSocket(server: Server, options: WebSocketOptions): () => Promise<void> {
  const { schema, formatError } = options;
  const callers = new SocketCallers(options.authenticate, (error) => unexpected(error, options.logger));
  const stopListening = options.rights.listen(() => callers.checkAll());
  const sockets = new WebSocketServer({ server, path: '/graphql', maxPayload: MAX_MESSAGE_BYTES });
  const cleanup = useServer<Record<string, unknown>, Extra>(
    {
      // Else the reason for closing a socket holds the message of an unexpected error.
      isProd: true,
      onConnect: (context) => callers.connect(context),
      onClose: (context) => callers.disconnect(context),
      async onSubscribe(context, _id, payload) {
        const tooMany = Object.keys(context.subscriptions).length >= MAX_SUBSCRIPTIONS_PER_SOCKET;
        if (tooMany) return [new GraphQLError(`At most ${MAX_SUBSCRIPTIONS_PER_SOCKET} operations run on one socket.`)];
        const caller = await callers.check(context);
        return caller ? prepare(schema, payload, caller) : [new GraphQLError('The token is void.')];
      },
      execute,
      async subscribe(args) {
        const result = await subscribe(args);
        return 'next' in result ? logged(result, options.logger) : result;
      },
      onError: (_context, _id, _payload, errors) => errors.map((error) => formatError(error.toJSON(), error)),
      async onNext(context, _id, _payload, _args, result) {
        await callers.checkNowAndThen(context);
        if (!result.errors) return undefined;
        return { ...result, errors: result.errors.map((error) => formatError(error.toJSON(), error)) };
      },
    },
    sockets,
  );
  return () => {
    stopListening();
    return close(sockets, cleanup);
  };
}

async function close(sockets: WebSocketServer, cleanup: Disposable): Promise<void> {
  // Who does not answer the close frame is cut off.
  const timer = setTimeout(() => sockets.clients.forEach((socket) => socket.terminate()), CLOSE_GRACE_MS);
  await cleanup.dispose();
  clearTimeout(timer);
  sockets.close();
}

/** What a client and the console see of an error nobody expected; the log has the rest. */
function unexpected(error: unknown, logger: Logger): Error {
  logger.error({ err: error }, 'a WebSocket failed unexpectedly');
  return new Error('Something went wrong inside the gateway; its log has the details.');
}

type Results = AsyncGenerator<ExecutionResult, void, void>;

/** The same results; what breaks them off goes to the log. */
function logged(results: Results, logger: Logger): Results {
  const next = results.next.bind(results);
  results.next = () => next().catch((error: unknown) => Promise.reject(unexpected(error, logger)));
  return results;
}

interface Payload {
  query: string;
  operationName?: string | null;
  variables?: Record<string, unknown> | null;
}

function prepare(schema: GraphQLSchema, payload: Payload, caller: Caller): ExecutionArgs | readonly GraphQLError[] {
  const { query, operationName, variables } = payload;
  let document;
  try {
    document = parse(query, { maxTokens: MAX_TOKENS });
  } catch (error) {
    return [error as GraphQLError];
  }
  const errors = validate(schema, document);
  if (errors.length > 0) return errors;
  const exceeded = exceededLimit(schema, { document, operationName, variables });
  if (exceeded) return [exceeded];
  const contextValue = new RequestContext(caller);
  return { schema, document, operationName, variableValues: variables, contextValue };
}

// GraphQL over WebSockets (graphql-transport-ws) with the same limits and errors as over HTTP.
import type { Server } from 'node:http';
import { execute, GraphQLError, parse, subscribe, validate } from 'graphql';
import type { ExecutionArgs, GraphQLSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import type { Principal } from '../auth/principal.js';
import { RequestContext } from '../auth/request-context.js';
import { CatalogError } from '../lib/errors.js';
import type { FormatError } from './errors.js';
import { exceededLimit, MAX_TOKENS } from './limits.js';

const MAX_MESSAGE_BYTES = 1024 * 1024;
const MAX_SUBSCRIPTIONS_PER_SOCKET = 100;

export interface WebSocketOptions {
  schema: GraphQLSchema;
  formatError: FormatError;
  /** The caller behind the payload of connection_init; throws UNAUTHENTICATED. */
  authenticate(payload: Record<string, unknown>): Promise<Principal>;
}

interface Extra extends Record<PropertyKey, unknown> {
  principal?: Principal;
}

/** Serves /graphql on the server's upgrades; returns how to close it. */
export function serveWebSocket(server: Server, options: WebSocketOptions): () => Promise<void> {
  const { schema, formatError } = options;
  const sockets = new WebSocketServer({ server, path: '/graphql', maxPayload: MAX_MESSAGE_BYTES });
  const cleanup = useServer<Record<string, unknown>, Extra>(
    {
      // Else the reason for closing a socket holds the message of an unexpected error.
      isProd: true,
      async onConnect(context) {
        try {
          context.extra.principal = await options.authenticate(context.connectionParams ?? {});
          return true;
        } catch (error) {
          if (error instanceof CatalogError && error.code === 'UNAUTHENTICATED') return false;
          throw error;
        }
      },
      onSubscribe(context, _id, payload) {
        const tooMany = Object.keys(context.subscriptions).length >= MAX_SUBSCRIPTIONS_PER_SOCKET;
        if (tooMany) return [new GraphQLError(`At most ${MAX_SUBSCRIPTIONS_PER_SOCKET} operations run on one socket.`)];
        return prepare(schema, payload, context.extra.principal!);
      },
      execute,
      subscribe,
      onError: (_context, _id, _payload, errors) => errors.map((error) => formatError(error.toJSON(), error)),
      onNext(_context, _id, _payload, _args, result) {
        if (!result.errors) return undefined;
        return { ...result, errors: result.errors.map((error) => formatError(error.toJSON(), error)) };
      },
    },
    sockets,
  );
  return async () => {
    await cleanup.dispose();
    sockets.close();
  };
}

interface Payload {
  query: string;
  operationName?: string | null;
  variables?: Record<string, unknown> | null;
}

function prepare(
  schema: GraphQLSchema,
  payload: Payload,
  principal: Principal,
): ExecutionArgs | readonly GraphQLError[] {
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
  const contextValue = new RequestContext(principal);
  return { schema, document, operationName, variableValues: variables, contextValue };
}

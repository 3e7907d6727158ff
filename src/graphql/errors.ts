// What a client sees of an error: message and code of what it can mend, and of anything else only a number to quote.
import { GraphQLError } from 'graphql';
import type { GraphQLFormattedError } from 'graphql';
import { CatalogError } from '../lib/errors.js';
import { newId } from '../lib/ids.js';
import type { Logger } from '../lib/logger.js';

/** Codes of GraphQL itself: documents and variables that are wrong, and how they are sent. */
const PROTOCOL_CODES = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'BAD_REQUEST',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'OPERATION_RESOLUTION_FAILURE',
  'UNAUTHENTICATED',
]);

export type FormatError = (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;

export function createFormatError(logger: Logger): FormatError {
  return (formatted, error) => {
    const cause = rootOf(error);
    const { locations, path } = formatted;
    const place = { ...(locations && { locations }), ...(path && { path }) };
    if (cause instanceof CatalogError) {
      const { code, field, retryAfterSeconds, message } = cause;
      return {
        message,
        ...place,
        extensions: { code, ...(field && { field }), ...(retryAfterSeconds && { retryAfterSeconds }) },
      };
    }
    const code = formatted.extensions?.code;
    const isProtocol = cause instanceof GraphQLError && !cause.originalError;
    // What failed at a path was executed: without a code it is a defect (null where there can't be one).
    if (isProtocol && (code === undefined ? !path : PROTOCOL_CODES.has(code as string))) {
      return { message: formatted.message, ...place, extensions: { code: code ?? 'GRAPHQL_VALIDATION_FAILED' } };
    }
    return { ...unexpected(cause, logger), ...place };
  };
}

function unexpected(cause: unknown, logger: Logger): GraphQLFormattedError {
  const requestId = newId();
  logger.error({ requestId, err: cause }, 'a GraphQL request failed unexpectedly');
  const message = `Something went wrong inside the gateway. Its log has the details under ${requestId}.`;
  return { message, extensions: { code: 'INTERNAL_SERVER_ERROR', requestId } };
}

function rootOf(error: unknown): unknown {
  let root = error;
  while (root instanceof GraphQLError && root.originalError) root = root.originalError;
  return root;
}

/** An error of the gateway as GraphQL's, with the HTTP status it asks for. */
export function toGraphQLError(error: CatalogError): GraphQLError {
  const headers = error.code === 'UNAUTHENTICATED' ? new Map([['www-authenticate', 'Bearer']]) : undefined;
  const http = { status: error.status, headers };
  return new GraphQLError(error.message, { originalError: error, extensions: { code: error.code, http } });
}

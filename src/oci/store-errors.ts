// Errors of the store's routes in the words of the OCI distribution-spec: {"errors":[{"code","message"}]}.
import { CatalogError } from '../lib/errors.js';
import type { ErrorCode } from '../lib/errors.js';
import type { RouteResponse } from '../lib/route.js';

/** Old docker clients take a server without it for version 1 of the protocol. */
export const API_VERSION = { 'docker-distribution-api-version': 'registry/2.0' };

const CODES: Record<ErrorCode, string> = {
  UNAUTHENTICATED: 'UNAUTHORIZED',
  FORBIDDEN: 'DENIED',
  BAD_USER_INPUT: 'NAME_INVALID',
  NOT_FOUND: 'NAME_UNKNOWN',
  CONFLICT: 'UNSUPPORTED',
  TOO_MANY_REQUESTS: 'TOOMANYREQUESTS',
  FEATURE_NOT_SUPPORTED: 'UNSUPPORTED',
  UPSTREAM_FAILED: 'UNKNOWN',
  INTERNAL_SERVER_ERROR: 'UNKNOWN',
};

export function ociError(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): RouteResponse {
  return { status, headers: { ...API_VERSION, ...headers }, body: { errors: [{ code, message }] } };
}

export function storeErrorResponse(error: unknown, requestId: string): RouteResponse {
  if (!(error instanceof CatalogError)) {
    return ociError(500, 'UNKNOWN', `The store failed; the request is ${requestId} in the log.`);
  }
  const headers: Record<string, string> = {};
  if (error.status === 401) headers['www-authenticate'] = 'Basic realm="build-catalog"';
  if (error.retryAfterSeconds !== undefined) headers['retry-after'] = String(error.retryAfterSeconds);
  return ociError(error.status, CODES[error.code], error.message, headers);
}

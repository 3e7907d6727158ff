// Errors of the store's routes in the words of the OCI distribution-spec: {"errors":[{"code","message"}]}.
import { CatalogError } from '../lib/errors.js';
import type { ErrorCode } from '../lib/errors.js';
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import type { RouteResponse } from '../lib/route.js';
import { ContentMissing } from './image-failure.js';

/** Old docker clients take a server without it for version 1 of the protocol. */
export const API_VERSION = { 'docker-distribution-api-version': 'registry/2.0' };

const CODES: Record<ErrorCode, string> = {
  UNAUTHENTICATED: 'UNAUTHORIZED',
  FORBIDDEN: 'DENIED',
  BAD_USER_INPUT: 'NAME_INVALID',
  NOT_FOUND: 'NAME_UNKNOWN',
  CONFLICT: 'DENIED',
  TOO_MANY_REQUESTS: 'TOOMANYREQUESTS',
  FEATURE_NOT_SUPPORTED: 'UNSUPPORTED',
  UPSTREAM_FAILED: 'UNKNOWN',
  INTERNAL_SERVER_ERROR: 'UNKNOWN',
};

/** A refusal with a code of the distribution-spec, where those of the catalog do not say enough. */
class StoreError extends CatalogError {
  constructor(
    status: number,
    readonly storeCode: string,
    message: string,
    readonly headers: Record<string, string>,
  ) {
    super('BAD_USER_INPUT', message, { status });
  }
}

export function storeError(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): CatalogError {
  return new StoreError(status, code, message, headers);
}

export function storeErrorResponse(error: unknown, requestId: string): RouteResponse {
  if (!(error instanceof CatalogError)) {
    return ociError(500, 'UNKNOWN', `The store failed; the request is ${requestId} in the log.`);
  }
  const headers: Record<string, string> = error instanceof StoreError ? { ...error.headers } : {};
  if (error.status === 401) headers['www-authenticate'] = 'Basic realm="build-catalog"';
  if (error.retryAfterSeconds !== undefined) headers['retry-after'] = String(error.retryAfterSeconds);
  const code = error instanceof StoreError ? error.storeCode : CODES[error.code];
  return ociError(error.status, code, error.message, headers);
}

/** What reading and writing images fails with, as what a client is told; other errors stay what they are. */
export function asStoreError(error: unknown): unknown {
  if (!(error instanceof JobFailure)) return error;
  const { code, message } = error;
  if (error instanceof ContentMissing) return storeError(400, 'MANIFEST_BLOB_UNKNOWN', message);
  if (code === JobFailureCode.IMAGE_INVALID) return storeError(400, 'MANIFEST_INVALID', message);
  if (code === JobFailureCode.DIGEST_MISMATCH) return storeError(400, 'DIGEST_INVALID', message);
  if (code === JobFailureCode.DISK_FULL) return storeError(507, 'UNKNOWN', message);
  return error;
}

function ociError(status: number, code: string, message: string, headers: object = {}): RouteResponse {
  return { status, headers: { ...API_VERSION, ...headers }, body: { errors: [{ code, message }] } };
}

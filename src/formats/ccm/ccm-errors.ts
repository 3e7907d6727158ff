// Errors as CCM's clients get them: {"message", "code"}, the vendor's Event. They show the body as it is to people.
import { CatalogError } from '../../lib/errors.js';
import type { ErrorCode, ErrorDetails, ErrorReason } from '../../lib/errors.js';
import type { RouteResponse } from '../../lib/route.js';
import { SchemaViolation } from '../schema-violation.js';
import type { Place } from '../schema-violation.js';
import type { WireError, WireErrorCode } from './wire.js';
import { toWirePath } from './wire-path.js';

/** An error whose code on the wire says more than the default for its kind. */
export class CcmError extends CatalogError {
  constructor(
    code: ErrorCode,
    readonly wireCode: WireErrorCode,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(code, message, details);
    this.name = 'CcmError';
  }
}

const CODES: Record<Exclude<ErrorCode, 'BAD_USER_INPUT' | 'CONFLICT'>, WireErrorCode> = {
  UNAUTHENTICATED: 'UNAUTHORIZED',
  FORBIDDEN: 'FORBIDDEN',
  NOT_FOUND: 'NOT_FOUND',
  TOO_MANY_REQUESTS: 'TOO_MANY_REQUESTS',
  FEATURE_NOT_SUPPORTED: 'FEATURE_NOT_SUPPORTED',
  UPSTREAM_FAILED: 'BAD_GATEWAY',
  INTERNAL_SERVER_ERROR: 'INTERNAL_SERVER_ERROR',
};

/** The state of things is the caller's fault on this wire, as is a user there is already. */
const REASON_STATUS: Partial<Record<ErrorReason, number>> = { INVALID_STATE: 400, USER_ALREADY_EXISTS: 400 };

const PLACE_CODES: Record<Place, WireErrorCode> = {
  path: 'INVALID_PATH_PARAMETER',
  query: 'INVALID_QUERY_PARAMETER',
  body: 'INVALID_BODY_PARAMETER',
};

export function ccmErrorResponse(error: unknown, requestId: string): RouteResponse {
  if (!(error instanceof CatalogError)) {
    const message = `Something went wrong inside the gateway. Its log has the details under ${requestId}.`;
    return answer(500, { message, code: 'INTERNAL_SERVER_ERROR' });
  }
  const { status, code } = statusAndCode(error);
  return answer(status, { message: messageOf(error), code });
}

function answer(status: number, body: WireError): RouteResponse {
  return status === 401 ? { status, headers: { 'www-authenticate': 'Bearer' }, body } : { status, body };
}

function statusAndCode(error: CatalogError): { status: number; code: WireErrorCode } {
  const { status, code, field, reason } = error;
  if (error instanceof CcmError) return { status, code: error.wireCode };
  if (error instanceof SchemaViolation) {
    return { status, code: error.isMissing ? 'MISSING_REQUIRED_PARAMETER' : PLACE_CODES[error.place] };
  }
  // What exists already is a 400 of CCM's; a reused idempotency key is not CCM's at all.
  if (reason !== undefined) return { status: REASON_STATUS[reason] ?? status, code: reason };
  if (code === 'CONFLICT') return isAboutKey(field) ? { status, code } : { status: 400, code: 'UNIQUE_VIOLATION' };
  if (code !== 'BAD_USER_INPUT') return { status, code: CODES[code] };
  if (status === 413) return { status, code: 'REQUEST_PAYLOAD_TOO_LARGE' };
  return { status, code: field ? 'INVALID_BODY_PARAMETER' : 'BAD_REQUEST' };
}

const isAboutKey = (field: string[] | undefined): boolean => field?.[0] === 'idempotencyKey';

/** Services name fields by their path in GraphQL's input; clients of CCM know them by another one. */
function messageOf({ message, code, field }: CatalogError): string {
  if (!field || isAboutKey(field) || !['BAD_USER_INPUT', 'NOT_FOUND'].includes(code)) return message;
  const path = toWirePath(field);
  const last = path.slice(path.lastIndexOf('.') + 1);
  return `${path}: ${message.replaceAll(`\`${field.at(-1)}\``, `\`${last}\``)}`;
}

// Errors as Cycle's clients get them: {"error": {"status", "code", "title", ...}, "data": null}. The code begins with
// the status.
import { CatalogError } from '../../lib/errors.js';
import type { ErrorCode, ErrorDetails } from '../../lib/errors.js';
import type { RouteResponse } from '../../lib/route.js';
import type { FormatRoute } from '../operation.js';
import { SchemaViolation } from '../schema-violation.js';

export type CycleErrorCode =
  | '400.invalid-syntax'
  | '401.auth-invalid'
  | '403.permissions'
  | '403.wrong-hub'
  | '403.invalid-state'
  | '403.not-allowed'
  | '404.image'
  | '404.image.source'
  | '404.image.build-log'
  | '404.container'
  | '404.job'
  | '404.uri'
  | '409.duplicate-found'
  | '415.invalid-content-type'
  | '422.missing-argument'
  | '422.invalid-argument'
  | '422.max-exceeded'
  | '422.not-compatible'
  | '429.rate-limiting'
  | '500.unknown'
  | '503.not-ready';

/** An error whose code on the wire says more than the default for its kind. */
export class CycleError extends CatalogError {
  constructor(
    code: ErrorCode,
    readonly wireCode: CycleErrorCode,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(code, message, details);
    this.name = 'CycleError';
  }
}

const WORDS = {
  '404.image': 'image',
  '404.image.source': 'image source',
  '404.image.build-log': 'build log of the image',
  '404.container': 'container',
  '404.job': 'job',
} as const;

export const absent = (code: keyof typeof WORDS, id: string, ...field: string[]): CycleError =>
  new CycleError(
    'NOT_FOUND',
    code,
    `There is no ${WORDS[code]} with the id ${JSON.stringify(id.slice(0, 100))}.`,
    field.length > 0 ? { field } : {},
  );

export const wrongState = (message: string): CycleError =>
  new CycleError('CONFLICT', '403.invalid-state', message, { reason: 'INVALID_STATE' });

const CODES: Record<ErrorCode, CycleErrorCode> = {
  UNAUTHENTICATED: '401.auth-invalid',
  FORBIDDEN: '403.permissions',
  BAD_USER_INPUT: '422.invalid-argument',
  NOT_FOUND: '404.uri',
  CONFLICT: '409.duplicate-found',
  TOO_MANY_REQUESTS: '429.rate-limiting',
  FEATURE_NOT_SUPPORTED: '422.not-compatible',
  UPSTREAM_FAILED: '503.not-ready',
  INTERNAL_SERVER_ERROR: '500.unknown',
};

/** Rights by the operations that they are for, `GET /v1/images/:imageId`. */
export type Capabilities = Map<string, string>;

export const cycleErrorResponse =
  (capabilities: Capabilities) =>
  (error: unknown, requestId: string, route?: FormatRoute): RouteResponse => {
    if (!(error instanceof CatalogError)) {
      const detail = `The log of the gateway has the details under ${requestId}.`;
      return answer('500.unknown', { title: 'Something went wrong inside the gateway.', detail });
    }
    const code = codeOf(error);
    const source = sourceOf(error);
    const capability = code === '403.permissions' && route && capabilities.get(`${route.method} ${route.path}`);
    return answer(code, {
      title: error.message,
      ...(source !== undefined && { source }),
      ...(capability && { extra: { capability } }),
    });
  };

function answer(code: CycleErrorCode, more: { title: string } & Record<string, unknown>): RouteResponse {
  const status = Number(code.slice(0, 3));
  const body = { error: { status, code, ...more }, data: null };
  return status === 401 ? { status, headers: { 'www-authenticate': 'Bearer' }, body } : { status, body };
}

function codeOf(error: CatalogError): CycleErrorCode {
  const { code, reason, status, field } = error;
  if (error instanceof CycleError) return error.wireCode;
  if (error instanceof SchemaViolation) return error.isMissing ? '422.missing-argument' : codeOfViolation(error);
  if (reason === 'NO_ACCOUNT_SELECTED') return '403.wrong-hub';
  if (reason === 'INVALID_STATE') return '403.invalid-state';
  if (status === 413) return '422.max-exceeded';
  // Of the body as a whole, before anything in it could be looked at.
  if (code === 'BAD_USER_INPUT' && !field) return '400.invalid-syntax';
  return CODES[code];
}

const codeOfViolation = ({ place, path }: SchemaViolation): CycleErrorCode =>
  place === 'query' && path === 'page.size' ? '422.max-exceeded' : '422.invalid-argument';

function sourceOf(error: CatalogError): string | undefined {
  if (error instanceof SchemaViolation) return error.place === 'body' ? error.pointer : error.path;
  return error.field && `/${error.field.join('/')}`;
}

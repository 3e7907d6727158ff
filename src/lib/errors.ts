// The nine ways in which a request can fail, and the HTTP status each has by default.
// A request that cannot be served throws one of these; anything else that is thrown is a defect.

export const ERROR_STATUS = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  BAD_USER_INPUT: 400,
  NOT_FOUND: 404,
  CONFLICT: 409,
  TOO_MANY_REQUESTS: 429,
  FEATURE_NOT_SUPPORTED: 501,
  UPSTREAM_FAILED: 502,
  INTERNAL_SERVER_ERROR: 500,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

/** What says more than the code where a dialect has a word for it. */
export type ErrorReason =
  'INVALID_STATE' | 'NO_ACCOUNT_SELECTED' | 'AUTH_FAILED' | 'LOCKED_ACCOUNT' | 'USER_ALREADY_EXISTS';

export interface ErrorDetails {
  reason?: ErrorReason;
  /** Path of the offending value inside the input, outermost first. */
  field?: string[];
  /** Seconds after which the same request may succeed. */
  retryAfterSeconds?: number;
  /** HTTP status where the default of the code does not say enough (413, 503 ...). */
  status?: number;
}

export class CatalogError extends Error {
  readonly reason?: ErrorReason;
  readonly field?: string[];
  readonly retryAfterSeconds?: number;
  readonly status: number;

  constructor(
    readonly code: ErrorCode,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(message);
    this.name = 'CatalogError';
    this.reason = details.reason;
    this.field = details.field;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.status = details.status ?? ERROR_STATUS[code];
  }
}

export function badInput(message: string, ...field: string[]): CatalogError {
  return new CatalogError('BAD_USER_INPUT', message, field.length > 0 ? { field } : {});
}

export function notFound(what: string, id: string): CatalogError {
  return new CatalogError('NOT_FOUND', `There is no ${what} with the id ${JSON.stringify(id)}.`);
}

/** The state of things forbids it; nothing is there twice. */
export function invalidState(message: string, ...field: string[]): CatalogError {
  return new CatalogError('CONFLICT', message, { reason: 'INVALID_STATE', ...(field.length > 0 && { field }) });
}

// Errors as AWS SDKs get them: the name in a header, a message in the body (restJson1). SDKs make typed errors of the
// names, and retry some of them.
import { CatalogError } from '../../lib/errors.js';
import type { ErrorCode } from '../../lib/errors.js';
import type { RouteResponse } from '../../lib/route.js';

const STATUS = {
  MissingAuthenticationTokenException: 403,
  IncompleteSignatureException: 403,
  InvalidSignatureException: 403,
  UnrecognizedClientException: 403,
  AccessDeniedException: 403,
  InvalidRequestException: 400,
  InvalidPaginationTokenException: 400,
  InvalidParameterCombinationException: 400,
  InvalidParameterException: 400,
  ResourceNotFoundException: 404,
  UnknownOperationException: 404,
  RequestEntityTooLargeException: 413,
  CallRateLimitExceededException: 429,
  ServiceException: 500,
  ServiceUnavailableException: 503,
} as const;

export type WireErrorName = keyof typeof STATUS;

/** An error whose name on the wire says more than the default of its code. */
export class ImageBuilderError extends CatalogError {
  constructor(
    readonly wireName: WireErrorName,
    message: string,
  ) {
    super(codeOf(STATUS[wireName]), message, { status: STATUS[wireName] });
    this.name = 'ImageBuilderError';
  }
}

const codeOf = (status: number): ErrorCode => {
  if (status === 403) return 'UNAUTHENTICATED';
  return status === 404 ? 'NOT_FOUND' : 'BAD_USER_INPUT';
};

export const invalidRequest = (message: string) => new ImageBuilderError('InvalidRequestException', message);
export const invalidSignature = (message: string) => new ImageBuilderError('InvalidSignatureException', message);

const NAMES: Record<ErrorCode, WireErrorName> = {
  UNAUTHENTICATED: 'UnrecognizedClientException',
  FORBIDDEN: 'AccessDeniedException',
  BAD_USER_INPUT: 'InvalidRequestException',
  // Of paths that nobody serves: images that are not there are an ImageBuilderError.
  NOT_FOUND: 'UnknownOperationException',
  CONFLICT: 'InvalidRequestException',
  TOO_MANY_REQUESTS: 'CallRateLimitExceededException',
  FEATURE_NOT_SUPPORTED: 'InvalidRequestException',
  UPSTREAM_FAILED: 'ServiceUnavailableException',
  INTERNAL_SERVER_ERROR: 'ServiceException',
};

export function errorResponse(error: unknown, requestId: string): RouteResponse {
  const name = nameOf(error);
  const isKnown = error instanceof CatalogError && error.code !== 'INTERNAL_SERVER_ERROR';
  const inside = `Something went wrong inside the gateway. Its log has the details under ${requestId}.`;
  return answerOf(requestId, { message: isKnown ? error.message : inside }, STATUS[name], { 'x-amzn-ErrorType': name });
}

/** Every answer is JSON, called nothing more than that: as bytes, or the server would name a charset. */
export const answerOf = (
  requestId: string,
  body: object,
  status = 200,
  more: Record<string, string> = {},
): RouteResponse => ({
  status,
  headers: { 'x-amzn-RequestId': requestId, 'content-type': 'application/json', ...more },
  body: Buffer.from(JSON.stringify(body)),
});

function nameOf(error: unknown): WireErrorName {
  if (error instanceof ImageBuilderError) return error.wireName;
  if (!(error instanceof CatalogError)) return 'ServiceException';
  if (error.status === 413) return 'RequestEntityTooLargeException';
  return error.status === 503 ? 'ServiceUnavailableException' : NAMES[error.code];
}

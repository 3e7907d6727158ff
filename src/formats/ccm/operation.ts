// CCM's operations: what is its own in the way from the OpenAPI document to routes.
import { CatalogError } from '../../lib/errors.js';
import type { FormatRequest } from '../format-request.js';
import type { OpenApi } from '../openapi.js';
import { operationsWithBody, routesOf } from '../operation.js';
import type { FormatOperation, FormatRoute } from '../operation.js';
import { CcmError } from './ccm-errors.js';
import type { WireBodies } from './wire-bodies.js';

export { operation } from '../operation.js';

export type CcmOperation = FormatOperation;
export type CcmRequest<Query, Body> = FormatRequest<Query, Body>;

export const operationWithBody = operationsWithBody<WireBodies>();

/** Newer clients have the second in the place of the first. */
const PREFIXES: [string, string] = ['/v1', '/api/v1/confidential_computing'];

export const ccmRoutesOf = (openApi: OpenApi, served: CcmOperation[]): FormatRoute[] =>
  routesOf(openApi, served.map(withQueryErrors), { prefixes: PREFIXES, lowersPath: true, dropsUnset: true });

/** Services name the field of their own input, which can only have come from the query where there is no body. */
function withQueryErrors(own: CcmOperation): CcmOperation {
  if (own.body !== undefined) return own;
  return { ...own, handle: (request) => own.handle(request).catch(asQueryError) };
}

function asQueryError(error: unknown): never {
  const isPlain = error instanceof CatalogError && !(error instanceof CcmError);
  if (!isPlain || error.code !== 'BAD_USER_INPUT') throw error;
  throw new CcmError('BAD_USER_INPUT', 'INVALID_QUERY_PARAMETER', error.message);
}

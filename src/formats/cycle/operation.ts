// Cycle's operations: what is its own in the way from the OpenAPI document to routes.
import type { FormatRequest } from '../format-request.js';
import type { OpenApi } from '../openapi.js';
import { operation, operationsWithBody, routesOf } from '../operation.js';
import type { FormatOperation, FormatRoute } from '../operation.js';
import { CycleError } from './cycle-errors.js';
import type { Capabilities } from './cycle-errors.js';
import type { CycleQuery } from './query.js';
import { readCycleQuery } from './query.js';
import type { WireBodies } from './wire-bodies.js';

export type CycleOperation = FormatOperation;

export const cycleOperation = (
  id: string,
  handle: (request: FormatRequest<CycleQuery, undefined>) => ReturnType<FormatOperation['handle']>,
): CycleOperation => operation<CycleQuery>(id, handle);

export const operationWithBody = operationsWithBody<WireBodies>();

export const cycleRoutesOf = (openApi: OpenApi, served: CycleOperation[]): FormatRoute[] =>
  routesOf(openApi, served, { readQuery: readCycleQuery }).map(expectingJson);

/** Old clients name JSON's type also where they send nothing; some name none. */
function expectingJson(route: FormatRoute): FormatRoute {
  return {
    ...route,
    handle: async (request) => {
      const type = request.headers['content-type'] ?? 'application/json';
      const isJson = /^\s*application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type);
      if (request.body.length > 0 && !isJson) {
        throw new CycleError('BAD_USER_INPUT', '415.invalid-content-type', 'Bodies are JSON: send application/json.');
      }
      return route.handle(request);
    },
  };
}

interface Described {
  paths: Record<string, Record<string, { 'x-capability': string }>>;
}

/** What each operation needs, as the document says. */
export function capabilitiesOf({ document }: OpenApi): Capabilities {
  const { paths } = document as Described;
  return new Map(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, described]) => {
        const mounted = path.replace(/\{([^{}]+)\}/g, ':$1');
        return [`${method.toUpperCase()} ${mounted}`, described['x-capability']] as const;
      }),
    ),
  );
}

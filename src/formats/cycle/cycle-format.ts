// Cycle.io: its REST interface, as far as it is about images, image sources and jobs.
import { tokenFrom } from '../../auth/request-token.js';
import type { Caller } from '../../auth/principal.js';
import type { RawRequest } from '../../lib/route.js';
import type { Format } from '../format.js';
import { readOpenApi } from '../openapi.js';
import { CycleError, cycleErrorResponse } from './cycle-errors.js';
import type { CycleServices } from './cycle-services.js';
import { imageRoutes } from './image-routes.js';
import { jobRoutes } from './job-routes.js';
import { capabilitiesOf, cycleRoutesOf } from './operation.js';
import { taskRoutes } from './task-routes.js';
import { sourceRoutes } from './source-routes.js';

export function cycleFormat(services: CycleServices): Format {
  const openApi = readOpenApi('cycle');
  const served = [...imageRoutes(services), ...taskRoutes(services), ...sourceRoutes(services), ...jobRoutes(services)];
  const routes = {
    name: 'cycle',
    routes: cycleRoutesOf(openApi, served),
    authenticate: (request: RawRequest) => callerOf(services, request),
    unknown: /^\/v1\/(?:images|jobs|containers)(?:\/|$)/,
    errorResponse: cycleErrorResponse(capabilitiesOf(openApi)),
  };
  return { name: 'cycle', routes, openApi: openApi.document };
}

/** A token, and the hub of its account. Throws 401.auth-invalid and 403.wrong-hub. */
async function callerOf({ tokens, accounts }: CycleServices, request: RawRequest): Promise<Caller> {
  const token = tokenFrom(request.headers);
  if (token === undefined) {
    throw new CycleError(
      'UNAUTHENTICATED',
      '401.auth-invalid',
      'A token is needed: send `Authorization: Bearer <token>`.',
    );
  }
  const caller = await tokens.authenticate(token, request.remoteAddress);
  if (caller.accountId === null) return caller;
  const hubId = [request.headers['x-hub-id'] ?? ''].flat()[0]!.trim().toLowerCase();
  if (hubId === (await accounts.hubIdOf(caller.accountId))) return caller;
  throw new CycleError('FORBIDDEN', '403.wrong-hub', 'Send `X-Hub-Id` with the hub id of the account of the token.');
}

// Fortanix Confidential Computing Manager: its REST interface, as far as it is about builds and who may do what to them.
import { setMaxListeners } from 'node:events';
import type { Format } from '../format.js';
import { readOpenApi } from '../openapi.js';
import { accountRoutes } from './account-routes.js';
import { appRoutes } from './app-routes.js';
import { buildRoutes } from './build-routes.js';
import { ccmErrorResponse } from './ccm-errors.js';
import type { CcmServices } from './ccm-services.js';
import { conversionRoutes } from './conversion-routes.js';
import { deploymentRoutes } from './deployment-routes.js';
import { ccmRoutesOf } from './operation.js';
import { registryRoutes } from './registry-routes.js';
import { sessionRoutes } from './session-routes.js';
import { taskRoutes } from './task-routes.js';
import { userRoutes } from './user-routes.js';

export function ccmFormat(services: CcmServices): Format {
  // Every waiting client listens to it.
  setMaxListeners(0, services.stopping);
  const openApi = readOpenApi('ccm');
  const served = [
    ...buildRoutes(services),
    ...conversionRoutes(services),
    ...deploymentRoutes(services),
    ...appRoutes(services),
    ...taskRoutes(services),
    ...sessionRoutes(services),
    ...accountRoutes(services),
    ...userRoutes(services),
    ...registryRoutes(services),
  ];
  const routes = { name: 'ccm', routes: ccmRoutesOf(openApi, served), errorResponse: ccmErrorResponse };
  return { name: 'ccm', routes, openApi: openApi.document };
}

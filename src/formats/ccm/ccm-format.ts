// Fortanix Confidential Computing Manager: its REST interface, as far as it is about builds.
import { setMaxListeners } from 'node:events';
import type { Format } from '../format.js';
import { createBodyReader } from './body.js';
import { buildRoutes } from './build-routes.js';
import { ccmErrorResponse } from './ccm-errors.js';
import type { CcmServices } from './ccm-services.js';
import { conversionRoutes } from './conversion-routes.js';
import { readSchemas } from './openapi.js';

export function ccmFormat(services: CcmServices): Format {
  // Every waiting client listens to it.
  setMaxListeners(0, services.stopping);
  const readBody = createBodyReader(readSchemas());
  const routes = [...buildRoutes(services, readBody), ...conversionRoutes(services, readBody)];
  return { name: 'ccm', routes: { name: 'ccm', routes, errorResponse: ccmErrorResponse } };
}

// AWS EC2 Image Builder: the part of its interface that shows images, for AWS's own clients.
import type { Format } from '../format.js';
import { readOpenApi } from '../openapi.js';
import { routesOf } from '../operation.js';
import { badInput } from '../../lib/errors.js';
import type { ReadQuery } from '../query.js';
import { authenticateWith } from './authenticate.js';
import { errorResponse } from './image-builder-errors.js';
import type { ImageBuilderServices } from './image-builder-services.js';
import { imageRoutes } from './image-routes.js';
import { tagRoutes } from './tag-routes.js';

const NAME = 'image-builder';

/** Operations that it has and this gateway has not (CreateImage ...), and resources that can not be tagged here. */
const UNKNOWN =
  /^\/(?:tags\/.*|(?:Cancel|Create|Delete|Distribute|Get|Import|List|Put|Retry|Send|Start|Update)[A-Z][A-Za-z]+)$/;

export function imageBuilderFormat(services: ImageBuilderServices): Format {
  const openApi = readOpenApi(NAME);
  const served = [...imageRoutes(services), ...tagRoutes(services)];
  return {
    name: NAME,
    routes: {
      name: NAME,
      routes: routesOf(openApi, served, { readQuery }),
      authenticate: authenticateWith(services.accessKeyQuery),
      unknown: UNKNOWN,
      errorResponse,
    },
    openApi: openApi.document,
  };
}

/** Lists are repeated parameters; of two values of anything else nobody knows which one counts. */
const readQuery: ReadQuery = (query, parameters) => {
  const there = parameters.filter(({ name }) => query.has(name));
  const entries = there.map(({ name, schema }): [string, unknown] => {
    const values = query.getAll(name);
    if (schema.type !== 'array' && values.length > 1) throw badInput(`${name} is there more than once.`);
    return [name, schema.type === 'array' ? values : values[0]];
  });
  return Object.fromEntries(entries);
};

// From the operations of a format's OpenAPI document and the functions that serve them to routes. What a function is
// given was checked against the document before.
import type { Caller, Principal } from '../auth/principal.js';
import { badInput } from '../lib/errors.js';
import type { Route, RouteRequest, RouteResponse } from '../lib/route.js';
import { FormatRequest } from './format-request.js';
import type { OpenApi, Operation, Schemas } from './openapi.js';
import { readPlainQuery } from './query.js';
import type { ReadQuery } from './query.js';
import { createBodyReader, hasForbiddenText } from './request-body.js';
import type { ReadBody } from './request-body.js';
import { createSchemaCheck } from './schema-check.js';
import type { CheckSchema } from './schema-check.js';

export type FormatRoute = Route<Principal, Caller>;

export interface FormatOperation {
  id: string;
  /** Name of the schema of its body. */
  body?: string;
  handle(request: FormatRequest<never, never>): Promise<RouteResponse>;
}

export interface FormatOptions {
  /** What all paths of the document begin with, and what each is served with too in its place. */
  prefixes?: [described: string, ...others: string[]];
  /** Parameters of paths are ids that are the same in lower and upper case; operations get them in lower case. */
  lowersPath?: boolean;
  /** Members of bodies that are null, and empty texts where none can be right, count as left out. */
  dropsUnset?: boolean;
  /** By default each parameter is there once at most, and counts as left out where it is empty. */
  readQuery?: ReadQuery;
}

/** @typeParam Query the query parameters that the document declares for the operation */
export const operation = <Query = object>(
  id: string,
  handle: (request: FormatRequest<Query, undefined>) => Promise<RouteResponse>,
): FormatOperation => ({ id, handle });

/** @typeParam Bodies what bodies are, by the names of their schemas */
export const operationsWithBody =
  <Bodies>() =>
  <Name extends keyof Bodies & string, Query = object>(
    id: string,
    body: Name,
    handle: (request: FormatRequest<Query, Bodies[Name]>) => Promise<RouteResponse>,
  ): FormatOperation => ({ id, body, handle });

interface Reading extends Required<FormatOptions> {
  check: CheckSchema;
  readBody: ReadBody;
}

/** Throws where document and functions do not have the same operations. */
export function routesOf(openApi: OpenApi, served: FormatOperation[], options: FormatOptions = {}): FormatRoute[] {
  const { name, schemas, operations } = openApi;
  const { prefixes = [''], lowersPath = false, dropsUnset = false, readQuery = readPlainQuery } = options;
  const check = createSchemaCheck({ ...schemas, ...parameterSchemas(operations) });
  const readBody = createBodyReader(schemas, check, { dropsUnset });
  const undescribed = served.find(({ id }) => !operations.some((described) => described.id === id));
  if (undescribed) throw new Error(`schema/openapi/${name}.yaml does not have ${undescribed.id}`);
  return operations.flatMap((described) => {
    const own = served.find(({ id }) => id === described.id);
    if (!own || own.body !== described.body) throw new Error(`Nothing serves ${described.id} as it is described`);
    return toRoutes(described, own, { check, readBody, prefixes, lowersPath, dropsUnset, readQuery });
  });
}

function toRoutes(described: Operation, own: FormatOperation, reading: Reading): FormatRoute[] {
  const { method, access, path } = described;
  const { prefixes } = reading;
  if (!path.startsWith(prefixes[0])) throw new Error(`${path} does not begin with ${prefixes[0]}`);
  const rest = path.slice(prefixes[0].length).replace(/\{([^{}]+)\}/g, (_match, name: string) => `:${camelCase(name)}`);
  return prefixes.map((prefix) => ({
    method,
    access,
    path: `${prefix}${rest}`,
    handle: async (raw) => own.handle(read(described, raw, prefix, reading)),
  }));
}

/** Throws BAD_USER_INPUT. */
function read(
  described: Operation,
  raw: RouteRequest<Principal, Caller>,
  base: string,
  { check, readBody, lowersPath, readQuery }: Reading,
): FormatRequest<never, never> {
  const { id, parameters, body: schema, needsBody } = described;
  const path = Object.fromEntries(
    Object.entries(raw.params).map(([name, text]) => [name, lowersPath ? text.toLowerCase() : text]),
  );
  check(`${id}.path`, path, 'path');
  const query = readQuery(raw.query, parametersIn(parameters, 'query'));
  const forbidden = Object.keys(query).find((name) => hasForbiddenText(query[name]));
  if (forbidden !== undefined) throw badInput(`${forbidden} has a character that can not be kept.`);
  check(`${id}.query`, query, 'query');
  const hasBody = schema !== undefined && (needsBody || raw.body.length > 0);
  const body = hasBody ? readBody(schema, raw.body) : undefined;
  return new FormatRequest(raw, base, { path, query: query as never, body: body as never });
}

const parametersIn = (parameters: Operation['parameters'], place: 'path' | 'query') =>
  parameters.filter((parameter) => parameter.in === place);

/** One schema for the path and one for the query of each operation, so that both are checked like bodies. */
function parameterSchemas(operations: Operation[]): Schemas {
  const schemaOf = ({ parameters }: Operation, place: 'path' | 'query') => {
    const there = parametersIn(parameters, place);
    const nameOf = (name: string) => (place === 'path' ? camelCase(name) : name);
    return {
      type: 'object',
      properties: Object.fromEntries(there.map(({ name, schema }) => [nameOf(name), schema])),
      required: there.filter(({ required }) => required).map(({ name }) => nameOf(name)),
    };
  };
  return Object.fromEntries(
    operations.flatMap((operation) => [
      [`${operation.id}.path`, schemaOf(operation, 'path')],
      [`${operation.id}.query`, schemaOf(operation, 'query')],
    ]),
  );
}

/** `build-id` and `build_id` -> `buildId`; the names of path parameters here and in the router. */
const camelCase = (name: string): string =>
  name.replace(/[-_]([a-z])/g, (_match, letter: string) => letter.toUpperCase());

// From the operations of the OpenAPI document and the functions that serve them to routes. What a function is given was
// checked against the document before.
import type { IncomingHttpHeaders } from 'node:http';
import { requireAccess, requireCaller } from '../../auth/principal.js';
import type { Caller, Principal } from '../../auth/principal.js';
import { badInput, CatalogError } from '../../lib/errors.js';
import type { Route, RouteRequest, RouteResponse } from '../../lib/route.js';
import { CcmError } from './ccm-errors.js';
import { createBodyReader } from './body.js';
import type { ReadBody } from './body.js';
import type { OpenApi, Operation, Schemas } from './openapi.js';
import { createSchemaCheck } from './schema-check.js';
import type { CheckSchema } from './schema-check.js';
import type { WireBodies } from './wire-bodies.js';

export type CcmRoute = Route<Principal, Caller>;

/** Newer clients have this in the place of `/v1`. */
const PREFIX = '/api/v1/confidential_computing';

export class CcmRequest<Query, Body> {
  constructor(
    private readonly raw: RouteRequest<Principal, Caller>,
    /** Ids of the path by their names in camel case, in lower case. */
    readonly path: Record<string, string>,
    /** Numbers and booleans as such; what was left out or empty is undefined. */
    readonly query: Query,
    readonly body: Body,
  ) {}

  /** The caller in its account; throws what it lacks for that. */
  get principal(): Principal {
    const { caller } = this.raw;
    requireAccess(caller, 'READER');
    return caller;
  }

  get caller(): Caller {
    const { caller } = this.raw;
    requireCaller(caller);
    return caller;
  }

  /** For operations that anyone may call. */
  get someone(): Caller | undefined {
    return this.raw.caller;
  }

  /** What the path began with, for paths that the answer leads to. */
  get base(): string {
    return this.raw.path.startsWith(PREFIX) ? PREFIX : '/v1';
  }

  get headers(): IncomingHttpHeaders {
    return this.raw.headers;
  }

  get remoteAddress(): string {
    return this.raw.remoteAddress;
  }

  /** Aborted when the client hangs up. */
  get signal(): AbortSignal {
    return this.raw.signal;
  }
}

export interface CcmOperation {
  id: string;
  body?: keyof WireBodies;
  handle(request: CcmRequest<never, never>): Promise<RouteResponse>;
}

/** @typeParam Query the query parameters that the document declares for the operation */
export const operation = <Query = object>(
  id: string,
  handle: (request: CcmRequest<Query, undefined>) => Promise<RouteResponse>,
): CcmOperation => ({ id, handle: handle });

export const operationWithBody = <Name extends keyof WireBodies>(
  id: string,
  body: Name,
  handle: (request: CcmRequest<object, WireBodies[Name]>) => Promise<RouteResponse>,
): CcmOperation => ({ id, body, handle: handle });

/** Throws where document and functions do not have the same operations. */
export function routesOf({ schemas, operations }: OpenApi, served: CcmOperation[]): CcmRoute[] {
  const check = createSchemaCheck({ ...schemas, ...parameterSchemas(operations) });
  const readBody = createBodyReader(schemas, check);
  const undescribed = served.filter(({ id }) => !operations.some((described) => described.id === id));
  if (undescribed.length > 0) throw new Error(`schema/openapi/ccm.yaml does not have ${undescribed[0]!.id}`);
  return operations.flatMap((described) => {
    const own = served.find(({ id }) => id === described.id);
    if (!own || own.body !== described.body) throw new Error(`Nothing serves ${described.id} as it is described`);
    return toRoutes(described, own, check, readBody);
  });
}

function toRoutes(described: Operation, own: CcmOperation, check: CheckSchema, readBody: ReadBody): CcmRoute[] {
  const { id, method, access, path, body: schema, needsBody } = described;
  const ofPath = path.replace(/\{([a-z-]+)\}/g, (_match, name: string) => `:${camelCase(name)}`);
  const route = {
    method,
    access,
    async handle(raw: RouteRequest<Principal, Caller>) {
      const ids = Object.fromEntries(Object.entries(raw.params).map(([name, text]) => [name, text.toLowerCase()]));
      check(`${id}.path`, ids, 'INVALID_PATH_PARAMETER');
      const query = queryOf(described, raw.query);
      check(`${id}.query`, query, 'INVALID_QUERY_PARAMETER');
      const hasBody = schema !== undefined && (needsBody || raw.body.length > 0);
      const body = hasBody ? readBody(schema as keyof WireBodies, raw.body) : undefined;
      const answer = own.handle(new CcmRequest(raw, ids, query as never, body as never));
      return schema === undefined ? answer.catch(asQueryError) : answer;
    },
  };
  return [
    { ...route, path: ofPath },
    { ...route, path: ofPath.replace('/v1', PREFIX) },
  ];
}

/** Services name the field of their own input, which can only have come from the query here. */
function asQueryError(error: unknown): never {
  const isPlain = error instanceof CatalogError && !(error instanceof CcmError);
  if (!isPlain || error.code !== 'BAD_USER_INPUT') throw error;
  throw new CcmError('BAD_USER_INPUT', 'INVALID_QUERY_PARAMETER', error.message);
}

/** One schema for the path and one for the query of each operation, so that both are checked like bodies. */
function parameterSchemas(operations: Operation[]): Schemas {
  const schemaOf = ({ parameters }: Operation, place: 'path' | 'query') => {
    const there = parameters.filter((parameter) => parameter.in === place);
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

/** What is declared, in the type it is declared with where the text is of that type. */
function queryOf({ parameters }: Operation, query: URLSearchParams): object {
  const found = parameters.flatMap(({ name, in: place, schema }) => {
    if (place !== 'query') return [];
    const text = query.get(name) ?? '';
    if (/[\0\p{Surrogate}]/u.test(text)) throw badInput(`${name} has a character that can not be kept.`);
    const value = text === '' ? schema.default : typed(text, schema.type);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(found);
}

function typed(text: string, type: string | undefined): unknown {
  if (type === 'integer' && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (type === 'boolean' && /^(?:true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  return text;
}

const camelCase = (name: string): string => name.replace(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase());

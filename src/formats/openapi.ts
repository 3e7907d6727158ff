// schema/openapi/*.yaml as they are used here: a format's routes are made of its document's operations, and what clients
// send is checked against the very schemas that they are told.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { packageRoot } from '../lib/package-root.js';
import type { Access, Route } from '../lib/route.js';

/** The words of JSON Schema that are looked at here; the rest is ajv's. */
export interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  description?: string;
  pattern?: string;
  enum?: string[];
  default?: unknown;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  allOf?: Schema[];
  /** A secret: taken, and never answered. */
  writeOnly?: boolean;
  'x-expects'?: string;
  /** What a vendor is known to say; others may follow. */
  'x-known-values'?: string[];
  /** A number of seconds since 1970. */
  'x-epoch-seconds'?: boolean;
}

export type Schemas = Record<string, Schema>;

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  schema: Schema;
}

export interface Operation {
  id: string;
  method: Route<unknown>['method'];
  /** `/v1/builds/{build-id}` */
  path: string;
  access: Access;
  parameters: Parameter[];
  /** Name of the schema of its body; undefined where it takes none. */
  body?: string;
  needsBody: boolean;
}

interface YamlOperation {
  operationId: string;
  'x-access': Access;
  parameters?: (Parameter | { $ref: string })[];
  requestBody?: { required?: boolean; content: { 'application/json': { schema: { $ref: string } } } };
}

interface YamlDocument {
  paths: Record<string, Record<string, YamlOperation>>;
  components: { schemas: Schemas; parameters?: Record<string, Parameter> };
}

export interface OpenApi {
  /** Of the file, without its end. */
  name: string;
  schemas: Schemas;
  operations: Operation[];
  /** As it is served. */
  document: object;
}

export const SCHEMA_REF = '#/components/schemas/';
const PARAMETER_REF = '#/components/parameters/';

const known = new Map<string, OpenApi>();

/** schema/openapi/<name>.yaml, read once: it may take a quarter of a second. */
export function readOpenApi(name: string): OpenApi {
  const openApi = known.get(name) ?? parseOpenApi(name);
  known.set(name, openApi);
  return openApi;
}

function parseOpenApi(name: string): OpenApi {
  const text = readFileSync(join(packageRoot, 'schema', 'openapi', `${name}.yaml`), 'utf8');
  const document = parse(text) as YamlDocument;
  const { schemas, parameters = {} } = document.components;
  const parameterOf = (parameter: Parameter | { $ref: string }) =>
    '$ref' in parameter ? parameters[parameter.$ref.slice(PARAMETER_REF.length)]! : parameter;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Operation => {
      const { operationId: id, requestBody } = operation;
      return {
        id,
        method: method.toUpperCase() as Operation['method'],
        path,
        access: operation['x-access'],
        parameters: (operation.parameters ?? []).map(parameterOf),
        body: requestBody?.content['application/json'].schema.$ref.slice(SCHEMA_REF.length),
        needsBody: requestBody?.required ?? false,
      };
    }),
  );
  return { name, schemas, operations, document };
}

/** The schema itself, behind any `$ref`. */
export function resolve(schemas: Schemas, schema: Schema): Schema {
  const target = schema.$ref === undefined ? undefined : schemas[schema.$ref.slice(SCHEMA_REF.length)];
  return target ? resolve(schemas, target) : schema;
}

// What schema/openapi/ccm.yaml promises, read by nothing of the gateway's own: which operation a request is for, and
// whether an answer is one that the operation declares.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'yaml';

export interface CcmSchema {
  $ref?: string;
  type?: string;
  format?: string;
  pattern?: string;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  items?: CcmSchema;
  properties?: Record<string, CcmSchema>;
  required?: string[];
  additionalProperties?: CcmSchema | boolean;
  minProperties?: number;
  maxProperties?: number;
}

export interface CcmParameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  schema: CcmSchema;
}

interface DeclaredResponse {
  headers?: Record<string, object>;
  content?: { 'application/json': { schema: CcmSchema } };
}

export interface CcmOperation {
  id: string;
  method: string;
  /** `/v1/builds/{build-id}` */
  path: string;
  access: string;
  parameters: CcmParameter[];
  /** Schema of its body; undefined where it takes none. */
  body?: CcmSchema;
  responses: Record<string, DeclaredResponse>;
}

export interface CcmAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** Undefined where there is none, or it is no JSON. */
  body: any;
}

type Referring = CcmSchema & { $ref: string };

interface Document {
  paths: Record<string, Record<string, any>>;
  components: Record<'schemas' | 'parameters' | 'responses', Record<string, any>>;
}

const file = join(__dirname, '../../schema/openapi/ccm.yaml');
const { paths, components } = parse(readFileSync(file, 'utf8')) as Document;

const named = (kind: keyof Document['components'], { $ref }: { $ref: string }) =>
  components[kind][$ref.slice($ref.lastIndexOf('/') + 1)];

export const CCM_OPERATIONS: CcmOperation[] = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    id: operation.operationId,
    method: method.toUpperCase(),
    path,
    access: operation['x-access'],
    parameters: (operation.parameters ?? []).map((parameter: Referring) => named('parameters', parameter)),
    body: operation.requestBody?.content['application/json'].schema,
    responses: Object.fromEntries(
      Object.entries<Referring>(operation.responses).map(([status, response]) => [
        status,
        named('responses', response),
      ]),
    ),
  })),
);

/** The schema behind any `$ref`. */
export const resolveSchema = (schema: CcmSchema): CcmSchema =>
  schema.$ref ? resolveSchema(named('schemas', schema as Referring)) : schema;

/** Newer clients have this in the place of `/v1`. */
export const PREFIX = '/api/v1/confidential_computing';

/** What serves a request by its method and its path with or without a query; undefined for a path of nobody. */
export function operationAt(method: string, target: string): CcmOperation | undefined {
  const path = target.split(/[?#]/)[0]!;
  const parts = (path.startsWith(`${PREFIX}/`) ? path.replace(PREFIX, '/v1') : path).split('/');
  const fitting = CCM_OPERATIONS.filter((operation) => {
    const own = operation.path.split('/');
    const fits = own.length === parts.length && own.every((part, at) => part.startsWith('{') || part === parts[at]);
    return fits && operation.method === method;
  });
  const variables = (operation: CcmOperation) => operation.path.split('{').length;
  return fitting.sort((a, b) => variables(a) - variables(b))[0];
}

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const FORMATS = {
  int32: { type: 'number', validate: (value: number) => Number.isInteger(value) && Math.abs(value) <= 2 ** 31 },
  int64: { type: 'number', validate: Number.isSafeInteger },
  uuid: { type: 'string', validate: (text: string) => UUID.test(text) },
  byte: { type: 'string', validate: (text: string) => /^[\w+/-]*={0,2}$/.test(text) },
} as const;

const ajv = new Ajv2020({ strict: false, allErrors: true, formats: FORMATS });
ajv.addSchema({ components: { schemas: closed(components.schemas) } }, 'ours');

/** The same schemas, but nothing may have members that are not described: an answer tells no more than was promised. */
function closed(schemas: Record<string, CcmSchema>): object {
  const close = (schema: CcmSchema): CcmSchema => ({
    ...schema,
    ...(schema.items && { items: close(schema.items) }),
    ...(schema.properties && {
      properties: Object.fromEntries(Object.entries(schema.properties).map(([name, child]) => [name, close(child)])),
      additionalProperties: schema.additionalProperties ?? false,
    }),
  });
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, close(schema)]));
}

export const wordsOf = (errors: ErrorObject[] | null | undefined): string[] =>
  (errors ?? []).map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`);

const validators = new Map<string, ValidateFunction>();

function validatorOf(schema: CcmSchema): ValidateFunction {
  const text = JSON.stringify(schema).replaceAll('"#/', '"ours#/');
  const known = validators.get(text) ?? ajv.compile(JSON.parse(text) as object);
  validators.set(text, known);
  return known;
}

/** What is wrong with an answer by our own document; nothing where all is well. */
export function contractProblems({ responses }: CcmOperation, { status, headers, text, body }: CcmAnswer): string[] {
  const declared = responses[status];
  if (!declared) return [`the status ${status} is not declared`];
  if (!declared.content) return text === '' ? [] : [`${status} has a body`];
  if (!/^application\/json\b/.test(String(headers['content-type']))) {
    return [`the content type is ${String(headers['content-type'])}`];
  }
  // The cookie comes only where one was sent.
  const missing = Object.keys(declared.headers ?? {}).filter(
    (name) => name !== 'Set-Cookie' && !(name.toLowerCase() in headers),
  );
  if (missing.length > 0) return [`the declared header ${missing.join()} is missing`];
  const validate = validatorOf(declared.content['application/json'].schema);
  return validate(body) ? [] : wordsOf(validate.errors);
}

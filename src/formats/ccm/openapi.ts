// The schemas of schema/openapi/ccm.yaml: what clients are told is what requests are checked against.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { packageRoot } from '../../lib/package-root.js';

/** The words of JSON Schema that are looked at here; the rest is ajv's. */
export interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  pattern?: string;
  enum?: string[];
  items?: Schema;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  'x-expects'?: string;
}

export type Schemas = Record<string, Schema>;

export const SCHEMA_REF = '#/components/schemas/';

export function readSchemas(): Schemas {
  const text = readFileSync(join(packageRoot, 'schema', 'openapi', 'ccm.yaml'), 'utf8');
  return (parse(text) as { components: { schemas: Schemas } }).components.schemas;
}

/** The schema itself, behind any `$ref`. */
export function resolve(schemas: Schemas, schema: Schema): Schema {
  const target = schema.$ref === undefined ? undefined : schemas[schema.$ref.slice(SCHEMA_REF.length)];
  return target ? resolve(schemas, target) : schema;
}

// What real clients send for "nothing": null anywhere, and empty text where no text can be right (ccm_util posts
// `"debug": ""` and `"memSize": ""`). Such members can be dropped before a body is checked.
import { resolve } from './openapi.js';
import type { Schema, Schemas } from './openapi.js';

/** The same value without members that say nothing; what the schema does not know stays as it is. */
export function withoutUnset(schemas: Schemas, schema: Schema, value: unknown): unknown {
  const known = resolve(schemas, schema);
  const { items } = known;
  // What the document says nothing about is kept as it comes.
  if (known.properties === undefined && known.additionalProperties === undefined && !items) return value;
  if (Array.isArray(value)) return items ? value.map((item) => withoutUnset(schemas, items, item)) : value;
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).flatMap(([name, child]: [string, unknown]) => {
    const childSchema = memberOf(known, name);
    if (child === null || (child === '' && childSchema && !isFreeText(resolve(schemas, childSchema)))) return [];
    return [[name, childSchema ? withoutUnset(schemas, childSchema, child) : child] as const];
  });
  return Object.fromEntries(members);
}

function memberOf({ properties = {}, additionalProperties }: Schema, name: string): Schema | undefined {
  if (Object.hasOwn(properties, name)) return properties[name];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

/** An empty list or object is a mistake where something else was meant; those are left for the check to refuse. */
function isFreeText({ type, format, pattern, enum: values }: Schema): boolean {
  // Any value at all may be right where no type is named.
  if (type === undefined || type === 'object' || type === 'array') return true;
  return type === 'string' && format === undefined && pattern === undefined && values === undefined;
}

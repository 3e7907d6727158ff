// Vendors keep logins of registries in their documents. What a schema marks as `writeOnly` is never answered.
import { isObject } from './document-value.js';
import { resolve } from './openapi.js';
import type { Schema, Schemas } from './openapi.js';

/** The same document without members that its schema marks as `writeOnly`, at every depth; what it does not describe stays. */
export function withoutSecrets<T>(schemas: Schemas, described: Schema, document: T): T {
  const { items, properties = {}, additionalProperties } = resolve(schemas, described);
  if (Array.isArray(document)) {
    if (!items) return document;
    return document.map((item: unknown) => withoutSecrets(schemas, items, item)) as T;
  }
  if (!isObject(document)) return document;
  const others = typeof additionalProperties === 'object' ? additionalProperties : undefined;
  const schemaOf = (member: string) => (Object.hasOwn(properties, member) ? properties[member] : others);
  const shown = Object.entries(document).filter(([member]) => !schemaOf(member)?.writeOnly);
  const entries = shown.map(([member, value]) => {
    const schema = schemaOf(member);
    return [member, schema ? withoutSecrets(schemas, schema, value) : value];
  });
  return Object.fromEntries(entries) as T;
}

// Documents with every member that a schema describes, each with a value of its own.
import { resolve } from '../../src/formats/openapi.js';
import type { Schema, Schemas } from '../../src/formats/openapi.js';

/** @param given values by member name, for ids and enums that must be right */
export function sampleOf(schemas: Schemas, schema: Schema, given: Record<string, unknown> = {}, name = ''): unknown {
  const { type, properties, additionalProperties, items, format, enum: values } = resolve(schemas, schema);
  const kind = [type ?? []].flat()[0] ?? (properties ? 'object' : undefined);
  if (kind === 'array') return [sampleOf(schemas, items ?? {}, given, name)];
  if (kind === 'boolean') return true;
  if (kind === 'integer' || kind === 'number') return 1_700_000_000;
  if (kind !== 'object') return format === 'date-time' ? '2026-01-02T03:04:05Z' : (values?.[0] ?? `a ${name}`);
  if (!properties) return mapOf(schemas, additionalProperties, given);
  return Object.fromEntries(
    Object.entries(properties).map(([member, part]) => [
      member,
      given[member] ?? sampleOf(schemas, part, given, member),
    ]),
  );
}

const mapOf = (schemas: Schemas, values: Schema['additionalProperties'], given: Record<string, unknown>) => ({
  one: typeof values === 'object' ? sampleOf(schemas, values, given, 'one') : 'of any kind',
});

/** Paths of the members that a schema describes, secrets aside, and that none of the values has: `.state.error`. */
export function membersMissing(schemas: Schemas, schema: Schema, values: unknown[], path = ''): string[] {
  const { properties, additionalProperties, items } = resolve(schemas, schema);
  if (items) return membersMissing(schemas, items, values.flat(), `${path}[]`);
  const objects = values.filter((value) => typeof value === 'object' && value !== null) as Record<string, unknown>[];
  if (!properties && typeof additionalProperties === 'object')
    return membersMissing(schemas, additionalProperties, objects.flatMap(Object.values), `${path}{}`);
  return Object.entries(properties ?? {}).flatMap(([name, part]) => {
    if (part.writeOnly || resolve(schemas, part).writeOnly) return [];
    const inner = objects.filter((object) => Object.hasOwn(object, name)).map((object) => object[name]);
    return inner.length > 0 ? membersMissing(schemas, part, inner, `${path}.${name}`) : [`${path}.${name}`];
  });
}

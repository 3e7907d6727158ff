import { imageBuilderFormat } from '../../../src/formats/image-builder/image-builder-format.js';
import { readOpenApi, resolve } from '../../../src/formats/openapi.js';
import type { Schema } from '../../../src/formats/openapi.js';
import { describeWithSamples, SAMPLES } from './samples.js';

const { schemas, operations, document } = readOpenApi('image-builder');

/** The paths of all leaves, as `.image.tags` or `.image.workflows[].onFailure`. */
function leavesOf(schema: Schema, path = ''): string[] {
  const { items, properties } = resolve(schemas, schema);
  if (items) return leavesOf(items, `${path}[]`);
  if (!properties) return [path];
  return Object.entries(properties).flatMap(([name, child]) => leavesOf(child, `${path}.${name}`));
}

/** What of a value its schema does not describe as it is. */
function strangeIn(schema: Schema, value: unknown, path = ''): string[] {
  const { type, items, properties, additionalProperties } = resolve(schemas, schema);
  if (Array.isArray(value)) return items ? value.flatMap((item) => strangeIn(items, item, `${path}[]`)) : [path];
  if (typeof value !== 'object' || value === null) {
    const isOfType = type === 'integer' ? Number.isInteger(value) : typeof value === type;
    return isOfType ? [] : [`${path}: ${String(value)}`];
  }
  return Object.entries(value).flatMap(([name, child]) => {
    const ofMember =
      properties?.[name] ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
    return ofMember ? strangeIn(ofMember, child, `${path}.${name}`) : [`${path}.${name}`];
  });
}

describe('schema/openapi/image-builder.yaml', () => {
  it('describes the routes there are, and no others', () => {
    const { routes } = imageBuilderFormat({ accessKeyQuery: {} } as never).routes;
    const described = operations.map(
      ({ method, path }) => `${method} ${path.replace('{resource-arn}', ':resourceArn')}`,
    );
    expect(routes.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(described.sort());
  });

  it('refers only to what it has, and has nothing that nobody refers to', () => {
    const text = JSON.stringify(document);
    const refs = [...text.matchAll(/"\$ref":"#\/components\/([^"]+)"/g)].map(([, ref]) => ref);
    const { components } = JSON.parse(text) as { components: Record<string, object> };
    const all = ['schemas', 'parameters', 'responses', 'headers'].flatMap((kind) =>
      Object.keys(components[kind]!).map((name) => `${kind}/${name}`),
    );
    expect([...new Set(refs)].sort()).toEqual(all.sort());
  });

  it('has every member of what GetImage answers, each with a description', () => {
    expect(leavesOf({ $ref: '#/components/schemas/GetImageResponse' })).toHaveLength(198);
    const bare = Object.entries(schemas).flatMap(([name, { properties = {} }]) =>
      Object.entries(properties)
        .filter(([, schema]) => !(schema as { description?: string }).description)
        .map(([member]) => `${name}.${member}`),
    );
    expect(bare).toEqual([]);
  });
});

describeWithSamples('schema/openapi/image-builder.yaml and the vendor', () => {
  it.each(SAMPLES)('agree on every member of %s', (file, sample) => {
    expect(strangeIn({ $ref: '#/components/schemas/GetImageResponse' }, sample)).toEqual([]);
    expect(file).toMatch(/get-?image/i);
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { JobStatus } from '../../../src/events/job-event.entity.js';
import { ccmFormat } from '../../../src/formats/ccm/ccm-format.js';
import { readOpenApi } from '../../../src/formats/openapi.js';
import type { Schema } from '../../../src/formats/openapi.js';
import { createSchemaCheck } from '../../../src/formats/schema-check.js';
import { WIRE_ATTRIBUTES, WIRE_CREATE_BUILD } from './documents.js';
import { describeWithVendor } from './vendor.js';

interface Operation {
  summary: string;
  'x-access': string;
  requestBody?: object;
  responses: Record<string, object>;
}

interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, Record<string, object>>;
}

const document = parse(readFileSync(join(__dirname, '../../../schema/openapi/ccm.yaml'), 'utf8')) as Document;
const { schemas } = readOpenApi('ccm');
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
);

describe('schema/openapi/ccm.yaml', () => {
  it('describes the routes there are, each also under the prefix of newer clients, and no others', () => {
    const { routes } = ccmFormat({ stopping: new AbortController().signal } as never).routes;
    const camelCase = (path: string) =>
      path.replace(/-([a-z])(?=[a-z-]*\})/g, (_match, letter) => letter.toUpperCase());
    const described = operations.map(({ name }) => camelCase(name).replace(/\{(\w+)\}/g, ':$1'));
    const prefixed = described.map((name) => name.replace('/v1', '/api/v1/confidential_computing'));
    expect(routes.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([...described, ...prefixed].sort());
  });

  it('refers only to what it has, and has nothing that nobody refers to', () => {
    const refs = JSON.stringify(document).matchAll(/"\$ref":"#\/components\/([^"]+)"/g);
    const components = ['schemas', 'parameters', 'responses', 'headers'].flatMap((kind) =>
      Object.keys(document.components[kind]!).map((name) => `${kind}/${name}`),
    );
    expect([...new Set([...refs].map(([, ref]) => ref))].sort()).toEqual(components.sort());
  });

  it.each(operations)('tells all errors of $name', ({ name, operation }) => {
    const statuses = Object.keys(operation.responses);
    expect(statuses).toContain('500');
    if (operation['x-access'] !== 'ANYONE') expect(statuses).toContain('401');
    if (['READER', 'WRITER', 'MANAGER'].includes(operation['x-access'])) expect(statuses).toContain('403');
    if (name.includes('{')) expect(statuses).toEqual(expect.arrayContaining(['400', '404']));
    expect(statuses.includes('413')).toBe(!name.startsWith('GET'));
    expect(operation.summary).toMatch(/^[A-Z]/);
  });

  it('knows the states of a job', () => {
    expect(schemas.ConversionJob!.properties!.status!.enum).toEqual(Object.values(JobStatus));
  });

  it('has a word for whatever is refused by a pattern', () => {
    const all: Schema[] = Object.entries(schemas).flatMap(([name, schema]) =>
      name === 'ConversionJob' ? [] : [schema, ...Object.values(schema.properties ?? {})],
    );
    const withPattern = all.filter(({ pattern }) => pattern !== undefined);
    expect(withPattern.length).toBeGreaterThan(3);
    for (const schema of withPattern) expect(schema['x-expects']).toEqual(expect.any(String));
  });
});

describeWithVendor('schema/openapi/ccm.yaml and the vendor', (_check, { definitions }) => {
  it.each(Object.keys(schemas).filter((name) => name in definitions))('agree on the members of %s', (name) => {
    // The severity of an error is the one member that is never sent.
    const theirs = Object.keys(definitions[name]!.properties ?? {}).filter((member) => member !== 'severity');
    expect(Object.keys(schemas[name]!.properties ?? {}).sort()).toEqual(theirs.sort());
  });

  it('agree on what is sent and kept', () => {
    expect(() => createSchemaCheck(schemas)('CreateBuildRequest', WIRE_CREATE_BUILD, 'body')).not.toThrow();
    const platforms = Object.keys(schemas.ImageAttributes!.properties!);
    expect(Object.keys(WIRE_ATTRIBUTES)).toEqual(expect.arrayContaining(platforms));
  });

  it('agree on the codes of errors', () => {
    const { enum: codes = [] } = schemas.Event!.properties!.code!;
    expect(definitions.EventType!.enum).toEqual(expect.arrayContaining(codes));
  });
});

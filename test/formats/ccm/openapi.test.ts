import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ccmFormat } from '../../../src/formats/ccm/ccm-format.js';
import { readSchemas } from '../../../src/formats/ccm/openapi.js';
import { createSchemaCheck } from '../../../src/formats/ccm/schema-check.js';
import { JobStatus } from '../../../src/events/job-event.entity.js';
import { WIRE_ATTRIBUTES, WIRE_CREATE_BUILD } from './documents.js';
import { describeWithVendor } from './vendor.js';

const document = parse(readFileSync(join(__dirname, '../../../schema/openapi/ccm.yaml'), 'utf8'));
const operations = Object.entries<any>(document.paths).flatMap(([path, methods]) =>
  Object.entries<any>(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
);

describe('schema/openapi/ccm.yaml', () => {
  it('describes the routes there are, and no others', () => {
    const { routes } = ccmFormat({ stopping: new AbortController().signal } as never).routes;
    // The vendor calls ids by what they belong to.
    const described = operations.map(({ name }) => name.replace(/\{[a-z-]+\}/, ':id'));
    expect(described.sort()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).sort());
  });

  it('refers only to what it has, and has nothing that nobody refers to', () => {
    const refs = new Set(
      [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/([^"]+)"/g)].map(([, ref]) => ref),
    );
    const components = ['schemas', 'responses', 'headers'].flatMap((kind) =>
      Object.keys(document.components[kind]).map((name) => `${kind}/${name}`),
    );
    expect([...refs].sort()).toEqual(components.sort());
  });

  it.each(operations)('tells all errors of $name', ({ operation }) => {
    const statuses = Object.keys(operation.responses);
    expect(statuses).toEqual(expect.arrayContaining(['400', '401', '403', '404', '500']));
    expect(statuses.includes('413')).toBe('requestBody' in operation);
    expect(operation.summary).toMatch(/^[A-Z]/);
  });

  it('knows the states of a job', () => {
    expect(document.components.schemas.ConversionJob.properties.status.enum).toEqual(Object.values(JobStatus));
  });

  it('has a word for whatever is refused by a pattern', () => {
    const patterns = Object.values<any>(readSchemas()).flatMap((schema) => [
      schema,
      ...Object.values<any>(schema.properties ?? {}),
    ]);
    const requests = patterns.filter(({ pattern }) => pattern && !pattern.includes('{24}'));
    expect(requests.length).toBeGreaterThan(3);
    for (const schema of requests) expect(schema['x-expects']).toEqual(expect.any(String));
  });
});

describeWithVendor('schema/openapi/ccm.yaml and the vendor', (_check, vendor) => {
  const ours = readSchemas();
  const shared = Object.keys(ours).filter((name) => name in vendor.definitions);

  it.each(shared)('agree on the members of %s', (name) => {
    const theirs = vendor.definitions[name];
    expect(Object.keys(ours[name]!.properties ?? {}).sort()).toEqual(
      // A response never has what only the vendor can know.
      Object.keys(theirs.properties ?? {})
        .filter((member) => !(name === 'Event' && member === 'severity'))
        .sort(),
    );
  });

  it('agree on what is sent and kept', () => {
    const check = createSchemaCheck(ours);
    expect(() => check('CreateBuildRequest', WIRE_CREATE_BUILD)).not.toThrow();
    expect(Object.keys(ours.ImageAttributes!.properties!).sort()).toEqual(
      Object.keys(vendor.definitions.ImageAttributes.properties).sort(),
    );
    expect(Object.keys(WIRE_ATTRIBUTES)).toEqual(
      expect.arrayContaining(Object.keys(ours.ImageAttributes!.properties!)),
    );
  });

  it('agree on the codes of errors', () => {
    const { enum: codes } = ours.Event!.properties!.code!;
    expect(vendor.definitions.EventType.enum).toEqual(expect.arrayContaining(codes!));
  });
});

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Ajv from 'ajv';
import type { FoundPackages } from '../../src/proof/package-list.js';
import { sbomOf } from '../../src/proof/sbom.js';

const digest = `sha256:${'c'.repeat(64)}`;
const subject = {
  name: 'registry.example:5000/team/App:v1',
  manifestDigest: digest,
  architecture: 'amd64',
  converterVersion: '1.2.3',
} as const;

const found: FoundPackages = {
  distribution: { id: 'alpine', versionId: '3.19' },
  incomplete: ['Something is missing.'],
  packages: [
    { type: 'apk', name: 'musl', version: '1.2-r0', license: 'MIT', purl: 'pkg:apk/alpine/musl@1.2-r0' },
    { type: 'apk', name: 'zlib', version: '1', license: 'Zlib AND MIT', purl: 'pkg:apk/alpine/zlib@1' },
    { type: 'npm', name: '@a/b', version: '2', license: 'see file', purl: 'pkg:npm/%40a/b@2' },
  ],
};

/** By the schemas that the library ships, so that nothing is fetched. */
function schemaValidator() {
  const library = dirname(require.resolve('@cyclonedx/cyclonedx-library/package.json'));
  const schema = (name: string) => JSON.parse(readFileSync(join(library, 'res/schema', name), 'utf8'));
  const ajv = new Ajv({ strict: false, validateFormats: false });
  for (const part of ['spdx', 'jsf-0.82', 'cryptography-defs']) {
    const name = `${part}.SNAPSHOT.schema.json`;
    ajv.addSchema(schema(name), `http://cyclonedx.org/schema/${name}`);
  }
  return ajv.compile(schema('bom-1.6.SNAPSHOT.schema.json'));
}

const validate = schemaValidator();
const schemaErrors = (document: unknown): unknown => (validate(document) ? [] : validate.errors);

describe('the SBOM', () => {
  const bytes = sbomOf(subject, found);
  const bom = JSON.parse(bytes.toString());

  it('is CycloneDX 1.6, by the schema of its library', () => {
    expect(bom).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 });
    expect(schemaErrors(bom)).toEqual([]);
    expect(schemaErrors({ ...bom, components: [{ name: 'without a type' }] })).not.toEqual([]);
  });

  it('is about the input image, by digest', () => {
    const purl = `pkg:oci/app@${digest}?arch=amd64&repository_url=registry.example:5000%2Fteam%2FApp`;
    expect(bom.metadata.component).toMatchObject({ type: 'container', name: subject.name, version: digest, purl });
    expect(bom.metadata.component.hashes).toEqual([{ alg: 'SHA-256', content: 'c'.repeat(64) }]);
    expect(bom.metadata.tools.components).toMatchObject([{ name: 'build-catalog', version: '1.2.3' }]);
  });

  it('lists the system and the packages, with licences where they are beyond doubt', () => {
    expect(bom.components).toMatchObject([
      { type: 'operating-system', name: 'alpine', version: '3.19' },
      { name: 'musl', version: '1.2-r0', licenses: [{ license: { id: 'MIT' } }], purl: 'pkg:apk/alpine/musl@1.2-r0' },
      { name: 'zlib', licenses: [{ expression: 'Zlib AND MIT' }] },
      { group: '@a', name: 'b', purl: 'pkg:npm/%40a/b@2' },
    ]);
    expect(bom.components[3].licenses).toBeUndefined();
  });

  it('says itself what is missing in it', () => {
    expect(bom.metadata.properties).toEqual([{ name: 'build-catalog:incomplete', value: 'Something is missing.' }]);
  });

  it('has the same bytes each time, without a time or a random number', () => {
    expect(sbomOf(subject, found).equals(bytes)).toBe(true);
    expect([bom.serialNumber, bom.metadata.timestamp]).toEqual([undefined, undefined]);
    const refs = bom.components.map((component: Record<string, unknown>) => component['bom-ref']);
    expect(refs).toEqual(['os:alpine', ...found.packages.map(({ purl }) => purl)]);
  });

  it('of an image without packages is valid, too', () => {
    expect(schemaErrors(JSON.parse(sbomOf(subject, { packages: [], incomplete: [] }).toString()))).toEqual([]);
  });
});

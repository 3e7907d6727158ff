// Manifests that refer to others, in a real registry without a referrers API and in a fake one that has it.
import { Upstream } from '../../src/lib/upstream.js';
import type { ManifestDocument } from '../../src/oci/image-repository.js';
import { OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.js';
import { RegistryClient } from '../../src/oci/registry-client.js';
import { descriptorOf, documentOf, smallImage } from '../support/documents.js';
import { startHttpFake } from '../support/http-fake.js';
import type { HttpFake } from '../support/http-fake.js';
import { REGISTRY_USER, startRegistry } from '../support/registry.js';
import type { TestRegistry } from '../support/registry.js';
import { describeWith } from '../support/requirements.js';

const { signal } = new AbortController();
const { manifest: subject, layer, layerBlob, config, configBlob } = smallImage();
const EMPTY = Buffer.from('{}');
const EMPTY_CONFIG = descriptorOf('application/vnd.oci.empty.v1+json', EMPTY);
const TAG = subject.digest.replace(':', '-');

const artifact = (artifactType: string): ManifestDocument =>
  documentOf(OCI_MANIFEST, {
    ...{ schemaVersion: 2, mediaType: OCI_MANIFEST, artifactType, config: EMPTY_CONFIG, layers: [EMPTY_CONFIG] },
    subject: descriptorOf(OCI_MANIFEST, subject.bytes),
    annotations: { made: 'here' },
  });
const entryOf = ({ mediaType, digest, bytes }: ManifestDocument, artifactType: string) => ({
  ...{ mediaType, digest, size: bytes.length, artifactType, annotations: { made: 'here' } },
});

const [sbom, statement] = [artifact('a/sbom'), artifact('a/statement')];

let upstream: Upstream;
beforeAll(() => (upstream = new Upstream({ allow: ['127.0.0.1'] })));
afterAll(() => upstream.close());

describeWith(['docker-registry', 'openssl'], 'a registry without a referrers API', () => {
  let registry: TestRegistry;
  beforeAll(async () => (registry = await startRegistry({ auth: 'token' })));
  afterAll(() => registry.stop());
  const repository = (name: string) =>
    new RegistryClient(upstream).repository({ host: registry.host, repository: name }, REGISTRY_USER);

  it('lists what was attached, once, beside what others had put there', async () => {
    const app = repository('team/app');
    await app.writeBlob(layerBlob, layer, signal);
    await app.writeBlob(configBlob, config, signal);
    await app.writeBlob(EMPTY_CONFIG, EMPTY, signal);
    await app.writeManifest('v1', subject, signal);
    expect(await app.listReferrers(subject.digest, undefined, signal)).toEqual([]);
    const theirs = { ...descriptorOf(OCI_MANIFEST, subject.bytes), unknown: 1 };
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [theirs], annotations: { kept: 'yes' } };
    await app.writeManifest(TAG, documentOf(OCI_INDEX, index), signal);

    for (const manifest of [sbom, statement, sbom]) await app.attach(manifest, signal);
    const listed = await app.listReferrers(subject.digest, undefined, signal);
    expect(listed.slice(1)).toEqual([entryOf(sbom, 'a/sbom'), entryOf(statement, 'a/statement')]);
    expect(await app.listReferrers(subject.digest, 'a/sbom', signal)).toEqual([entryOf(sbom, 'a/sbom')]);
    expect(JSON.parse(String((await app.resolve(TAG, signal)).bytes))).toMatchObject({
      manifests: [{ unknown: 1 }, {}, {}],
      annotations: { kept: 'yes' },
    });
  });

  it('does not lose a tag that is no index of referrers', async () => {
    const other = repository('team/other');
    await other.writeBlob(layerBlob, layer, signal);
    await other.writeBlob(configBlob, config, signal);
    await other.writeBlob(EMPTY_CONFIG, EMPTY, signal);
    await other.writeManifest(TAG, subject, signal);
    await expect(other.attach(sbom, signal)).rejects.toMatchObject({ code: 'IMAGE_INVALID' });
    expect((await other.resolve(TAG, signal)).digest).toBe(subject.digest);
  });

  it('takes a blob over from another of its repositories, and says where it can not', async () => {
    const from = repository('team/from');
    await from.writeBlob(layerBlob, layer, signal);
    const to = repository('team/to');
    expect(await to.mountBlob(layerBlob.digest, 'team/from', signal)).toBe(true);
    expect((await (await to.openBlob(layerBlob, signal)).toArray()).join('')).toBe('layer');
    expect(await to.mountBlob(configBlob.digest, 'team/nowhere', signal)).toBe(false);
  });
});

describe('a registry with a referrers API', () => {
  let fake: HttpFake;
  const tags = new Map<string, Buffer>();
  let losesWrites = 0;
  beforeAll(async () => {
    fake = await startHttpFake((request, response) => {
      const { method, url = '' } = request;
      const page = (entries: object[]) =>
        JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: entries });
      if (url.startsWith('/v2/api/referrers/')) {
        const last = url.includes('page=2');
        const link = last ? `<http://elsewhere.test/v2/>; rel="next"` : `<${url}?page=2>; rel="next"`;
        const entry = last ? entryOf(statement, 'a/statement') : entryOf(sbom, 'a/sbom');
        return response.writeHead(200, { 'content-type': OCI_INDEX, link }).end(page([entry]));
      }
      if (method === 'PUT') {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        return request.on('end', () => {
          const isTag = !url.includes('sha256:');
          if (isTag && losesWrites-- <= 0) tags.set(url, Buffer.concat(chunks));
          const header = url.startsWith('/v2/api/') ? { 'oci-subject': subject.digest } : {};
          response.writeHead(201, header).end();
        });
      }
      const bytes = tags.get(url);
      return response.writeHead(bytes ? 200 : 404, { 'content-type': OCI_INDEX }).end(bytes);
    });
  });
  beforeEach(() => tags.clear());
  afterAll(() => fake.close());
  const repository = (name: string) => new RegistryClient(upstream).repository({ host: fake.host, repository: name });

  it('is read page by page, but nowhere else, and gets no tag', async () => {
    const api = repository('api');
    await api.attach(sbom, signal);
    expect(tags.size).toBe(0);
    const listed = await api.listReferrers(subject.digest, undefined, signal);
    expect(listed.map(({ digest }) => digest)).toEqual([sbom.digest, statement.digest]);
  });

  it('is told from one where somebody else wrote the tag meanwhile: it is written again, once', async () => {
    losesWrites = 1;
    await repository('tags').attach(sbom, signal);
    expect(String(tags.get(`/v2/tags/manifests/${TAG}`))).toContain(sbom.digest);
    tags.clear();
    losesWrites = 2;
    await expect(repository('tags').attach(sbom, signal)).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
  });
});

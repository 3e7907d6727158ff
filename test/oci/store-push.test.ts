import { join } from 'node:path';
import { DOCKER_LIST, OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.js';
import { Store } from '../../src/oci/store.js';
import { storeRoutes } from '../../src/oci/store-routes.js';
import { descriptorOf, documentOf, smallImage } from '../support/documents.js';
import { temporaryFolder } from '../support/folders.js';
import type { HttpFake } from '../support/http-fake.js';
import { mountRoutes, storeCaller } from '../support/route-mount.js';
import { outcome, pushBlob, pushImage, putManifest, storeClient } from '../support/store-client.js';
import type { StoreClient } from '../support/store-client.js';

const image = smallImage();
const { digest } = image.manifest;

const store = new Store(join(temporaryFolder(), 'store'));
let server: HttpFake;
let alice: StoreClient;
let bob: StoreClient;

beforeAll(async () => {
  server = await mountRoutes(storeRoutes<string>(store, storeCaller));
  alice = storeClient(server.url, 'alice');
  bob = storeClient(server.url, 'bob');
});
afterAll(() => server.close());

describe('a manifest that is pushed', () => {
  it('is found by its tag and its digest', async () => {
    await pushImage(alice, 'app', 'v1', 'x');
    await pushBlob(alice, 'app', image.layer);
    await pushBlob(alice, 'app', image.config);
    const response = await putManifest(alice, '/v2/app/manifests/v1', image.manifest);
    expect([response.status, response.headers.get('location')]).toEqual([201, `/v2/app/manifests/${digest}`]);
    expect(response.headers.get('docker-content-digest')).toBe(digest);
    for (const reference of ['v1', digest]) {
      expect(await (await alice(`/v2/app/manifests/${reference}`)).text()).toBe(image.manifest.bytes.toString());
    }
  });

  it.each([
    ['has another digest', () => ({ ...image.manifest, path: `sha256:${'0'.repeat(64)}` }), 'DIGEST_INVALID'],
    [
      'has a digest of another kind',
      () => ({ ...image.manifest, path: `sha512:${'0'.repeat(128)}` }),
      'MANIFEST_INVALID',
    ],
    ['is of a type that is no manifest', () => ({ ...image.manifest, mediaType: 'text/html' }), 'MANIFEST_INVALID'],
    ['is of another type than it says', () => ({ ...image.manifest, mediaType: OCI_INDEX }), 'MANIFEST_INVALID'],
    [
      'is image and index',
      () => documentOf(OCI_MANIFEST, { ...json(image.manifest), manifests: [] }),
      'MANIFEST_INVALID',
    ],
    ['is no JSON', () => documentOf(OCI_MANIFEST, '{'), 'MANIFEST_INVALID'],
    [
      'names a strange subject',
      () => documentOf(OCI_MANIFEST, { ...json(image.manifest), subject: 1 }),
      'MANIFEST_INVALID',
    ],
    [
      'refers to another one and names a strange type',
      () =>
        documentOf(OCI_MANIFEST, { ...json(image.manifest), artifactType: 5, subject: json(image.manifest).config }),
      'MANIFEST_INVALID',
    ],
    [
      'names blobs of another repository',
      () => ({ ...image.manifest, repository: 'nothing' }),
      'MANIFEST_BLOB_UNKNOWN',
    ],
    ['names manifests that are not there', () => documentOf(DOCKER_LIST, list()), 'MANIFEST_BLOB_UNKNOWN'],
  ])('is refused where it %s', async (_what, make, code) => {
    const {
      path = 'v2',
      repository = 'app',
      ...manifest
    } = make() as ReturnType<typeof documentOf> & Record<string, any>;
    const response = await putManifest(alice, `/v2/${repository}/manifests/${path}`, manifest);
    expect(await outcome(response)).toEqual([400, code]);
    expect((await alice('/v2/app/manifests/v2')).status).toBe(404);
  });

  it('is refused where it is too large', async () => {
    const large = { bytes: Buffer.alloc(4 * 1024 * 1024 + 1, ' '), mediaType: OCI_MANIFEST };
    expect(await outcome(await putManifest(alice, '/v2/app/manifests/v2', large))).toEqual([413, 'SIZE_INVALID']);
  });

  it('gives nobody the blobs of another account, whose digests it names', async () => {
    expect((await bob(`/v2/app/blobs/${image.layerBlob.digest}`)).status).toBe(404);
    await pushBlob(bob, 'app', image.config);
    const response = await putManifest(bob, '/v2/app/manifests/v1', image.manifest);
    expect(await outcome(response)).toEqual([400, 'MANIFEST_BLOB_UNKNOWN']);
    expect((await bob(`/v2/app/blobs/${image.layerBlob.digest}`)).status).toBe(404);
  });
});

it('counts tags, repositories and what refers to others, however small they are', async () => {
  const grow = async (work: () => Promise<unknown>) => {
    const before = await store.usedBytes('gus');
    await work();
    return (await store.usedBytes('gus')) - before;
  };
  const gus = storeClient(server.url, 'gus');
  await pushImage(gus, 'count', 'v1');
  expect(await grow(() => pushImage(gus, 'count', 'v1'))).toBe(0);
  expect(await grow(() => pushImage(gus, 'count', 'v2'))).toBe(4096);
  expect(await grow(() => pushImage(gus, 'other', 'v1'))).toBeGreaterThanOrEqual(5 * 4096);
  const refers = documentOf(OCI_MANIFEST, { ...json(image.manifest), subject: json(image.manifest).config });
  await pushBlob(gus, 'count', image.config);
  expect(await grow(() => putManifest(gus, `/v2/count/manifests/${refers.digest}`, refers))).toBeGreaterThanOrEqual(
    refers.bytes.length + 3 * 4096,
  );
});

describe('deleting', () => {
  it('takes away a tag and leaves the manifest', async () => {
    const { manifest } = await pushImage(alice, 'delete/tag', 'v1');
    expect((await alice('/v2/delete/tag/manifests/v1', { method: 'DELETE' })).status).toBe(202);
    expect((await alice('/v2/delete/tag/manifests/v1')).status).toBe(404);
    expect((await alice(`/v2/delete/tag/manifests/${manifest.digest}`)).status).toBe(200);
    expect(await outcome(await alice('/v2/delete/tag/manifests/v1', { method: 'DELETE' }))).toEqual([
      404,
      'MANIFEST_UNKNOWN',
    ]);
  });

  it('takes away a manifest with its tags, and no other', async () => {
    const { manifest } = await pushImage(alice, 'delete/manifest', 'v1');
    await pushImage(alice, 'delete/manifest', 'latest');
    await pushImage(alice, 'delete/manifest', 'other', 'other');
    const path = `/v2/delete/manifest/manifests/${manifest.digest}`;
    expect((await bob(path, { method: 'DELETE' })).status).toBe(404);
    expect((await alice(path, { method: 'DELETE' })).status).toBe(202);
    expect((await alice(path)).status).toBe(404);
    expect(await (await alice('/v2/delete/manifest/tags/list')).json()).toMatchObject({ tags: ['other'] });
  });

  it('takes away no blob that a manifest names', async () => {
    const { manifest, layerBlob } = await pushImage(alice, 'delete/blob', 'v1');
    const path = `/v2/delete/blob/blobs/${layerBlob.digest}`;
    expect(await outcome(await alice(path, { method: 'DELETE' }))).toEqual([409, 'DENIED']);
    await alice(`/v2/delete/blob/manifests/${manifest.digest}`, { method: 'DELETE' });
    expect((await alice(path, { method: 'DELETE' })).status).toBe(202);
    expect((await alice(path)).status).toBe(404);
    expect(await outcome(await alice(path, { method: 'DELETE' }))).toEqual([404, 'BLOB_UNKNOWN']);
  });
});

it("lists an account's repositories in pages, but for empty ones", async () => {
  const frank = storeClient(server.url, 'frank');
  for (const name of ['b', 'a/b', 'a']) await pushImage(frank, name, 'v1');
  await pushBlob(frank, 'c', image.layer);
  const first = await frank('/v2/_catalog?n=2');
  expect(await first.json()).toEqual({ repositories: ['a', 'a/b'] });
  const next = /^<(.+)>; rel="next"$/.exec(first.headers.get('link') ?? '')?.[1];
  expect(await (await frank(next!)).json()).toEqual({ repositories: ['b'] });
  expect(await (await storeClient(server.url, 'nobody')('/v2/_catalog')).json()).toEqual({ repositories: [] });
});

const json = ({ bytes }: { bytes: Buffer }): any => JSON.parse(bytes.toString());
const list = () => ({ schemaVersion: 2, manifests: [descriptorOf(OCI_MANIFEST, Buffer.from('nothing'))] });

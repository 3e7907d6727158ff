import { linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DOCKER_LIST, OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.js';
import { Store } from '../../src/oci/store.js';
import { storeRoutes } from '../../src/oci/store-routes.js';
import { descriptorOf, documentOf, smallImage } from '../support/documents.js';
import { temporaryFolder } from '../support/folders.js';
import type { HttpFake } from '../support/http-fake.js';
import { mountRoutes, storeCaller } from '../support/route-mount.js';
import { outcome, pushBlob, putManifest, storeClient } from '../support/store-client.js';
import type { StoreClient } from '../support/store-client.js';

const image = smallImage();
const { digest } = image.manifest;
const EMPTY = Buffer.from('{}');

const root = join(temporaryFolder(), 'store');
const store = new Store(root);
let server: HttpFake;
let alice: StoreClient;
let bob: StoreClient;

beforeAll(async () => {
  server = await mountRoutes(storeRoutes<string>(store, storeCaller));
  alice = storeClient(server.url, 'alice');
  bob = storeClient(server.url, 'bob');
});
afterAll(() => server.close());

/** A small image under a tag; other text makes another image. */
async function pushImage(ask: StoreClient, repository: string, tag: string, comment = '') {
  const other = smallImage({ config: { comment } });
  await pushBlob(ask, repository, other.layer);
  await pushBlob(ask, repository, other.config);
  const response = await putManifest(ask, `/v2/${repository}/manifests/${tag}`, other.manifest);
  if (response.status !== 201) throw new Error(await response.text());
  return other;
}

/** An artifact that refers to an image: one layer of any type, an empty config. */
async function attach(repository: string, subject: string, artifactType: string, note = '') {
  const config = descriptorOf('application/vnd.oci.empty.v1+json', EMPTY);
  const layer = Buffer.from(`${artifactType} ${note}`);
  await pushBlob(alice, repository, EMPTY);
  await pushBlob(alice, repository, layer);
  const manifest = documentOf(OCI_MANIFEST, {
    ...{ schemaVersion: 2, mediaType: OCI_MANIFEST, artifactType, config },
    layers: [descriptorOf('text/plain', layer)],
    subject: { mediaType: OCI_MANIFEST, digest: subject, size: 1 },
    annotations: { note },
  });
  const response = await putManifest(alice, `/v2/${repository}/manifests/${manifest.digest}`, manifest);
  return { manifest, response };
}

const referrers = async (repository: string, subject: string, query = '', ask = alice) => {
  const response = await ask(`/v2/${repository}/referrers/${subject}${query}`);
  return { response, index: (await response.json()) as { manifests: { digest: string; artifactType: string }[] } };
};

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

describe('what refers to a manifest', () => {
  it('is listed, whichever of the two came first', async () => {
    const unknown = smallImage({ config: { comment: 'later' } });
    const { manifest, response } = await attach('refer', unknown.manifest.digest, 'application/x-sbom', 'early');
    expect(response.headers.get('oci-subject')).toBe(unknown.manifest.digest);
    await pushImage(alice, 'refer', 'v1', 'later');
    const { response: answer, index } = await referrers('refer', unknown.manifest.digest);
    expect(answer.headers.get('content-type')).toBe(OCI_INDEX);
    expect(index).toEqual({
      ...{ schemaVersion: 2, mediaType: OCI_INDEX },
      manifests: [
        {
          ...{ mediaType: OCI_MANIFEST, digest: manifest.digest, size: manifest.bytes.length },
          ...{ artifactType: 'application/x-sbom', annotations: { note: 'early' } },
        },
      ],
    });
  });

  it('is listed by its type, that of its config where it has none', async () => {
    const subject = documentOf(OCI_MANIFEST, {}).digest;
    const { manifest } = await attach('types', subject, 'application/x-one');
    await attach('types', subject, 'application/x-two');
    const plain = documentOf(OCI_MANIFEST, {
      ...json(image.manifest),
      subject: descriptorOf('a/b', Buffer.from('plain')),
    });
    const of = (type: string) => referrers('types', subject, `?artifactType=${encodeURIComponent(type)}`);
    const one = await of('application/x-one');
    expect(one.response.headers.get('oci-filters-applied')).toBe('artifactType');
    expect(one.index.manifests.map((it) => it.digest)).toEqual([manifest.digest]);
    expect((await of('application/x-none')).index.manifests).toEqual([]);
    expect((await referrers('types', subject)).index.manifests).toHaveLength(2);

    for (const blob of [image.layer, image.config]) await pushBlob(alice, 'types', blob);
    await putManifest(alice, '/v2/types/manifests/plain', plain);
    const { index } = await referrers('types', descriptorOf('a/b', Buffer.from('plain')).digest);
    expect(index.manifests[0]!.artifactType).toBe(image.configBlob.mediaType);
  });

  it('is an empty list where there is nothing, or nothing of this account', async () => {
    const subject = documentOf(OCI_MANIFEST, {}).digest;
    expect((await referrers('nothing', subject)).index.manifests).toEqual([]);
    expect((await referrers('types', subject, '', bob)).index.manifests).toEqual([]);
    expect(await outcome(await alice('/v2/types/referrers/v1'))).toEqual([400, 'DIGEST_INVALID']);
  });

  it('comes in pages that clients can read', async () => {
    const subject = documentOf(OCI_MANIFEST, { pages: true }).digest;
    const notes = ['a', 'b', 'c'].map((letter) => Array.from({ length: 20 }, () => letter.repeat(60_000)));
    for (const [at, words] of notes.entries()) {
      const annotations = Object.fromEntries(words.map((word, index) => [String(index), word]));
      const { subject: refersTo, ...rest } = { ...json(image.manifest), subject: descriptorOf('a/b', Buffer.from('')) };
      const document = { ...rest, annotations, subject: { ...refersTo, digest: subject }, at };
      for (const blob of [image.layer, image.config]) await pushBlob(alice, 'pages', blob);
      expect((await putManifest(alice, `/v2/pages/manifests/${at}`, documentOf(OCI_MANIFEST, document))).status).toBe(
        201,
      );
    }
    const found: string[] = [];
    let path: string | undefined = `/v2/pages/referrers/${subject}`;
    let pages = 0;
    for (; path !== undefined; pages++) {
      const response = await alice(path);
      found.push(...((await response.json()) as { manifests: { digest: string }[] }).manifests.map((it) => it.digest));
      path = /^<(.+)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1];
    }
    expect([new Set(found).size, found.length, pages]).toEqual([3, 3, 3]);
  });

  it('is listed beside others that can not be read any more', async () => {
    const subject = documentOf(OCI_MANIFEST, { beside: true }).digest;
    const made = [];
    for (const note of ['a', 'b', 'c', 'd'])
      made.push((await attach('beside', subject, 'application/x', note)).manifest);
    const pathOf = (of: string) => join(root, 'blobs/sha256', of.slice(7, 9), of.slice(7));
    writeFileSync(pathOf(made[0]!.digest), '{"artifactType":5}');
    writeFileSync(pathOf(made[1]!.digest), 'damaged');
    rmSync(pathOf(made[2]!.digest));
    const { response, index } = await referrers('beside', subject);
    expect([response.status, index.manifests.map((it) => it.digest)]).toEqual([200, [made[3]!.digest]]);
    expect(await outcome(await alice(`/v2/beside/manifests/${made[2]!.digest}`))).toEqual([404, 'MANIFEST_UNKNOWN']);
  });

  it('is looked for in pages, also where hardly any is of the type', async () => {
    const subject = documentOf(OCI_MANIFEST, { rare: true }).digest;
    const { manifest } = await attach('rare', subject, 'application/x-rare');
    const marks = join(root, 'accounts/alice/rare/_referrers', subject.slice(7));
    for (let at = 0; at < 1_000; at++) writeFileSync(join(marks, at.toString(16).padStart(64, '0')), '');
    for (let at = 0; at < 1_000; at++) writeFileSync(join(marks, `e${at.toString(16).padStart(63, '0')}`), '');
    const found: string[] = [];
    let path: string | undefined = `/v2/rare/referrers/${subject}?artifactType=application%2Fx-rare`;
    let pages = 0;
    for (; path !== undefined; pages++) {
      const response = await alice(path);
      found.push(...((await response.json()) as { manifests: { digest: string }[] }).manifests.map((it) => it.digest));
      path = /^<(.+)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1];
    }
    expect([found, pages]).toEqual([[manifest.digest], 3]);
  });

  it('is gone with the manifest that referred', async () => {
    const { manifest } = await attach('gone', digest, 'application/x-sbom');
    expect((await referrers('gone', digest)).index.manifests).toHaveLength(1);
    expect((await alice(`/v2/gone/manifests/${manifest.digest}`, { method: 'DELETE' })).status).toBe(202);
    expect((await referrers('gone', digest)).index.manifests).toEqual([]);
  });
});

describe('a repository', () => {
  it('has only so many tags, and a manifest so many that refer to it', async () => {
    const { manifest } = await attach('many', digest, 'application/x-sbom');
    const folder = join(root, 'accounts/alice/many');
    const marks = join(folder, '_referrers', digest.slice(7));
    mkdirSync(join(folder, '_tags'));
    for (let at = 0; at < 9_999; at++) {
      linkSync(join(marks, manifest.digest.slice(7)), join(marks, at.toString(16).padStart(64, '0')));
      linkSync(join(marks, manifest.digest.slice(7)), join(folder, '_tags', `t${at}`));
    }
    const put = async (tag: string, of = manifest) => {
      const response = await putManifest(alice, `/v2/many/manifests/${tag}`, of);
      return [response.status, await response.text()];
    };
    expect((await put('last'))[0]).toBe(201);
    expect(await put('one-more')).toEqual([413, expect.stringMatching(/DENIED.*10000 tags/)]);
    expect((await put('last'))[0]).toBe(201);
    const other = documentOf(OCI_MANIFEST, { ...json(manifest), annotations: { other: 'x' } });
    expect(await put(other.digest, other)).toEqual([413, expect.stringMatching(/DENIED.*10000 manifests/)]);
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

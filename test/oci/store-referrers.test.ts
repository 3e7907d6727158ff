import { linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.js';
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
const EMPTY = Buffer.from('{}');

const root = join(temporaryFolder(), 'store');
let server: HttpFake;
let alice: StoreClient;
let bob: StoreClient;

beforeAll(async () => {
  server = await mountRoutes(storeRoutes<string>(new Store(root), storeCaller));
  alice = storeClient(server.url, 'alice');
  bob = storeClient(server.url, 'bob');
});
afterAll(() => server.close());

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

const json = ({ bytes }: { bytes: Buffer }): any => JSON.parse(bytes.toString());

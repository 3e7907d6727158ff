import { readFileSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { Upstream } from '../../src/lib/upstream.js';
import { RegistryClient } from '../../src/oci/registry-client.js';
import { OCI_MANIFEST } from '../../src/oci/media-types.js';
import { Store } from '../../src/oci/store.js';
import { storeRoutes } from '../../src/oci/store-routes.js';
import { descriptorOf, smallImage } from '../support/documents.js';
import { run, temporaryFolder } from '../support/folders.js';
import type { HttpFake } from '../support/http-fake.js';
import { describeWith } from '../support/requirements.js';
import { mountRoutes, storeCaller } from '../support/route-mount.js';

const { signal } = new AbortController();
const image = smallImage();
const digest = image.layerBlob.digest;

const folder = temporaryFolder();
const store = new Store(join(folder, 'store'));
let server: HttpFake;

beforeAll(async () => {
  server = await mountRoutes(storeRoutes<string>(store, storeCaller));
  const repository = store.repository('alice', 'team/app');
  await repository.writeBlob(image.layerBlob, image.layer, signal);
  await repository.writeBlob(image.configBlob, image.config, signal);
  for (const tag of ['v1', 'v2', 'v10']) await repository.writeManifest(tag, image.manifest, signal);
});
afterAll(() => server.close());

function ask(path: string, options: { method?: string; as?: string; headers?: Record<string, string> } = {}) {
  const authorization = `Basic ${Buffer.from(`any:${options.as ?? 'alice'}`).toString('base64')}`;
  return fetch(`${server.url}${path}`, { method: options.method, headers: { authorization, ...options.headers } });
}

async function codeOf(response: Response): Promise<string> {
  return ((await response.json()) as { errors: { code: string }[] }).errors[0]!.code;
}

describe('the store over HTTP', () => {
  it('tells who it is, to those it knows', async () => {
    const known = await ask('/v2/');
    expect([known.status, await known.text()]).toEqual([200, '{}']);
    expect(known.headers.get('docker-distribution-api-version')).toBe('registry/2.0');
    const unknown = await fetch(`${server.url}/v2/`);
    expect([unknown.status, await codeOf(unknown)]).toEqual([401, 'UNAUTHORIZED']);
    expect(unknown.headers.get('www-authenticate')).toBe('Basic realm="build-catalog"');
  });

  it.each(['v1', image.manifest.digest])('serves the manifest %s byte for byte', async (reference) => {
    for (const method of ['GET', 'HEAD']) {
      const response = await ask(`/v2/team/app/manifests/${reference}`, { method });
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe(OCI_MANIFEST);
      expect(response.headers.get('content-length')).toBe(String(image.manifest.bytes.length));
      expect(response.headers.get('docker-content-digest')).toBe(image.manifest.digest);
      expect(await response.text()).toBe(method === 'GET' ? image.manifest.bytes.toString() : '');
    }
  });

  it('serves blobs, whole or in ranges', async () => {
    const part = async (range: string) => {
      const response = await ask(`/v2/team/app/blobs/${digest}`, { headers: { range } });
      return [response.status, response.headers.get('content-range'), response.ok ? await response.text() : ''];
    };
    const head = await ask(`/v2/team/app/blobs/${digest}`, { method: 'HEAD' });
    expect([head.headers.get('content-length'), head.headers.get('accept-ranges')]).toEqual(['5', 'bytes']);
    expect(head.headers.get('docker-content-digest')).toBe(digest);
    expect(await part('bytes=1-2')).toEqual([206, 'bytes 1-2/5', 'ay']);
    expect(await part('bytes=3-')).toEqual([206, 'bytes 3-4/5', 'er']);
    expect(await part('bytes=3-99')).toEqual([206, 'bytes 3-4/5', 'er']);
    expect(await part('bytes=-2')).toEqual([206, 'bytes 3-4/5', 'er']);
    expect(await part('bytes=-99')).toEqual([206, 'bytes 0-4/5', 'layer']);
    expect(await part('bytes=5-')).toEqual([416, 'bytes */5', '']);
    expect(await part('bytes=-0')).toEqual([416, 'bytes */5', '']);
    expect(await part('bytes=2-1')).toEqual([200, null, 'layer']);
    expect(await part('lines=1-2')).toEqual([200, null, 'layer']);
  });

  it('sends nothing again to a client that has it', async () => {
    const etag = (await ask(`/v2/team/app/blobs/${digest}`, { method: 'HEAD' })).headers.get('etag') ?? '';
    expect((await ask(`/v2/team/app/blobs/${digest}`, { headers: { 'if-none-match': etag } })).status).toBe(304);
    const headers = { range: 'bytes=1-2', 'if-range': '"other"' };
    expect((await ask(`/v2/team/app/blobs/${digest}`, { headers })).status).toBe(200);
  });

  it('keeps a blob from being collected for those who may push, and for no other', async () => {
    const blob = Buffer.from('not named yet');
    const own = descriptorOf('a/b', blob);
    await store.repository('alice', 'kept').writeBlob(own, blob, signal);
    const mark = join(folder, 'store/accounts/alice/kept/_blobs', own.digest.slice(7));
    const file = join(folder, 'store/blobs/sha256', own.digest.slice(7, 9), own.digest.slice(7));
    const before = new Date(Date.now() - 2 * 60 * 60 * 1000);
    for (const path of [mark, file]) utimesSync(path, before, before);
    const isYoung = async (as: string) => {
      expect((await ask(`/v2/kept/blobs/${own.digest}`, { method: 'HEAD', as })).status).toBe(200);
      return [mark, file].map((path) => statSync(path).mtimeMs > before.getTime() + 1000);
    };
    expect(await isYoung('alice-reader')).toEqual([false, false]);
    expect(await isYoung('alice')).toEqual([true, true]);
  });

  it('lists tags in pages', async () => {
    const first = await ask('/v2/team/app/tags/list?n=2');
    expect(await first.json()).toEqual({ name: 'team/app', tags: ['v1', 'v10'] });
    const next = /^<(.+)>; rel="next"$/.exec(first.headers.get('link') ?? '')?.[1];
    const second = await ask(next ?? '');
    expect(await second.json()).toEqual({ name: 'team/app', tags: ['v2'] });
    expect(second.headers.get('link')).toBeNull();
    expect(await (await ask('/v2/team/app/tags/list?n=0')).json()).toEqual({ name: 'team/app', tags: [] });
    expect((await ask('/v2/team/app/tags/list?n=x')).status).toBe(400);
  });

  it.each([
    ['/v2/team/app/manifests/v3', 'MANIFEST_UNKNOWN'],
    ['/v2/team/app/manifests/..%2f..%2fv1', 'NAME_UNKNOWN'],
    [`/v2/team/app/manifests/sha256:${'0'.repeat(64)}`, 'MANIFEST_UNKNOWN'],
    [`/v2/team/app/blobs/sha256:${'0'.repeat(64)}`, 'BLOB_UNKNOWN'],
    ['/v2/team/app/blobs/v1', 'BLOB_UNKNOWN'],
    ['/v2/other/tags/list', 'NAME_UNKNOWN'],
    ['/v2/TEAM/tags/list', 'NAME_UNKNOWN'],
  ])('answers %s with 404 %s', async (path, code) => {
    const response = await ask(path);
    expect([response.status, await codeOf(response)]).toEqual([404, code]);
  });

  it('shows nothing of another account', async () => {
    for (const path of ['manifests/v1', `manifests/${image.manifest.digest}`, `blobs/${digest}`, 'tags/list']) {
      expect((await ask(`/v2/team/app/${path}`, { as: 'bob' })).status).toBe(404);
    }
  });

  it.each([
    ['DELETE', '/v2/team/app/tags/list', 'GET'],
    ['PATCH', `/v2/team/app/manifests/v1`, 'GET, HEAD, PUT, DELETE'],
    ['GET', '/v2/team/app/blobs/uploads/', 'POST'],
  ])('does not know %s of %s', async (method, path, allowed) => {
    const response = await ask(path, { method });
    expect([response.status, await codeOf(response)]).toEqual([405, 'UNSUPPORTED']);
    expect(response.headers.get('allow')).toBe(allowed);
  });

  it('is pulled from by our own client', async () => {
    const upstream = new Upstream({ allow: [server.host] });
    const user = { username: 'any', password: 'alice' };
    const repository = new RegistryClient(upstream).repository({ host: server.host, repository: 'team/app' }, user);
    expect(await repository.resolve('v1', signal)).toEqual(image.manifest);
    await upstream.close();
  });
});

describeWith(['skopeo'], 'skopeo', () => {
  it('pulls from the store', async () => {
    const from = `docker://${server.host}/team/app:v1`;
    const login = ['--src-creds', 'any:alice', '--src-tls-verify=false'];
    await run('skopeo', 'copy', '--quiet', '--preserve-digests', ...login, from, `oci:${folder}/pulled:v1`);
    const blob = readFileSync(join(folder, 'pulled/blobs/sha256', digest.slice('sha256:'.length)));
    expect(blob.toString()).toBe('layer');
    const tags = await run(
      'skopeo',
      'list-tags',
      '--creds',
      'any:alice',
      '--tls-verify=false',
      `docker://${server.host}/team/app`,
    );
    expect(JSON.parse(tags).Tags).toEqual(['v1', 'v10', 'v2']);
  });
});

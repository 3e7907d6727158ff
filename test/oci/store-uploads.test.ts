import { readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'node:http';
import { Store } from '../../src/oci/store.js';
import { storeRoutes } from '../../src/oci/store-routes.js';
import { sha256Digest } from '../../src/oci/verified.js';
import { temporaryFolder } from '../support/folders.js';
import type { HttpFake } from '../support/http-fake.js';
import { mountRoutes, storeCaller } from '../support/route-mount.js';
import { outcome, pushBlob, startUpload, storeClient } from '../support/store-client.js';
import type { StoreClient } from '../support/store-client.js';

const MIB = 2 ** 20;
const content = Buffer.from('one two three');
const digest = sha256Digest(content);

const root = join(temporaryFolder(), 'store');
const limits = { quotaBytes: 4 * MIB, maxBlobBytes: 2 * MIB };
const store = new Store(root, limits);
let server: HttpFake;
let alice: StoreClient;
let bob: StoreClient;

beforeAll(async () => {
  server = await mountRoutes(storeRoutes<string>(store, storeCaller));
  alice = storeClient(server.url, 'alice');
  bob = storeClient(server.url, 'bob');
});
afterAll(() => server.close());

const patch = (to: string, body: string, range?: string) =>
  alice(to, { method: 'PATCH', body, headers: { ...(range && { 'content-range': range }) } });
const finish = (to: string, body?: string, as = digest) =>
  alice(`${to}?digest=${encodeURIComponent(as)}`, { method: 'PUT', body });
const contentOf = async (repository: string, of = digest) =>
  (await alice(`/v2/${repository}/blobs/${of}`)).text().then((text) => (text.startsWith('{"err') ? undefined : text));

describe('an upload', () => {
  it('takes a blob at once, which its repository has from then on', async () => {
    const response = await pushBlob(alice, 'at/once', content);
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toBe(`/v2/at/once/blobs/${digest}`);
    expect(response.headers.get('docker-content-digest')).toBe(digest);
    expect((await alice(`/v2/at/once/blobs/${digest}`, { method: 'HEAD' })).status).toBe(200);
    expect(await contentOf('at/once')).toBe('one two three');
  });

  it('takes a blob in pieces, and tells how far it has come', async () => {
    const to = await startUpload(alice, 'pieces');
    const first = await patch(to, 'one ', '0-3');
    expect([first.status, first.headers.get('range'), first.headers.get('location')]).toEqual([202, '0-3', to]);
    expect((await patch(to, 'two ', 'bytes 4-7/*')).headers.get('range')).toBe('0-7');
    const status = await alice(to);
    expect([status.status, status.headers.get('range')]).toEqual([204, '0-7']);
    expect((await finish(to, 'three')).status).toBe(201);
    expect(await contentOf('pieces')).toBe('one two three');
    expect(await outcome(await alice(to))).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
  });

  it('takes a blob in one stream without a length, as docker sends it', async () => {
    const to = await startUpload(alice, 'stream');
    const body = new ReadableStream({
      start(controller) {
        for (const word of ['one ', 'two ', 'three']) controller.enqueue(Buffer.from(word));
        controller.close();
      },
    });
    expect((await alice(to, { method: 'PATCH', body })).headers.get('range')).toBe('0-12');
    expect((await finish(to)).status).toBe(201);
    expect(await contentOf('stream')).toBe('one two three');
  });

  it('goes on after a restart of the gateway', async () => {
    const to = await startUpload(alice, 'restart');
    await patch(to, 'one two ');
    const again = await mountRoutes(storeRoutes<string>(new Store(root, limits), storeCaller));
    const ask = storeClient(again.url, 'alice');
    expect((await ask(`${to}?digest=${digest}`, { method: 'PUT', body: 'three' })).status).toBe(201);
    await again.close();
    expect(await contentOf('restart')).toBe('one two three');
  });

  it('goes on where a connection broke off', async () => {
    const to = await startUpload(alice, 'broken');
    const authorization = `Basic ${Buffer.from('any:alice').toString('base64')}`;
    const broken = request(new URL(to, server.url), { method: 'PATCH', headers: { authorization } });
    broken.on('error', () => undefined);
    broken.write('one ');
    const size = async () => (await alice(to)).headers.get('range');
    while ((await size()) !== '0-3');
    broken.destroy();
    let answer = await patch(to, 'two ', '4-7');
    while (answer.status === 409) answer = await patch(to, 'two ', '4-7');
    expect(answer.status).toBe(202);
    expect((await finish(to, 'three')).status).toBe(201);
  });

  it('refuses a gap and an overlap, saying where to go on', async () => {
    const to = await startUpload(alice, 'gap');
    await patch(to, 'one ', '0-3');
    for (const range of ['5-8', '0-3', '3-6']) {
      const response = await patch(to, 'two ', range);
      expect([response.status, response.headers.get('range')]).toEqual([416, '0-3']);
    }
    expect((await patch(to, 'two ', '4-7')).status).toBe(202);
  });

  it('keeps nothing of a piece that is not as long as it says', async () => {
    const to = await startUpload(alice, 'length');
    await patch(to, 'one ');
    expect(await outcome(await patch(to, 'two ', '4-9'))).toEqual([400, 'SIZE_INVALID']);
    const body = new Blob(['two ']).stream();
    const streamed = await alice(to, { method: 'PATCH', body, headers: { 'content-range': '4-9' } });
    expect(await outcome(streamed)).toEqual([400, 'SIZE_INVALID']);
    expect(await outcome(await patch(to, 'two ', 'x'))).toEqual([400, 'RANGE_INVALID']);
    expect((await finish(to, 'two three')).status).toBe(201);
  });

  it('ends where the digest is another, and leaves no blob', async () => {
    const other = sha256Digest(Buffer.from('other'));
    const to = await startUpload(alice, 'wrong');
    expect(await outcome(await finish(to, 'one two three', other))).toEqual([400, 'DIGEST_INVALID']);
    expect(await outcome(await alice(to))).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
    expect(await contentOf('wrong', other)).toBeUndefined();
    const once = await alice(`/v2/wrong/blobs/uploads/?digest=${other}`, { method: 'POST', body: 'x' });
    expect(await outcome(once)).toEqual([400, 'DIGEST_INVALID']);
    expect(await outcome(await finish(await startUpload(alice, 'wrong'), 'x', 'md5:1'))).toEqual([
      400,
      'DIGEST_INVALID',
    ]);
  });

  it('is found by nobody else, and under no other name', async () => {
    const to = await startUpload(alice, 'own');
    const id = to.split('/').pop();
    for (const path of [to, `/v2/other/blobs/uploads/${id}`]) {
      const ask = path === to ? bob : alice;
      for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
        const body = method === 'PATCH' || method === 'PUT' ? 'x' : undefined;
        expect(await outcome(await ask(`${path}?digest=${digest}`, { method, body }))).toEqual([
          404,
          'BLOB_UPLOAD_UNKNOWN',
        ]);
      }
    }
    for (const id of ['x', '..%2f..', '00000000-0000-0000-0000-000000000000']) {
      expect((await alice(`/v2/own/blobs/uploads/${id}`)).status).toBe(404);
    }
  });

  it('is one at a time', async () => {
    const to = await startUpload(alice, 'busy');
    const { readable, writable } = new TransformStream<Buffer, Buffer>();
    const writer = writable.getWriter();
    const first = alice(to, { method: 'PATCH', body: readable });
    await writer.write(Buffer.from('one '));
    while ((await alice(to)).headers.get('range') !== '0-3');
    expect(await outcome(await patch(to, 'two '))).toEqual([409, 'BLOB_UPLOAD_INVALID']);
    expect((await alice(to, { method: 'DELETE' })).status).toBe(409);
    await writer.close();
    expect((await first).headers.get('range')).toBe('0-3');
    expect((await finish(to, 'two three')).status).toBe(201);
  });

  it('can be cancelled, and ends by itself after some hours of silence', async () => {
    const cancelled = await startUpload(alice, 'end');
    expect((await alice(cancelled, { method: 'DELETE' })).status).toBe(204);
    expect((await alice(cancelled)).status).toBe(404);
    const silent = await startUpload(alice, 'end');
    const folder = join(root, 'uploads', 'alice');
    const file = readdirSync(folder).find((name) => silent.endsWith(name.split('.')[0]!))!;
    const before = new Date(Date.now() - 7 * 60 * 60 * 1000);
    utimesSync(join(folder, file), before, before);
    expect((await alice(silent)).status).toBe(404);
    expect((await patch(silent, 'x')).status).toBe(404);
    await store.collect(new AbortController().signal);
    expect(readdirSync(folder)).not.toContain(file);
  });

  it('mounts what another repository of the account has, and nothing else', async () => {
    await pushBlob(alice, 'mount/from', content);
    const mount = (ask: StoreClient, from: string) =>
      ask(`/v2/mount/to/blobs/uploads/?mount=${digest}&from=${from}`, { method: 'POST' });
    expect((await mount(bob, 'mount/from')).status).toBe(202);
    expect((await bob(`/v2/mount/to/blobs/${digest}`, { method: 'HEAD' })).status).toBe(404);
    expect((await mount(alice, 'mount/nothing')).status).toBe(202);
    expect((await mount(alice, '..%2fbob')).status).toBe(202);
    expect((await alice(`/v2/mount/to/blobs/${digest}`, { method: 'HEAD' })).status).toBe(404);
    const mounted = await mount(alice, 'mount/from');
    expect([mounted.status, mounted.headers.get('location')]).toEqual([201, `/v2/mount/to/blobs/${digest}`]);
    expect(await contentOf('mount/to')).toBe('one two three');
  });
});

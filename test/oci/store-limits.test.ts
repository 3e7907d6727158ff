import { readdirSync, rmSync, statfsSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'node:http';
import { Store } from '../../src/oci/store.js';
import { storeRoutes } from '../../src/oci/store-routes.js';
import { sha256Digest } from '../../src/oci/verified.js';
import { temporaryFolder } from '../support/folders.js';
import type { HttpFake } from '../support/http-fake.js';
import { describeWithMounts, mountTmpfs, unmount } from '../support/requirements.js';
import { mountRoutes, storeCaller } from '../support/route-mount.js';
import { outcome, pushBlob, startUpload, storeClient } from '../support/store-client.js';
import type { StoreClient } from '../support/store-client.js';

const MIB = 2 ** 20;
const BLOCK = 4096;
const content = Buffer.from('one two three');
const digest = sha256Digest(content);

const root = join(temporaryFolder(), 'store');
const store = new Store(root, { quotaBytes: 4 * MIB, maxBlobBytes: 2 * MIB });
let server: HttpFake;
let alice: StoreClient;

beforeAll(async () => {
  server = await mountRoutes(storeRoutes<string>(store, storeCaller));
  alice = storeClient(server.url, 'alice');
});
afterAll(() => server.close());

describe('the limits of the store', () => {
  let carol: StoreClient;
  beforeAll(() => (carol = storeClient(server.url, 'carol')));

  it('refuse a blob that is too large, and forget it', async () => {
    const to = await startUpload(carol, 'large');
    const half = Buffer.alloc(MIB + 1);
    expect((await carol(to, { method: 'PATCH', body: half })).status).toBe(202);
    expect(await outcome(await carol(to, { method: 'PATCH', body: half }))).toEqual([413, 'SIZE_INVALID']);
    expect((await carol(to)).status).toBe(404);
    expect(await store.usedBytes('carol')).toBe(0);
  });

  it('refuse what does not fit into the quota, until there is room again', async () => {
    const blob = (fill: number) => Buffer.alloc(1.5 * MIB, fill);
    expect((await pushBlob(carol, 'quota', blob(1))).status).toBe(201);
    // The same again takes no room.
    expect((await pushBlob(carol, 'quota/too', blob(1))).status).toBe(201);
    // Two folders of marks in two that are in each other, and a mark in each.
    expect(await store.usedBytes('carol')).toBe(1.5 * MIB + 6 * BLOCK);
    const open = await startUpload(carol, 'quota');
    expect((await carol(open, { method: 'PATCH', body: blob(2) })).status).toBe(202);
    const full = await pushBlob(carol, 'quota', blob(3));
    expect(full.status).toBe(413);
    expect(await full.text()).toMatch(/"DENIED".*4 MiB/);
    expect((await pushBlob(alice, 'quota', blob(3))).status).toBe(201);
    expect((await carol(open, { method: 'DELETE' })).status).toBe(204);
    expect((await pushBlob(carol, 'quota', blob(3))).status).toBe(201);
    expect((await carol(`/v2/quota/blobs/${sha256Digest(blob(3))}`, { method: 'DELETE' })).status).toBe(202);
    expect((await pushBlob(carol, 'quota', blob(4))).status).toBe(201);
  });

  it('hold for all that comes at the same time', async () => {
    const dave = storeClient(server.url, 'dave');
    const pushes = [1, 2, 3, 4, 5].map((fill) => pushBlob(dave, 'many', Buffer.alloc(1.5 * MIB, fill)));
    const statuses = (await Promise.all(pushes)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 201).length).toBeLessThanOrEqual(2);
    expect(await store.usedBytes('dave')).toBeLessThanOrEqual(4 * MIB);
  });

  it('keep a conversion from starting, in the words of a failed job', async () => {
    await expect(store.expectRoom('alice')).resolves.toBeUndefined();
    const grace = storeClient(server.url, 'grace');
    expect((await pushBlob(grace, 'full', Buffer.alloc(2 * MIB, 1))).status).toBe(201);
    const left = 4 * MIB - (await store.usedBytes('grace')) - BLOCK;
    expect((await pushBlob(grace, 'full', Buffer.alloc(left, 2))).status).toBe(201);
    await expect(store.expectRoom('grace')).rejects.toMatchObject({ code: 'DISK_FULL', hint: expect.any(String) });
    expect((await grace('/v2/full/blobs/uploads/', { method: 'POST' })).status).toBe(413);
    const first = sha256Digest(Buffer.alloc(2 * MIB, 1));
    const mount = await grace(`/v2/other/blobs/uploads/?mount=${first}&from=full`, { method: 'POST' });
    expect(mount.status).toBe(413);
  });

  it('allow only so many open uploads, of which those that ended do not count', async () => {
    const erin = storeClient(server.url, 'erin');
    await startUpload(erin, 'open');
    const files = Array.from({ length: 199 }, (_, count) => join(root, 'uploads', 'erin', `upload-${count}`));
    for (const file of files) writeFileSync(file, '');
    expect(await outcome(await erin('/v2/open/blobs/uploads/', { method: 'POST' }))).toEqual([429, 'TOOMANYREQUESTS']);
    const before = new Date(Date.now() - 7 * 60 * 60 * 1000);
    for (const file of files) utimesSync(file, before, before);
    await startUpload(erin, 'open');
    expect(readdirSync(join(root, 'uploads', 'erin'))).toHaveLength(2);
  });

  it('give the place of an upload in one request back when it breaks off', async () => {
    const authorization = `Basic ${Buffer.from('any:frank').toString('base64')}`;
    const url = new URL(`/v2/broken/blobs/uploads/?digest=${digest}`, server.url);
    const broken = request(url, { method: 'POST', headers: { authorization } });
    broken.on('error', () => undefined);
    broken.write('one ');
    while ((await store.uploads.bytesOf('frank')) !== 4);
    broken.destroy();
    while (readdirSync(join(root, 'uploads', 'frank')).length > 0) await new Promise(setImmediate);
  });
});

describeWithMounts('a disk that is full', () => {
  it('ends a push, says so, and leaves nothing of it', async () => {
    const folder = temporaryFolder();
    mountTmpfs(folder, 2);
    const full = await mountRoutes(storeRoutes<string>(new Store(folder), storeCaller));
    try {
      const ask = storeClient(full.url, 'alice');
      const response = await pushBlob(ask, 'app', Buffer.alloc(4 * MIB));
      expect(response.status).toBe(507);
      expect(await response.text()).toContain('The disk of the gateway is full.');
      expect(readdirSync(join(folder, 'uploads', 'alice'))).toEqual([]);
      expect((await pushBlob(ask, 'app', content)).status).toBe(201);
    } finally {
      await full.close();
      unmount(folder);
    }
  });

  it('takes nothing while it is nearly so, and goes on with an upload where it was once there is room', async () => {
    const folder = temporaryFolder();
    mountTmpfs(folder, 4);
    const scarce = new Store(folder);
    const full = await mountRoutes(storeRoutes<string>(scarce, storeCaller));
    try {
      const ask = storeClient(full.url, 'alice');
      const to = await startUpload(ask, 'app');
      expect((await ask(to, { method: 'PATCH', body: Buffer.alloc(MIB) })).status).toBe(202);
      const admit = await scarce.admission('alice');
      const others = [384, 64].map((kib) => ({ file: join(folder, `leaves-${kib}`), kib }));
      const fill = ({ file, kib }: { file: string; kib: number }) => {
        const { bavail, bsize } = statfsSync(folder);
        writeFileSync(file, Buffer.alloc(Math.max(bavail * bsize - kib * 1024, 0)));
      };
      // The part of a piece that fits must not stay.
      fill(others[0]!);
      const refused = await ask(to, { method: 'PATCH', body: Buffer.alloc(MIB) });
      expect([refused.status, (await refused.text()).includes('is full')]).toEqual([507, true]);
      const size = await scarce.uploads.bytesOf('alice');
      fill(others[1]!);
      const path = '/v2/app/blobs/uploads/';
      for (const [at, method] of [
        [path, 'POST'],
        [to, 'PATCH'],
        ['/v2/app/manifests/v1', 'PUT'],
      ] as const) {
        const answer = await ask(at, { method, ...(method !== 'POST' && { body: 'x' }) });
        expect([method, answer.status, await answer.text()]).toEqual([
          method,
          507,
          expect.stringContaining('MiB free'),
        ]);
      }
      // What is on its way notices after a while.
      admit(64 * MIB)();
      const isRefused = () => {
        try {
          admit(1)();
          return false;
        } catch (error) {
          return (error as { code: string }).code === 'DISK_FULL';
        }
      };
      while (!isRefused()) await new Promise(setImmediate);
      for (const { file } of others) rmSync(file);
      expect((await ask(to)).headers.get('range')).toBe(`0-${size - 1}`);
      const whole = Buffer.concat([Buffer.alloc(size), Buffer.from('end')]);
      const finished = await ask(`${to}?digest=${sha256Digest(whole)}`, { method: 'PUT', body: 'end' });
      expect(finished.status).toBe(201);
    } finally {
      await full.close();
      unmount(folder);
    }
  });
});

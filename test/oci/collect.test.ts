import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import promises from 'node:fs/promises';
import { join } from 'node:path';
import { collectRegularly } from '../../src/oci/collect-regularly.js';
import { OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.js';
import { Store } from '../../src/oci/store.js';
import { createLogger } from '../../src/lib/logger.js';
import { descriptorOf, documentOf, smallImage } from '../support/documents.js';
import type { SmallImage } from '../support/documents.js';
import { temporaryFolder } from '../support/folders.js';

const { signal } = new AbortController();
const HOUR_MS = 60 * 60 * 1000;
const image = smallImage();
const layer = image.layerBlob.digest;

let root: string;
let store: Store;
beforeEach(() => {
  root = join(temporaryFolder(), 'store');
  store = new Store(root);
});

const pathOf = (digest: string) => join(root, 'blobs/sha256', digest.slice(7, 9), digest.slice(7));
const isThere = (digest: string) => existsSync(pathOf(digest));

async function write(repository: string, account = 'alice', made: SmallImage = image): Promise<void> {
  const target = store.repository(account, repository);
  await target.writeBlob(made.layerBlob, made.layer, signal);
  await target.writeBlob(made.configBlob, made.config, signal);
  await target.writeManifest('v1', made.manifest, signal);
}

/** As if nobody had touched anything for two hours. */
function grow(): void {
  const before = new Date(Date.now() - 2 * HOUR_MS);
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' }))
    utimesSync(join(root, name), before, before);
}

async function collect(): Promise<number> {
  grow();
  return (await store.collect(signal)).blobs;
}

describe('the collector', () => {
  it('removes what no manifest names, and nothing else', async () => {
    await write('app');
    await store
      .repository('alice', 'app')
      .writeBlob(descriptorOf('a/b', Buffer.from('unnamed')), Buffer.from('unnamed'), signal);
    expect(await collect()).toBe(1);
    expect(isThere(descriptorOf('a/b', Buffer.from('unnamed')).digest)).toBe(false);
    expect((await store.repository('alice', 'app').resolve('v1', signal)).digest).toBe(image.manifest.digest);
    expect(await store.repository('alice', 'app').findBlobSize(layer)).toBe(5);
    expect(await collect()).toBe(0);
    expect(readdirSync(join(root, 'tmp'))).toEqual([]);
  });

  it('removes an image when its last manifest is gone, from every account', async () => {
    await write('app');
    await write('team/app', 'bob');
    await store.upkeep('alice', 'app').deleteManifest(image.manifest.digest);
    expect(await collect()).toBe(0);
    expect(await store.repository('alice', 'app').findBlobSize(layer)).toBeUndefined();
    await store.upkeep('bob', 'team/app').deleteManifest(image.manifest.digest);
    expect(await collect()).toBe(3);
  });

  it('keeps manifests that have no tag, and those of an index', async () => {
    await write('app');
    const index = documentOf(OCI_INDEX, {
      schemaVersion: 2,
      manifests: [descriptorOf(OCI_MANIFEST, image.manifest.bytes)],
    });
    await store.repository('alice', 'app').writeManifest('v1', index, signal);
    await store.upkeep('alice', 'app').deleteTag('v1');
    expect(await collect()).toBe(0);
  });

  it('spares what is young, and the first blobs of a push that takes hours', async () => {
    const repository = store.repository('alice', 'app');
    await repository.writeBlob(image.layerBlob, image.layer, signal);
    expect((await store.collect(signal)).blobs).toBe(0);
    grow();
    await repository.writeBlob(image.configBlob, image.config, signal);
    expect((await store.collect(signal)).blobs).toBe(0);
    await repository.writeManifest('v1', image.manifest, signal);
    expect(await repository.findBlobSize(layer)).toBe(5);
  });

  it('spares what a client has just asked for, to name it instead of sending it', async () => {
    const repository = store.repository('alice', 'app');
    for (const [blob, content] of [
      [image.layerBlob, image.layer],
      [image.configBlob, image.config],
    ] as const) {
      await repository.writeBlob(blob, content, signal);
    }
    grow();
    expect(await repository.keepBlob(layer)).toBe(true);
    expect(await repository.keepBlob(image.configBlob.digest)).toBe(true);
    expect((await store.collect(signal)).blobs).toBe(0);
    await repository.writeManifest('v1', image.manifest, signal);
  });

  it('takes nothing from a repository with a manifest that can not be read', async () => {
    await write('app');
    await store.repository('alice', 'app').writeBlob(descriptorOf('a/b', Buffer.from('x')), Buffer.from('x'), signal);
    writeFileSync(pathOf(image.manifest.digest), 'damaged');
    expect(await collect()).toBe(0);
  });

  it('gives back what is written in the moment in which it takes it away', async () => {
    const repository = store.repository('alice', 'app');
    await repository.writeBlob(image.layerBlob, image.layer, signal);
    await store.upkeep('alice', 'app').deleteBlob(layer);
    grow();
    const rename = promises.rename;
    const taken = jest.spyOn(promises, 'rename').mockImplementation(async (from, to) => {
      if (String(from) === pathOf(layer))
        await store.repository('bob', 'app').writeBlob(image.layerBlob, image.layer, signal);
      return rename(from, to);
    });
    expect((await store.collect(signal)).blobs).toBe(0);
    expect(taken).toHaveBeenCalledWith(pathOf(layer), expect.anything());
    taken.mockRestore();
    expect(await store.repository('bob', 'app').findBlobSize(layer)).toBe(5);
  });

  it('leaves nothing to count of an image that was deleted', async () => {
    await write('app');
    const other = smallImage({ config: { comment: 'other' } });
    await write('app', 'alice', other);
    grow();
    const named = await store.usedBytes('alice');
    await store.upkeep('alice', 'app').deleteManifest(other.manifest.digest);
    const left = named - (await store.usedBytes('alice'));
    expect(left).toBeGreaterThanOrEqual(other.config.length + other.manifest.bytes.length);
    const repository = store.repository('alice', 'app');
    expect(await repository.findBlobSize(other.configBlob.digest)).toBeUndefined();
    // The image that is left has the same layer.
    expect(await repository.findBlobSize(layer)).toBe(5);
    await store.upkeep('alice', 'app').deleteManifest(image.manifest.digest);
    expect(await repository.findBlobSize(layer)).toBeUndefined();
  });

  it('leaves a deleted image what is part of a push that goes on', async () => {
    await write('app');
    const repository = store.repository('alice', 'app');
    grow();
    expect(await repository.keepBlob(layer)).toBe(true);
    await store.upkeep('alice', 'app').deleteManifest(image.manifest.digest);
    expect(await repository.findBlobSize(layer)).toBe(5);
    expect(await repository.findBlobSize(image.configBlob.digest)).toBeUndefined();
    await write('app');
    grow();
    // A push of hours, whose first blobs were there already.
    await repository.writeBlob(descriptorOf('a/b', Buffer.from('new')), Buffer.from('new'), signal);
    await store.upkeep('alice', 'app').deleteManifest(image.manifest.digest);
    expect(await repository.findBlobSize(layer)).toBe(5);
  });

  it('runs beside pushes and deletions without breaking an image', async () => {
    const graceMs = 150;
    let isOver = false;
    let removed = 0;
    let slow = 0;
    let total = 0;
    const collecting = (async () => {
      while (!isOver) removed += (await store.collect(signal, Date.now() + HOUR_MS - graceMs)).blobs;
    })();
    const rounds = 16 * Number(process.env.TEST_SCALE ?? 1);
    const push = async (account: string, other: Store) => {
      // On a fast disk all rounds may be over before anything is old enough to be collected.
      for (let round = 0; round < rounds || (removed === 0 && round < 100 * rounds); round++) {
        total += 1;
        const made = smallImage({ config: { comment: String(round % 4) } });
        const repository = other.repository(account, 'app');
        const since = Date.now();
        await repository.writeBlob(made.layerBlob, made.layer, signal);
        await repository.writeBlob(made.configBlob, made.config, signal);
        const failure = await repository.writeManifest('v1', made.manifest, signal).then(
          () => undefined,
          (error: Error) => error.message,
        );
        const parts = [await repository.findBlobSize(layer), isThere(made.configBlob.digest)];
        // What takes longer than is spared here, on a slow disk, is not what this is about.
        if (Date.now() - since < graceMs) expect([failure, ...parts]).toEqual([undefined, 5, true]);
        else slow += 1;
        await other.upkeep(account, 'app').deleteManifest(made.manifest.digest);
        await other.upkeep(account, 'app').deleteBlob(made.configBlob.digest);
      }
    };
    // The second one as a conversion in a process of its own.
    await Promise.all([push('alice', store), push('bob', new Store(root))]).finally(() => (isOver = true));
    await collecting;
    expect(removed).toBeGreaterThan(0);
    expect(slow).toBeLessThan(total);
  });

  it('stops when the gateway does', async () => {
    await write('app');
    const stopping = new AbortController();
    stopping.abort(new Error('stopping'));
    await expect(store.collect(stopping.signal)).rejects.toThrow('stopping');
    const runs: AbortSignal[] = [];
    const waiting = {
      collect: (stop: AbortSignal) => {
        runs.push(stop);
        return new Promise<never>((_resolve, reject) =>
          stop.addEventListener('abort', () => reject(new Error('stop'))),
        );
      },
    };
    await collectRegularly(waiting, createLogger('silent'))();
    expect(runs.map(({ aborted }) => aborted)).toEqual([true]);
  });
});

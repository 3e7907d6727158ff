import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DiskWatch, requireSpace } from '../../src/oci/disk-space.js';
import { LayerCache, trimLayerCaches } from '../../src/oci/layer-cache.js';
import { temporaryFolder } from '../support/folders.js';
import { sha256 } from '../support/tar-builder.js';

const MIB = 1024 * 1024;
const root = temporaryFolder();
let files = 0;

const layerOf = (text: string) => ({ mediaType: 'x', digest: sha256(Buffer.from(text)), size: text.length });
const diffIdOf = (text: string) => sha256(Buffer.from(`unpacked ${text}`));
function spooled(text: string): string {
  const path = join(root, `spool-${(files += 1)}`);
  writeFileSync(path, text);
  return path;
}
const place = () => join(root, `taken-${(files += 1)}`);

describe('the cache of layers', () => {
  it('gives back what it was given, of that layer and diff_id only', async () => {
    const cache = new LayerCache(join(root, 'one', 'account'));
    const to = place();
    expect(await cache.take(layerOf('a'), diffIdOf('a'), to)).toBe(false);
    await cache.keep(layerOf('a'), diffIdOf('a'), spooled('the layer'));
    await cache.keep(layerOf('a'), diffIdOf('a'), spooled('the layer'));
    expect(await cache.take(layerOf('a'), diffIdOf('b'), to)).toBe(false);
    expect(await cache.take(layerOf('b'), diffIdOf('a'), to)).toBe(false);
    expect(existsSync(to)).toBe(false);
    expect(await cache.take(layerOf('a'), diffIdOf('a'), to)).toBe(true);
    expect(readFileSync(to, 'utf8')).toBe('the layer');
    await cache.drop(layerOf('a'), diffIdOf('a'));
    expect(await cache.take(layerOf('a'), diffIdOf('a'), place())).toBe(false);
    expect(readFileSync(to, 'utf8')).toBe('the layer');
  });

  it('leaves nothing behind of a layer that it does not give, also where it is trimmed that very moment', async () => {
    const cache = new LayerCache(join(root, 'raced', 'account'));
    // Sooner and later, so that some drop comes between the two things that taking is.
    const takeAfter = async (steps: number, to: string) => {
      for (let step = 0; step < steps; step++) await stat(root);
      return cache.take(layerOf('a'), diffIdOf('a'), to);
    };
    for (let round = 0; round < 200; round++) {
      await cache.keep(layerOf('a'), diffIdOf('a'), spooled('the layer'));
      const to = place();
      const [, isTaken] = await Promise.all([cache.drop(layerOf('a'), diffIdOf('a')), takeAfter(round % 4, to)]);
      expect(existsSync(to)).toBe(isTaken);
    }
  });

  it('knows nothing of the layers of another account, and lets nobody else read', async () => {
    const folder = join(root, 'accounts');
    await new LayerCache(join(folder, 'one')).keep(layerOf('a'), diffIdOf('a'), spooled('of one'));
    expect(await new LayerCache(join(folder, 'two')).take(layerOf('a'), diffIdOf('a'), place())).toBe(false);
    expect(statSync(join(folder, 'one')).mode & 0o777).toBe(0o700);
  });

  it.each(['../../etc/passwd', 'sha256:..', `sha512:${'a'.repeat(64)}`])('makes no path of %j', async (digest) => {
    const cache = new LayerCache(join(root, 'names'));
    await expect(cache.keep({ ...layerOf('a'), digest }, diffIdOf('a'), spooled('x'))).rejects.toThrow(/digests/);
    await expect(cache.take(layerOf('a'), digest, place())).rejects.toThrow(/digests/);
  });

  it('is trimmed to its size over all accounts, what was used last staying longest', async () => {
    const folder = join(root, 'trimmed');
    const caches = ['one', 'two'].map((account) => new LayerCache(join(folder, account)));
    for (const [index, text] of ['a', 'b', 'c', 'd'].entries()) {
      await caches[index % 2]!.keep(layerOf(text), diffIdOf(text), spooled(text.repeat(100)));
      const name = readdirSync(join(folder, ['one', 'two'][index % 2]!)).find((file) =>
        file.startsWith(layerOf(text).digest.slice(7)),
      )!;
      utimesSync(join(folder, ['one', 'two'][index % 2]!, name), index + 1, index + 1);
    }
    // The oldest one is used again, which makes it the newest.
    expect(await caches[0]!.take(layerOf('a'), diffIdOf('a'), place())).toBe(true);
    await trimLayerCaches(folder, 250);
    const isThere = (text: string, index: number) => caches[index]!.take(layerOf(text), diffIdOf(text), place());
    expect([await isThere('a', 0), await isThere('b', 1), await isThere('c', 0), await isThere('d', 1)]).toEqual([
      ...[true, false, false, true],
    ]);
    await trimLayerCaches(folder, 0);
    expect(readdirSync(folder).flatMap((account) => readdirSync(join(folder, account)))).toEqual([]);
    await trimLayerCaches(join(root, 'not there'), 0);
  });

  it('leaves alone what is not its own', async () => {
    const folder = join(root, 'shared');
    const cache = new LayerCache(join(folder, 'own'));
    await cache.keep(layerOf('x'), diffIdOf('x'), spooled('x'));
    mkdirSync(join(folder, 'photos'));
    const [photo, stray] = [join(folder, 'photos', 'wedding.raw'), join(folder, 'CACHEDIR.TAG')];
    for (const file of [photo, stray]) writeFileSync(file, 'mine');
    await trimLayerCaches(folder, 0);
    expect([photo, stray].map((file) => existsSync(file))).toEqual([true, true]);
    expect(await cache.has(layerOf('x'), diffIdOf('x'))).toBe(false);
  });

  it('copies where a link is impossible: to and from another file system', async () => {
    const other = ['/dev/shm', '/var/tmp', '/tmp'].find((folder) => statSync(folder).dev !== statSync(root).dev)!;
    const elsewhere = mkdtempSync(join(other, 'build-catalog-'));
    const cache = new LayerCache(elsewhere);
    await cache.keep(layerOf('y'), diffIdOf('y'), spooled('y'));
    const path = place();
    expect(await cache.take(layerOf('y'), diffIdOf('y'), path)).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe('y');
    rmSync(elsewhere, { recursive: true });
  });
});

describe('the room on a disk', () => {
  it('is asked for, and what is lacking is told as a failure of its own', async () => {
    await requireSpace(root, 0);
    await expect(requireSpace(root, 2 ** 52)).rejects.toMatchObject({
      ...{ code: 'DISK_FULL', message: expect.stringMatching(/\d+ MiB free; \d+ are needed/) },
      hint: expect.stringContaining('DATA_DIR'),
    });
  });

  it('is watched while a file grows: every now and then, and it ends what writes', async () => {
    const failures: unknown[] = [];
    let fail = (): void => undefined;
    const failed = new Promise<void>((resolve) => (fail = resolve));
    // A file system that never has a byte free.
    const watch = new DiskWatch('/proc', (failure) => {
      failures.push(failure);
      fail();
    });
    watch.wrote(64 * MIB - 1);
    await new Promise(setImmediate);
    expect(failures).toEqual([]);
    watch.wrote(1);
    await failed;
    expect(failures).toMatchObject([{ code: 'DISK_FULL' }]);
  });
});

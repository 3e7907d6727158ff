import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { JobFailure, JobFailureCode } from '../../src/lib/job-failure.js';
import { ImageBudget, spoolLayer } from '../../src/oci/layer.js';
import { DOCKER_LAYER_GZIP, OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD } from '../../src/oci/media-types.js';
import { temporaryFolder } from '../support/folders.js';
import { describeWith, itWithFullDevice } from '../support/requirements.js';
import { pax, pieces, sha256, spool, tarOf } from '../support/tar-builder.js';

const SCALE = Number(process.env.TEST_SCALE ?? 1);
const folder = temporaryFolder();
const tar = tarOf(['dir/', { name: 'dir/file', data: 'hello' }, { name: 'noise', data: randomBytes(300_000) }]);

async function failure(attempt: Promise<unknown>): Promise<JobFailure> {
  return attempt.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => error as JobFailure,
  );
}

describe('a spooled layer', () => {
  it.each([
    ['plain', tar, OCI_LAYER],
    ['gzip', gzipSync(tar), OCI_LAYER_GZIP],
    ["docker's gzip", gzipSync(tar), DOCKER_LAYER_GZIP],
    ['gzip, though the media type does not say so', gzipSync(tar), OCI_LAYER],
  ])('is its uncompressed tar with an index (%s)', async (_name, stored, mediaType) => {
    const { spoolPath, uncompressedBytes, entries } = await spool(folder, { stored, tar, mediaType });
    expect(readFileSync(spoolPath).equals(tar)).toBe(true);
    expect(uncompressedBytes).toBe(tar.length);
    expect(entries.map((entry) => entry.path)).toEqual(['dir/', 'dir/file', 'noise']);
    const { offset, size } = entries[1]!;
    expect(tar.toString('latin1', offset, offset + size)).toBe('hello');
  });

  it('counts what of extended attributes an enclave will not have', async () => {
    const attributes = [
      pax({ 'SCHILY.xattr.security.capability': '\x01\0\0\x02=\n', mtime: '1' }),
      'ping',
      pax({ 'SCHILY.xattr.user.comment': 'x' }),
      'a',
      pax({ 'LIBARCHIVE.xattr.security.capability': 'AQAAAg==' }),
      'b',
      pax({ comment: 'security.capability' }),
      'c',
    ];
    const archive = tarOf(attributes);
    const { entries, lost } = await spool(folder, { stored: archive, tar: archive });
    expect(entries.map(({ path }) => path)).toEqual(['ping', 'a', 'b', 'c']);
    expect(lost).toEqual({ entries: 3, withCapabilities: 2 });
  });

  it('may be a gzip of many members, cut anywhere', async () => {
    const small = tarOf(['a', { name: 'b', data: 'data' }]);
    const stored = Buffer.concat([gzipSync(small.subarray(0, 700)), gzipSync(''), gzipSync(small.subarray(700))]);
    for (const size of [1, 2, 3, 50, 97, stored.length]) {
      const { spoolPath } = await spool(folder, { stored: pieces(stored, size), tar: small });
      expect(readFileSync(spoolPath).equals(small)).toBe(true);
    }
  });

  it('reports the stored bytes as they are read', async () => {
    const stored = gzipSync(tar);
    let bytes = 0;
    const options = {
      spoolPath: join(folder, 'counted'),
      budget: new ImageBudget(),
      onBytes: (n: number) => (bytes += n),
    };
    const source = { stream: pieces(stored, 1000), mediaType: OCI_LAYER_GZIP, diffId: sha256(tar) };
    await spoolLayer(source, { ...options, signal: new AbortController().signal });
    expect(bytes).toBe(stored.length);
  });

  it('is refused where the diff_id is another, and leaves no file', async () => {
    const path = join(folder, 'other');
    const options = { spoolPath: path, budget: new ImageBudget(), signal: new AbortController().signal };
    const source = { stream: pieces(tar, 1000), mediaType: OCI_LAYER, diffId: sha256(Buffer.from('other')) };
    expect(await failure(spoolLayer(source, options))).toMatchObject({ code: JobFailureCode.DIGEST_MISMATCH });
    expect(existsSync(path)).toBe(false);
  });

  it('fails as its stream fails at its end, even if its bytes were no layer at all', async () => {
    const mismatch = new JobFailure(JobFailureCode.DIGEST_MISMATCH, 'other bytes', 'again');
    for (const damaged of [Buffer.from('no tar'.repeat(200)), gzipSync(tar).fill(0, 100, 5000)]) {
      const stream = Readable.from(
        (function* () {
          for (let at = 0; at < damaged.length; at += 512) yield damaged.subarray(at, at + 512);
          throw mismatch;
        })(),
      );
      expect(await failure(spool(folder, { stored: stream, tar }))).toBe(mismatch);
    }
  });

  it('is not read for ever once it is known to be invalid', async () => {
    const garbage = Buffer.alloc(1024 * 1024, 'no tar');
    let read = 0;
    const endless = Readable.from(
      (function* () {
        for (; ; read++) yield garbage;
      })(),
    );
    expect(await failure(spool(folder, { stored: endless, tar }))).toMatchObject({ code: 'IMAGE_INVALID' });
    expect(read).toBeLessThan(100);
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(65_536);
      })(),
    );
    const options = { spoolPath: join(folder, 'stopped'), budget: new ImageBudget(), signal: stop.signal };
    const spooling = spoolLayer(
      { stream: endless, mediaType: OCI_LAYER, diffId: '' },
      { ...options, onBytes: () => stop.abort(new Error('stop')) },
    );
    expect(await failure(spooling)).toMatchObject({ message: 'stop' });
    expect(existsSync(options.spoolPath)).toBe(false);
  });

  const gzip = gzipSync(tar);
  it.each([
    ['a gzip that is cut', gzip.subarray(0, gzip.length - 9)],
    ['a gzip followed by zeros', Buffer.concat([gzip, Buffer.alloc(16)])],
    ['a gzip followed by a little garbage', Buffer.concat([gzip, Buffer.from('garbage')])],
    ['a gzip followed by much garbage', Buffer.concat([gzip, randomBytes(200_000)])],
    ['a gzip with a wrong checksum', Buffer.from(gzip).fill(1, gzip.length - 8, gzip.length - 4)],
    ['bytes that are no archive', Buffer.from('<html>'.repeat(300))],
  ])('refuses %s', async (_name, stored) => {
    for (const size of [1000, stored.length]) {
      expect(await failure(spool(folder, { stored: pieces(stored, size), tar }))).toMatchObject({
        code: 'IMAGE_INVALID',
      });
    }
  });

  it('refuses media types that are no layer', async () => {
    const mediaType = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';
    expect(await failure(spool(folder, { stored: tar, tar, mediaType }))).toMatchObject({ code: 'IMAGE_INVALID' });
  });

  const bomb = Buffer.alloc(80 * 1024 * 1024);
  it.each([
    ['a layer', { layerBytes: 200_000 }, tar],
    ['all layers', { totalBytes: 200_000 }, tar],
    ['entries', { entries: 2 }, tar],
    ['names', { nameBytes: 16 }, tar],
    ['the ratio', { ratio: 100 }, gzipSync(Buffer.concat([tar, bomb]))],
  ])('refuses what exceeds the limit on %s', async (_name, limits, stored) => {
    const error = await failure(spool(folder, { stored, tar }, limits));
    expect(error).toMatchObject({ code: JobFailureCode.IMAGE_TOO_LARGE });
    expect(error.hint).not.toBe('');
  });

  itWithFullDevice('says so when the disk is full', async () => {
    // The file is removed on failure, so a link to the device stands in for it.
    const spoolPath = join(folder, 'full');
    symlinkSync('/dev/full', spoolPath);
    const options = { spoolPath, budget: new ImageBudget(), signal: new AbortController().signal };
    const source = { stream: pieces(tar, 1000), mediaType: OCI_LAYER, diffId: sha256(tar) };
    expect(await failure(spoolLayer(source, options))).toMatchObject({ code: 'DISK_FULL' });
  });

  it('survives mutations of a gzip: a result or a JobFailure, always', async () => {
    const small = tarOf([{ name: 'a', data: 'x'.repeat(2000) }, 'b/', { name: 'c', link: 'a' }]);
    const random = seeded(1);
    const before = readdirSync(folder).length;
    let kept = 0;
    for (let round = 0; round < 150 * SCALE; round++) {
      const stored = mutate(round % 2 === 0 ? small : gzipSync(small), random);
      const result = await spool(folder, { stored, tar: small }).catch((error: unknown) => error);
      if ('entries' in (result as object)) kept++;
      else expect(result).toBeInstanceOf(JobFailure);
    }
    expect(readdirSync(folder)).toHaveLength(before + kept);
  });
});

function seeded(seed: number): () => number {
  return () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
}

function mutate(bytes: Buffer, random: () => number): Buffer {
  const copy = Buffer.from(bytes.subarray(0, random() < 0.2 ? Math.floor(random() * bytes.length) : bytes.length));
  for (let times = 1 + Math.floor(random() * 4); times > 0 && copy.length > 0; times--) {
    copy[Math.floor(random() * copy.length)] = Math.floor(random() * 256);
  }
  return copy;
}

describeWith(['zstd'], 'a zstd layer', () => {
  const zstd = (bytes: Buffer, ...options: string[]) =>
    execFileSync('zstd', ['-q', '-c', ...options], { input: bytes, maxBuffer: 1e9 });
  const mediaType = OCI_LAYER_ZSTD;
  const big = tarOf([
    { name: 'words', data: 'words and words '.repeat(100_000) },
    { name: 'n', data: randomBytes(400_000) },
  ]);

  it.each([['-1'], ['-19'], ['--no-check'], ['--content-size']])('is read with %s', async (option) => {
    for (const size of [977, 65_536]) {
      const { spoolPath } = await spool(folder, { stored: pieces(zstd(big, option), size), tar: big, mediaType });
      expect(readFileSync(spoolPath).equals(big)).toBe(true);
    }
  });

  it('may have many frames and skippable ones, cut anywhere', async () => {
    const small = tarOf(['a', { name: 'b', data: 'data' }]);
    const skippable = Buffer.from('5a2a4d1803000000616263', 'hex');
    const stored = Buffer.concat([
      skippable,
      zstd(small.subarray(0, 600)),
      skippable,
      zstd(small.subarray(600)),
      skippable,
    ]);
    for (const size of [1, 5, 13, stored.length]) {
      const { spoolPath } = await spool(folder, { stored: pieces(stored, size), tar: small, mediaType });
      expect(readFileSync(spoolPath).equals(small)).toBe(true);
    }
  });

  it('is refused where it is cut, followed by garbage or asks for a huge window', async () => {
    const whole = zstd(big);
    const hugeWindow = Buffer.from('28b52ffd00a8010000', 'hex');
    for (const stored of [whole.subarray(0, -5), Buffer.concat([whole, Buffer.from('garbage')]), hugeWindow]) {
      expect(await failure(spool(folder, { stored, tar: big, mediaType }))).toMatchObject({ code: 'IMAGE_INVALID' });
    }
  });

  it('is stopped when it is a bomb', async () => {
    const stored = zstd(Buffer.alloc(200 * 1024 * 1024));
    const error = await failure(spool(folder, { stored, tar, mediaType }));
    expect(error).toMatchObject({ code: JobFailureCode.IMAGE_TOO_LARGE });
  });

  it('survives mutations: a result or a JobFailure, always', async () => {
    const small = tarOf([{ name: 'a', data: 'some words, '.repeat(500) }, 'b/']);
    const random = seeded(2);
    const original = zstd(small);
    for (let round = 0; round < 60 * SCALE; round++) {
      const result = await spool(folder, { stored: mutate(original, random), tar: small, mediaType }).catch(
        (error: unknown) => error,
      );
      if (!('entries' in (result as object))) expect(result).toBeInstanceOf(JobFailure);
    }
  });
});

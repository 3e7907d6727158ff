// Tar archives, PAX headers and zstd frames thought up by chance: entries, or a failure of their own.
import * as fc from 'fast-check';
import { JobFailure } from '../../src/lib/job-failure.js';
import { CpioHeaders, cpioBytes, dataPadding } from '../../src/nitro/cpio.js';
import { customerRamdisk } from '../../src/nitro/ramdisks.js';
import type { Ramdisk } from '../../src/nitro/ramdisks.js';
import { LayerDecompressor } from '../../src/oci/decompress.js';
import { parsePax } from '../../src/oci/tar-pax.js';
import { TarReader } from '../../src/oci/tar.js';
import type { TarEntry } from '../../src/oci/tar.js';
import { ZstdSplitter } from '../../src/oci/zstd-frames.js';
import { HEADER_IMAGES } from '../support/corpus/header.js';
import { REFUSED_HEADER_IMAGES } from '../support/corpus/refused-header.js';
import { skippableFrame, zstdFrame, zstdStored } from '../support/corpus/zstd-writer.js';
import { readCpio } from '../support/cpio-reader.js';
import { flattenLayers } from '../support/flatten-layers.js';
import { SCALE, anyBytes, cutInto, cuts, damaged, few, settled, soon } from '../support/fuzz.js';
import { paxRecord, withChecksum } from '../support/tar-builder.js';

const MIB = 1024 * 1024;

/** A ramdisk with zeros for what its files hold. */
function sparseRamdisk(ramdisk: Ramdisk): Buffer {
  const headers = new CpioHeaders();
  const parts = [...ramdisk.entries()].flatMap((entry) => [
    headers.next(entry),
    Buffer.isBuffer(entry.data) ? entry.data : Buffer.alloc(entry.size),
    Buffer.alloc(dataPadding(entry.size)),
  ]);
  const body = Buffer.concat(parts);
  return Buffer.concat([body, headers.end(body.length)]);
}

describe('the tar reader', () => {
  const archives = [...HEADER_IMAGES, ...REFUSED_HEADER_IMAGES]
    .flatMap(({ make }) => make().tars)
    .filter((tar) => tar.length < 20_000);

  function read(chunks: Buffer[]): TarEntry[] | string {
    const entries: TarEntry[] = [];
    return settled(() => {
      const reader = new TarReader((entry) => entries.push(entry));
      chunks.forEach((chunk) => reader.write(chunk));
      reader.end();
      return entries;
    }, JobFailure);
  }

  /** Changes numbers and names and makes the checksum right again, so that what is behind it is reached. */
  const deceptive = fc
    .tuple(
      fc.constantFrom(...archives),
      fc.array(fc.record({ block: fc.nat(40), at: fc.nat(511), byte: fc.nat(255) }), { maxLength: 5 }),
    )
    .map(([archive, changes]) => {
      const bytes = Buffer.from(archive);
      for (const { block, at, byte } of changes) {
        const start = (block % Math.max(1, Math.floor(bytes.length / 512))) * 512;
        const header = bytes.subarray(start, start + 512);
        if (header.length < 512) continue;
        header[at] = byte;
        withChecksum(header);
      }
      return bytes;
    });

  it('gives the same entries however the bytes are cut, or IMAGE_INVALID', () => {
    const archive = fc.oneof(damaged(archives), deceptive, anyBytes);
    fc.assert(
      fc.property(archive, cuts, (bytes, places) => {
        const whole = read([bytes]);
        expect(read(cutInto(bytes, places))).toEqual(whole);
        if (typeof whole === 'string') return expect(whole).toBe('IMAGE_INVALID');
        for (const entry of whole) {
          for (const id of [entry.uid, entry.gid, entry.mtime, entry.devMajor, entry.devMinor]) {
            expect(id >= 0 && id <= 0xffff_ffff && Number.isInteger(id)).toBe(true);
          }
          expect(entry.offset + entry.size).toBeLessThanOrEqual(bytes.length);
          expect(entry.path + entry.link).not.toContain('\0');
          expect(entry.mode & ~0o7777).toBe(0);
        }
      }),
      few,
    );
  });

  it('has its entries flattened into a ramdisk, or refused', async () => {
    const layers = fc.array(deceptive, { minLength: 1, maxLength: 3 });
    const property = fc.asyncProperty(layers, async (archives) => {
      const entries = archives.map((archive) => read([archive])).filter((it) => typeof it !== 'string');
      const { signal } = new AbortController();
      const made = await flattenLayers(entries).then(
        (tree) => customerRamdisk({ argv: ['/a'], env: [] })(tree),
        (error: unknown) => error,
      );
      const planned =
        made instanceof Error
          ? made
          : await cpioBytes((made as Ramdisk).entries(), signal).catch((error: unknown) => error);
      if (planned instanceof Error) expect(planned).toBeInstanceOf(JobFailure);
      else expect(readCpio(sparseRamdisk(made as Ramdisk)).length).toBeGreaterThan(10);
    });
    await fc.assert(property, few);
  });

  it('reads the PAX records that were written, and no others', () => {
    const value = fc
      .string({ unit: 'binary', maxLength: 200 })
      .map((text) => Buffer.from(text.replaceAll('\0', ''), 'utf8').toString('latin1'));
    fc.assert(
      fc.property(value, value, fc.nat(2 ** 40), fc.array(value, { maxLength: 3 }), (path, link, size, comments) => {
        const records = { path, linkpath: link, size: String(size) };
        const text = [
          ...comments.map((it) => paxRecord('comment', it)),
          ...Object.entries(records).map(([key, it]) => paxRecord(key, it)),
        ];
        const read = parsePax(Buffer.from(text.join(''), 'latin1'));
        expect(read).toEqual({ path: path || undefined, link: link || undefined, size });
      }),
      few,
    );
    const original = Buffer.from(paxRecord('path', 'a/b') + paxRecord('mtime', '-1.5') + paxRecord('size', '12'));
    fc.assert(
      fc.property(fc.oneof(damaged([original]), anyBytes), (bytes) => {
        const read = settled(() => parsePax(bytes), JobFailure);
        if (typeof read === 'string') expect(read).toBe('IMAGE_INVALID');
      }),
      few,
    );
    soon(() => parsePax(Buffer.from('5 a=\n'.repeat(MIB / 5))));
  });
});

describe('the zstd splitter', () => {
  const frames = [
    zstdStored(Buffer.alloc(300_000, 'x')),
    zstdFrame([{ repeat: 1, times: 5 }, Buffer.from('abc')]),
    Buffer.concat([skippableFrame(Buffer.from('skip')), zstdStored(Buffer.from('y'))]),
  ];

  it('gives the same units however the bytes are cut, or IMAGE_INVALID', () => {
    const split = (chunks: Buffer[]): string | Buffer[] =>
      settled(() => {
        const splitter = new ZstdSplitter();
        const units = chunks.flatMap((chunk) => [...splitter.split(chunk)].map((unit) => Buffer.from(unit)));
        splitter.end();
        return units;
      }, JobFailure);
    fc.assert(
      fc.property(fc.oneof(damaged(frames), anyBytes), cuts, (bytes, places) => {
        const whole = split([bytes]);
        const pieces = split(cutInto(bytes, places));
        if (typeof whole === 'string' || typeof pieces === 'string') {
          expect([whole, pieces]).toEqual(['IMAGE_INVALID', 'IMAGE_INVALID']);
        } else {
          expect(pieces.map((unit) => unit.length)).toEqual(whole.map((unit) => unit.length));
          expect(Buffer.concat(pieces).equals(Buffer.concat(whole))).toBe(true);
        }
      }),
      few,
    );
  });

  const block = fc.oneof(
    fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
    fc.record({ repeat: fc.nat(255), times: fc.oneof(fc.nat(20), fc.constant(128 * 1024)) }),
  );
  const frame = fc.oneof(
    { weight: 5, arbitrary: fc.array(block, { minLength: 1, maxLength: 3 }).map((blocks) => ({ blocks })) },
    { weight: 1, arbitrary: fc.constant({ blocks: undefined }) },
  );

  it('has frames of any length decoded to the last byte', async () => {
    const property = fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 8 }), cuts, async (frames, places) => {
      const stored = frames.map(({ blocks }) => (blocks ? zstdFrame(blocks) : skippableFrame(Buffer.from('x'))));
      const content = frames.flatMap(({ blocks = [] }) =>
        blocks.map((it) => (Buffer.isBuffer(it) ? it : Buffer.alloc(it.times, it.repeat))),
      );
      const seen: Buffer[] = [];
      const sink = { accept: (chunk: Buffer) => Promise.resolve(void seen.push(Buffer.from(chunk))) };
      const decompressor = new LayerDecompressor(sink);
      try {
        for (const chunk of cutInto(Buffer.concat(stored), places)) await decompressor.write(chunk);
        await decompressor.end();
      } finally {
        decompressor.destroy();
      }
      expect(Buffer.concat(seen).equals(Buffer.concat(content))).toBe(true);
    });
    await fc.assert(property, { numRuns: 15 * SCALE });
  });
});

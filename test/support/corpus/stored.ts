// Images whose layers are stored in odd ways: gzip of many members, zstd, cut, damaged, exchanged, and bombs.
import { createHash } from 'node:crypto';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import { DOCKER_LAYER_GZIP, OCI_LAYER_GZIP, OCI_LAYER_ZSTD } from '../../../src/oci/media-types.js';
import { headerOf, tarOf } from '../tar-builder.js';
import { imageOf } from './image-content.js';
import type { CorpusImage, ImageContent, Layer } from './image-content.js';
import { skippableFrame, zstdFrame, zstdStored } from './zstd-writer.js';

const tar = tarOf(['d/', { name: 'd/f', data: 'content '.repeat(200) }, { name: 'g', data: noise(3000) }]);
const SEEN = { 'd/f': 'content '.repeat(200) };
const MIB = 1024 * 1024;

/** Bytes that no compressor makes smaller, the same each time. */
function noise(bytes: number): Buffer {
  const parts = Array.from({ length: Math.ceil(bytes / 64) }, (_, at) => createHash('sha512').update(`${at}`).digest());
  return Buffer.concat(parts).subarray(0, bytes);
}

const stored =
  (bytes: () => Buffer, rest: Partial<Layer> = {}): (() => ImageContent) =>
  () =>
    imageOf({ layers: [{ tar, stored: bytes(), descriptor: { mediaType: OCI_LAYER_GZIP }, ...rest }] });
const asZstd = (bytes: () => Buffer, of = tar) => stored(bytes, { tar: of, descriptor: { mediaType: OCI_LAYER_ZSTD } });

/** A gzip member with every optional field of RFC 1952. */
function adornedGzip(bytes: Buffer): Buffer {
  const fields = [Buffer.from([0x1f, 0x8b, 8, 0x1e, 1, 2, 3, 4, 2, 3]), Buffer.from([5, 0]), Buffer.from('extra')];
  const head = Buffer.concat([...fields, Buffer.from('name\0comment\0', 'latin1')]);
  const headCrc = Buffer.alloc(2);
  headCrc.writeUInt16LE(crc32(head) & 0xffff);
  const end = Buffer.alloc(8);
  end.writeUInt32LE(crc32(bytes), 0);
  end.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([head, headCrc, deflateRawSync(bytes), end]);
}

/** A file of zeros so large that what it is stored in is a bomb. */
const ZEROS_BYTES = 80 * MIB;
const bombTarHead = headerOf({ name: 'zeros', size: ZEROS_BYTES });

function gzipBomb(): Buffer {
  // The same member again and again: quick to make, and just as large when unpacked.
  const member = gzipSync(Buffer.alloc(16 * MIB), { level: 9 });
  return Buffer.concat([gzipSync(bombTarHead), ...Array.from({ length: ZEROS_BYTES / (16 * MIB) }, () => member)]);
}

function zstdBomb(): Buffer {
  const blocks = Array.from({ length: ZEROS_BYTES / (128 * 1024) }, () => ({ repeat: 0, times: 128 * 1024 }));
  return Buffer.concat([zstdStored(bombTarHead), zstdFrame(blocks)]);
}

const cut = (bytes: Buffer, less: number): Buffer => bytes.subarray(0, bytes.length - less);
const flipped = (bytes: Buffer, at: number): Buffer => Buffer.from(bytes).fill(bytes[at]! ^ 0xff, at, at + 1);

export const STORED_IMAGES: CorpusImage[] = [
  { name: 'a gzip layer', make: stored(() => gzipSync(tar)), expected: SEEN },
  {
    name: 'a gzip layer of many members, some of them empty',
    make: stored(() =>
      Buffer.concat([gzipSync(''), gzipSync(tar.subarray(0, 700)), gzipSync(''), gzipSync(tar.subarray(700))]),
    ),
    expected: SEEN,
  },
  { name: 'a gzip layer with a name, a comment and more', make: stored(() => adornedGzip(tar)), expected: SEEN },
  {
    name: "docker's gzip layer",
    make: stored(() => gzipSync(tar), { descriptor: { mediaType: DOCKER_LAYER_GZIP } }),
    expected: SEEN,
  },
  {
    name: 'a gzip layer that is called plain',
    make: stored(() => gzipSync(tar), { descriptor: {} }),
    choice: 'the media type is wrong; runtimes go by the first bytes',
    expected: SEEN,
  },
  {
    name: 'a plain layer that is called gzip',
    make: stored(() => tar),
    choice: 'the media type is wrong; runtimes go by the first bytes',
    expected: SEEN,
  },
  { name: 'a zstd layer', make: asZstd(() => zstdStored(tar)), expected: SEEN },
  {
    name: 'a zstd layer of many frames, some to be skipped',
    make: asZstd(() =>
      Buffer.concat(
        [
          skippableFrame(Buffer.from('abc')),
          zstdStored(tar.subarray(0, 700)),
          skippableFrame(Buffer.alloc(0)),
          zstdFrame([]),
          zstdFrame([Buffer.alloc(0), tar.subarray(700), Buffer.alloc(0)]),
        ].filter((frame) => frame.length > 6),
      ),
    ),
    expected: SEEN,
  },
  {
    name: 'a zstd layer whose last frame has a few bytes, and one that is skipped behind it',
    make: asZstd(() =>
      Buffer.concat([
        zstdStored(tar.subarray(0, -1024)),
        zstdFrame([{ repeat: 0, times: 1024 }]),
        skippableFrame(Buffer.from('index')),
      ]),
    ),
    expected: SEEN,
  },
  { name: 'a gzip layer that is cut', make: stored(() => cut(gzipSync(tar), 9)), expected: 'IMAGE_INVALID' },
  {
    name: 'a gzip layer that is only its magic',
    make: stored(() => Buffer.from('1f8b', 'hex')),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a gzip layer with a wrong checksum',
    make: stored(() => flipped(gzipSync(tar), gzipSync(tar).length - 6)),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a gzip layer with bytes after its end',
    make: stored(() => Buffer.concat([gzipSync(tar), Buffer.from('garbage')])),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a gzip layer in a gzip layer',
    make: stored(() => gzipSync(gzipSync(tar)), { tar: gzipSync(tar) }),
    expected: 'IMAGE_INVALID',
  },
  { name: 'a zstd layer that is cut', make: asZstd(() => cut(zstdStored(tar), 5)), expected: 'IMAGE_INVALID' },
  {
    name: 'a zstd layer with bytes after its end',
    make: asZstd(() => Buffer.concat([zstdStored(tar), Buffer.from('garbage')])),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a zstd layer without an end',
    make: asZstd(() => zstdFrame([tar], { openEnd: true })),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a zstd layer with a window of 2 GiB',
    make: asZstd(() => zstdFrame([tar], { window: 0xa8 })),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a zstd layer of short blocks in a window of 64 MiB',
    make: asZstd(() =>
      zstdFrame(
        Array.from({ length: 2000 }, () => Buffer.alloc(1)),
        { window: 0x80 },
      ),
    ),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a zstd layer of very many empty frames',
    make: asZstd(() => Buffer.alloc(40_000 * 9, zstdFrame([Buffer.alloc(0)]))),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a zstd layer with a block of a type that does not exist',
    make: asZstd(() => Buffer.concat([zstdFrame([]), Buffer.from([7, 0, 0])])),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a zstd layer that says to unpack to 2^60 bytes',
    make: asZstd(() => Buffer.from('28b52ffde00000000000000010010000', 'hex')),
    expected: 'IMAGE_INVALID',
  },
  { name: 'a gzip bomb', make: stored(gzipBomb, { tar: bombTarHead }), expected: 'IMAGE_TOO_LARGE' },
  { name: 'a zstd bomb', make: asZstd(zstdBomb, bombTarHead), expected: 'IMAGE_TOO_LARGE' },
  {
    name: 'a layer exchanged for another of its size',
    make: stored(() => tar, { descriptor: {}, exchanged: flipped(tar, 600) }),
    expected: 'DIGEST_MISMATCH',
  },
  {
    name: 'a layer exchanged for bytes that are no archive',
    make: stored(() => tar, { descriptor: {}, exchanged: Buffer.alloc(tar.length, 'no tar') }),
    expected: 'DIGEST_MISMATCH',
  },
  {
    name: 'a layer with bytes after those that have its digest',
    make: stored(() => tar, { descriptor: {}, exchanged: Buffer.concat([tar, Buffer.alloc(512)]) }),
    expected: 'DIGEST_MISMATCH',
  },
  {
    name: 'a layer that ends too early',
    make: stored(() => tar, { descriptor: {}, exchanged: cut(tar, 512) }),
    expected: 'DIGEST_MISMATCH',
  },
  {
    name: 'a layer that is said to be larger',
    make: stored(() => tar, { descriptor: { size: tar.length + 512 } }),
    expected: 'DIGEST_MISMATCH',
  },
  {
    name: 'a layer that is said to be smaller',
    make: stored(() => tar, { descriptor: { size: tar.length - 512 } }),
    expected: 'DIGEST_MISMATCH',
  },
  {
    name: 'a layer of another diff_id',
    make: stored(() => gzipSync(tar), { diffId: `sha256:${'0'.repeat(64)}` }),
    expected: 'DIGEST_MISMATCH',
  },
  {
    name: 'the diff_id of the stored bytes',
    make: () => {
      const bytes = gzipSync(tar);
      const diffId = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
      return imageOf({ layers: [{ tar, stored: bytes, diffId, descriptor: { mediaType: OCI_LAYER_GZIP } }] });
    },
    expected: 'DIGEST_MISMATCH',
  },
];

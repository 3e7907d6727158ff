// An image like those people have: some tens of thousands of files of all sizes in a few gzip layers, of which gzip
// leaves about half. The same bytes on every machine.
import { createCipheriv } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { fromDist } from './gateway.mjs';

const MIB = 1024 * 1024;
const LAYERS = 5;
const POOL_BYTES = 48 * MIB;
const TURN = 8192;
const zip = promisify(gzip);

/** Writes an image whose files take `sizeMib` under a tag; returns the paths' count. */
export async function writeRootFilesystem(repository, tag, sizeMib) {
  const { tarEnd, tarHeader, tarPadding } = fromDist('oci/tar-writer.js');
  const { sha256Digest } = fromDist('oci/verified.js');
  const { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } = fromDist('oci/media-types.js');
  const signal = new AbortController().signal;
  const random = pseudoRandom(7);
  const pool = contentPool(random);
  const write = async (mediaType, bytes) => {
    const descriptor = { mediaType, digest: sha256Digest(bytes), size: bytes.length };
    await repository.writeBlob(descriptor, bytes, signal);
    return descriptor;
  };
  const [layers, diffIds] = [[], []];
  let files = 0;
  for (let layer = 0; layer < LAYERS; layer++) {
    const parts = [];
    for (let bytes = 0; bytes < (sizeMib * MIB) / LAYERS; files++) {
      const size = fileSize(random);
      const start = Math.floor(random() * (POOL_BYTES - size));
      const folder = `usr/lib/part-${layer}/group-${Math.floor(files / 64)}`;
      parts.push(
        tarHeader(`${folder}/file-${files}`, '0', 0o644, size),
        pool.subarray(start, start + size),
        tarPadding(size),
      );
      bytes += size;
    }
    if (layer === 0) parts.push(tarHeader('app', '0', 0o755, 2), Buffer.from('#!'), tarPadding(2));
    const tar = Buffer.concat([...parts, tarEnd()]);
    diffIds.push(sha256Digest(tar));
    layers.push(await write(OCI_LAYER_GZIP, await zip(tar, { level: 6 })));
  }
  const settings = { Entrypoint: ['/app'], Env: ['PATH=/usr/bin:/bin'] };
  const document = {
    architecture: 'amd64',
    os: 'linux',
    config: settings,
    rootfs: { type: 'layers', diff_ids: diffIds },
  };
  const config = await write(OCI_CONFIG, Buffer.from(JSON.stringify(document)));
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers };
  const bytes = Buffer.from(JSON.stringify(manifest));
  await repository.writeManifest(tag, { mediaType: OCI_MANIFEST, digest: sha256Digest(bytes), bytes }, signal);
  return files;
}

/** Mostly small files, most of the bytes in large ones. */
const fileSize = (random) => Math.floor(512 * 2 ** (random() * 13) * (0.5 + random()));

/** Three parts text of a few thousand words, one part bytes that no compression makes smaller, in turns of 8 KiB. */
function contentPool(random) {
  const words = Array.from({ length: 4096 }, () => Math.floor(random() * 2 ** 40).toString(36));
  const text = [];
  for (let bytes = 0; bytes < POOL_BYTES;) {
    const word = `${words[Math.floor(random() ** 3 * words.length)]} `;
    text.push(word);
    bytes += word.length;
  }
  const pool = Buffer.from(text.join('').slice(0, POOL_BYTES), 'latin1');
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16));
  for (let at = 0; at < POOL_BYTES; at += 4 * TURN) cipher.update(Buffer.alloc(TURN)).copy(pool, at);
  return pool;
}

/** Mulberry32: the same numbers everywhere. */
function pseudoRandom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

// The docker image that carries an EIF to where it will run: one uncompressed layer with /enclave/enclave.eif.
// Uncompressed, because the bytes gzip makes change with zlib's version; every byte here follows from the EIF.
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { OnBytes, Descriptor, ManifestDocument } from '../oci/image-repository.js';
import type { Architecture } from '../oci/manifest.js';
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from '../oci/media-types.js';
import { isZeroBlock, parseTarHeader, TAR_BLOCK_BYTES } from '../oci/tar-header.js';
import { tarEnd, tarHeader, tarPadding } from '../oci/tar-writer.js';
import { sha256Digest } from '../oci/verified.js';
import type { Measurements } from './measure.js';
import { ParallelHash } from './parallel-hash.js';

const READ_BYTES = 2 * 1024 * 1024;
/** Of the manifest: the sha256 of the EIF alone, 64 hex digits. */
export const EIF_SHA256_ANNOTATION = 'nitro-enclave.eif.sha256';
const EIF_PATH = 'enclave/enclave.eif';
const CREATED = '1970-01-01T00:00:00Z';

export interface OutputImage {
  config: { descriptor: Descriptor; bytes: Buffer };
  layer: Descriptor;
  manifest: ManifestDocument;
}

/** What precedes the EIF in the layer: the headers of `enclave/` and of `enclave/enclave.eif`. */
export function layerPrefix(eifBytes: number): Buffer {
  return Buffer.concat([tarHeader('enclave/', '5', 0o755, 0), tarHeader(EIF_PATH, '0', 0o644, eifBytes)]);
}

export const LAYER_PREFIX_BYTES = 2 * TAR_BLOCK_BYTES;

/** Where the EIF lies in a layer that begins with these bytes and has that size; undefined where none is. Throws IMAGE_INVALID. */
export function eifRange(head: Buffer, layerBytes: number): { offset: number; sizeBytes: number } | undefined {
  const header = head.subarray(TAR_BLOCK_BYTES, LAYER_PREFIX_BYTES);
  if (header.length < TAR_BLOCK_BYTES || isZeroBlock(header)) return undefined;
  const { path, size: sizeBytes } = parseTarHeader(header);
  return path === EIF_PATH && sizeBytes > 0 && LAYER_PREFIX_BYTES + sizeBytes <= layerBytes
    ? { offset: LAYER_PREFIX_BYTES, sizeBytes }
    : undefined;
}

/** What follows the EIF in the layer: zeros up to a whole block, and the archive's end. */
export function layerSuffix(eifBytes: number): Buffer {
  return Buffer.concat([tarPadding(eifBytes), tarEnd()]);
}

export interface DescribedLayer {
  descriptor: Descriptor;
  /** Of the EIF alone, 64 hex digits. */
  eifSha256: string;
}

/** Describes the finished layer file, read once for both digests. */
export async function describeLayer(
  file: string,
  eifBytes: number,
  signal: AbortSignal,
  onBytes?: OnBytes,
): Promise<DescribedLayer> {
  const memory = new SharedArrayBuffer(2 * READ_BYTES);
  const eif = { start: layerPrefix(eifBytes).length, end: layerPrefix(eifBytes).length + eifBytes };
  const eifHash = new ParallelHash(memory, 'sha256');
  const handle = await open(file, 'r');
  try {
    const layerHash = createHash('sha256');
    const tickets = [0, 0];
    let size = 0;
    for (let half = 0; ; half = 1 - half) {
      signal.throwIfAborted();
      await eifHash.whenDone(tickets[half]!);
      const buffer = Buffer.from(memory, half * READ_BYTES, READ_BYTES);
      const { bytesRead } = await handle.read(buffer, 0, READ_BYTES, size);
      if (bytesRead === 0) break;
      const [from, to] = [Math.max(eif.start - size, 0), Math.min(eif.end - size, bytesRead)];
      if (from < to) tickets[half] = eifHash.update(half * READ_BYTES + from, half * READ_BYTES + to);
      layerHash.update(buffer.subarray(0, bytesRead));
      size += bytesRead;
      onBytes?.(bytesRead);
    }
    const descriptor = { mediaType: OCI_LAYER, digest: `sha256:${layerHash.digest('hex')}`, size };
    return { descriptor, eifSha256: (await eifHash.digest()).toString('hex') };
  } finally {
    await handle.close();
    await eifHash.close();
  }
}

export function outputImage(
  { descriptor: layer, eifSha256 }: DescribedLayer,
  architecture: Architecture,
  measurements: Measurements,
): OutputImage {
  const configBytes = json({
    architecture,
    config: {},
    created: CREATED,
    os: 'linux',
    rootfs: { diff_ids: [layer.digest], type: 'layers' },
  });
  const config = { mediaType: OCI_CONFIG, digest: sha256Digest(configBytes), size: configBytes.length };
  const bytes = json({
    annotations: { [EIF_SHA256_ANNOTATION]: eifSha256, ...measurementAnnotations(measurements) },
    config,
    layers: [{ mediaType: layer.mediaType, digest: layer.digest, size: layer.size }],
    mediaType: OCI_MANIFEST,
    schemaVersion: 2,
  });
  const manifest = { mediaType: OCI_MANIFEST, digest: sha256Digest(bytes), bytes };
  return { config: { descriptor: config, bytes: configBytes }, layer, manifest };
}

/** `nitro-enclave.pcr0` and so on; the registers that are known. */
export function measurementAnnotations(measurements: Measurements): Record<string, string> {
  const names = ['pcr0', 'pcr1', 'pcr2', 'pcr8'] as const;
  const known = names.filter((name) => measurements[name] !== undefined);
  return Object.fromEntries(known.map((name) => [`nitro-enclave.${name}`, measurements[name]!]));
}

function json(document: unknown): Buffer {
  return Buffer.from(JSON.stringify(document), 'utf8');
}

// The docker image that carries an EIF to where it will run: one uncompressed layer with /enclave/enclave.eif.
// Uncompressed, because the bytes gzip makes change with zlib's version; every byte here follows from the EIF.
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { OnBytes, Descriptor, ManifestDocument } from '../oci/image-repository.js';
import type { Architecture } from '../oci/manifest.js';
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from '../oci/media-types.js';
import { tarEnd, tarHeader, tarPadding } from '../oci/tar-writer.js';
import { sha256Digest } from '../oci/verified.js';
import type { Measurements } from './measure.js';

const READ_BYTES = 4 * 1024 * 1024;
const CREATED = '1970-01-01T00:00:00Z';

export interface OutputImage {
  config: { descriptor: Descriptor; bytes: Buffer };
  layer: Descriptor;
  manifest: ManifestDocument;
}

/** What precedes the EIF in the layer: the headers of `enclave/` and of `enclave/enclave.eif`. */
export function layerPrefix(eifBytes: number): Buffer {
  return Buffer.concat([tarHeader('enclave/', '5', 0o755, 0), tarHeader('enclave/enclave.eif', '0', 0o644, eifBytes)]);
}

/** What follows the EIF in the layer: zeros up to a whole block, and the archive's end. */
export function layerSuffix(eifBytes: number): Buffer {
  return Buffer.concat([tarPadding(eifBytes), tarEnd()]);
}

/** Describes the finished layer file. */
export async function describeLayer(file: string, signal: AbortSignal, onBytes?: OnBytes): Promise<Descriptor> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  const handle = await open(file, 'r');
  let size = 0;
  try {
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, size);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      size += bytesRead;
      onBytes?.(bytesRead);
    }
  } finally {
    await handle.close();
  }
  return { mediaType: OCI_LAYER, digest: `sha256:${hash.digest('hex')}`, size };
}

/** @param annotations further ones for the manifest, beside the measurements */
export function outputImage(
  layer: Descriptor,
  architecture: Architecture,
  measurements: Measurements,
  annotations: Record<string, string> = {},
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
    annotations: sorted({ ...annotations, ...measurementAnnotations(measurements) }),
    config,
    layers: [{ mediaType: layer.mediaType, digest: layer.digest, size: layer.size }],
    mediaType: OCI_MANIFEST,
    schemaVersion: 2,
  });
  const manifest = { mediaType: OCI_MANIFEST, digest: sha256Digest(bytes), bytes };
  return { config: { descriptor: config, bytes: configBytes }, layer, manifest };
}

function measurementAnnotations(measurements: Measurements): Record<string, string> {
  const { pcr0, pcr1, pcr2 } = measurements;
  return { 'nitro-enclave.pcr0': pcr0, 'nitro-enclave.pcr1': pcr1, 'nitro-enclave.pcr2': pcr2 };
}

function sorted(map: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function json(document: unknown): Buffer {
  return Buffer.from(JSON.stringify(document), 'utf8');
}

// Small manifests and configs for tests.
import type { Readable } from 'node:stream';
import type { Descriptor, ManifestDocument } from '../../src/oci/image-repository.js';
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from '../../src/oci/media-types.js';
import { sha256Digest } from '../../src/oci/verified.js';

export function descriptorOf(mediaType: string, content: Buffer): Descriptor {
  return { mediaType, digest: sha256Digest(content), size: content.length };
}

export function documentOf(mediaType: string, value: object | string): ManifestDocument {
  const bytes = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  return { mediaType, digest: sha256Digest(bytes), bytes };
}

export interface SmallImage {
  layer: Buffer;
  config: Buffer;
  layerBlob: Descriptor;
  configBlob: Descriptor;
  manifest: ManifestDocument;
}

/** @param change is laid over the image's config, or over its manifest */
export function smallImage(change: { config?: object; manifest?: object } = {}): SmallImage {
  const layer = Buffer.from('layer');
  const layerBlob = descriptorOf(OCI_LAYER, layer);
  const rootfs = { type: 'layers', diff_ids: [layerBlob.digest] };
  const config = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs, ...change.config }));
  const configBlob = descriptorOf(OCI_CONFIG, config);
  const body = { schemaVersion: 2, config: configBlob, layers: [layerBlob], ...change.manifest };
  return { layer, config, layerBlob, configBlob, manifest: documentOf(OCI_MANIFEST, body) };
}

export async function contentOf(stream: Readable): Promise<string> {
  return Buffer.concat(await stream.toArray()).toString();
}

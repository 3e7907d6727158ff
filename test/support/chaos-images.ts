// Small docker images that share layers, pushed to a registry.
import { createCipheriv, createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Upstream } from '../../src/lib/upstream.js';
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/oci/media-types.js';
import { RegistryClient } from '../../src/oci/registry-client.js';
import { tarEnd, tarHeader, tarPadding } from '../../src/oci/tar-writer.js';
import { sha256Digest } from '../../src/oci/verified.js';
import { descriptorOf, documentOf } from './documents.js';

const KIB = 1024;

/** Every image has the first layer, every second one the second, and a layer of its own. */
export const IMAGES = ['acme/one:1', 'acme/one:2', 'acme/two:1', 'acme/two:2'];

/** @param host of the registry, without a proxy before it */
export async function pushImages(host: string): Promise<void> {
  const upstream = new Upstream({ allow: [host] });
  const registry = new RegistryClient(upstream);
  const signal = new AbortController().signal;
  for (const [index, image] of IMAGES.entries()) {
    const [repository = '', tag = ''] = image.split(':');
    const target = registry.repository({ host, repository });
    const tars = [layer('base', 512 * KIB), layer(`shared-${index % 2}`, 256 * KIB), layer(image, 1024 * KIB)];
    const layers = await Promise.all(tars.map(async (tar) => promisify(gzip)(tar, { level: 1 })));
    const config = Buffer.from(JSON.stringify(configOf(tars.map(sha256Digest))));
    const descriptors = layers.map((bytes) => descriptorOf(OCI_LAYER_GZIP, bytes));
    for (const [at, bytes] of layers.entries()) await target.writeBlob(descriptors[at]!, bytes, signal);
    await target.writeBlob(descriptorOf(OCI_CONFIG, config), config, signal);
    const parts = { config: descriptorOf(OCI_CONFIG, config), layers: descriptors };
    const manifest = documentOf(OCI_MANIFEST, { schemaVersion: 2, mediaType: OCI_MANIFEST, ...parts });
    await target.writeManifest(tag, manifest, signal);
  }
  await upstream.close();
}

const configOf = (diffIds: string[]) => ({
  ...{ architecture: 'amd64', os: 'linux', config: { Entrypoint: ['/base'], Env: ['PATH=/bin'] } },
  rootfs: { type: 'layers', diff_ids: diffIds },
});

function layer(name: string, bytes: number): Buffer {
  const key = createHash('sha256').update(name).digest();
  const data = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(bytes));
  const file = name.replace(/\W/g, '-');
  return Buffer.concat([tarHeader(file, '0', 0o755, bytes), data, tarPadding(bytes), tarEnd()]);
}

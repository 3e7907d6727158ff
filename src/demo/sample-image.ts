// A docker image of some tens of MiB, made on the spot and put into a repository: layers that hide, replace and add.
import { createCipheriv, createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Descriptor, ImageRepository } from '../oci/image-repository.js';
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../oci/media-types.js';
import { tarEnd, tarHeader, tarPadding } from '../oci/tar-writer.js';
import { sha256Digest } from '../oci/verified.js';

const MIB = 1024 * 1024;

interface LayerFiles {
  /** Directories end with a slash. */
  [path: string]: Buffer | string;
}

/** Writes the image under a tag; `sizeMib` is what its files take, and no compression makes them smaller. */
export async function writeSampleImage(repository: ImageRepository, tag: string, sizeMib: number): Promise<void> {
  const signal = new AbortController().signal;
  const parts = Math.max(1, Math.floor(sizeMib / 4));
  const data = Object.fromEntries(
    Array.from({ length: parts }, (_, index) => [
      `srv/data/part-${String(index).padStart(3, '0')}.bin`,
      noise(index, 4 * MIB),
    ]),
  );
  const layers = [
    layer({ 'bin/': '', 'bin/sh': SHELL, 'etc/': '', 'etc/motd': 'first\n', 'srv/': '', 'srv/data/': '', ...data }),
    layer({ 'etc/motd': 'Hello from the build catalog.\n', 'app/': '', 'app/server': SERVER, 'app/draft.txt': 'x' }),
    layer({ 'app/.wh.draft.txt': '', 'app/VERSION': '1\n' }),
  ];
  const descriptors: Descriptor[] = [];
  for (const tar of layers) descriptors.push(await writeBlob(repository, OCI_LAYER_GZIP, await zip(tar), signal));
  const config = Buffer.from(JSON.stringify(imageConfig(layers.map(sha256Digest))));
  const configDescriptor = await writeBlob(repository, OCI_CONFIG, config, signal);
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: configDescriptor, layers: descriptors };
  const bytes = Buffer.from(JSON.stringify(manifest));
  await repository.writeManifest(tag, { mediaType: OCI_MANIFEST, digest: sha256Digest(bytes), bytes }, signal);
}

/** Nothing of it ever runs: the demo's kernel is none. */
const SHELL = 'stand-in\n';
const SERVER = '#!/bin/sh\necho "listening on $PORT"\nexec sleep 1000000\n';

const imageConfig = (diffIds: string[]) => ({
  architecture: 'amd64',
  os: 'linux',
  config: {
    Entrypoint: ['/app/server'],
    Env: ['PATH=/usr/bin:/bin', 'PORT=8080'],
    ExposedPorts: { '8080/tcp': {} },
    WorkingDir: '/app',
  },
  rootfs: { type: 'layers', diff_ids: diffIds },
});

function layer(files: LayerFiles): Buffer {
  const parts = Object.entries(files).flatMap(([path, content]) => {
    const isDirectory = path.endsWith('/');
    const mode = isDirectory || path === 'app/server' || path === 'bin/sh' ? 0o755 : 0o644;
    const data = Buffer.from(content);
    return [tarHeader(path, isDirectory ? '5' : '0', mode, data.length), data, tarPadding(data.length)];
  });
  return Buffer.concat([...parts, tarEnd()]);
}

/** Bytes that do not compress, the same on every machine. */
function noise(seed: number, bytes: number): Buffer {
  const key = createHash('sha256').update(`sample image ${seed}`).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(bytes));
}

const zip = (tar: Buffer): Promise<Buffer> => promisify(gzip)(tar, { level: 1 });

async function writeBlob(
  repository: ImageRepository,
  mediaType: string,
  bytes: Buffer,
  signal: AbortSignal,
): Promise<Descriptor> {
  const descriptor = { mediaType, digest: sha256Digest(bytes), size: bytes.length };
  await repository.writeBlob(descriptor, bytes, signal);
  return descriptor;
}

// Docker images for the corpus, put together byte by byte, so that each part can be as wrong as an image needs it.
import type { Descriptor, ManifestDocument } from '../../../src/oci/image-repository.js';
import type { JobFailureCode } from '../../../src/lib/job-failure.js';
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from '../../../src/oci/media-types.js';
import { descriptorOf, documentOf } from '../documents.js';
import { tarOf } from '../tar-builder.js';
import type { Member } from '../tar-builder.js';

/** What the flattened image has at a path: nothing, a file with this content, or what is named here. */
export type Fact =
  | null
  | string
  | Partial<{ content: string; link: string; mode: number; uid: number; gid: number; mtime: number; rdev: string }>;

export interface CorpusImage {
  /** After "an image with". */
  name: string;
  make: () => ImageContent;
  /** By path, one character per byte; or what the conversion fails with. */
  expected: Record<string, Fact> | JobFailureCode | `${JobFailureCode}`;
  /** Why another reader may see other files than we do. Absent where the image specification leaves no choice. */
  choice?: string;
  /** Paths of which the image tells the time, but umoci leaves another one. */
  timeLostByUmoci?: string[];
  architecture?: 'arm64';
  /** Takes seconds, so that it is for TEST_SCALE above 1 only. */
  slow?: true;
}

/** Whether every implementation must see the same files. */
export function isSpecified(image: CorpusImage): boolean {
  return typeof image.expected !== 'string' && image.choice === undefined;
}

export interface ImageContent {
  /** Stored under this digest, whatever the bytes are. */
  blobs: { digest: string; bytes: Buffer }[];
  /** The last one is what the tag leads to. */
  manifests: ManifestDocument[];
  /** The layers as they unpack. */
  tars: Buffer[];
}

export interface Layer {
  tar: Buffer;
  /** The bytes of the blob; the tar where absent. */
  stored?: Buffer;
  /** Laid over the descriptor. */
  descriptor?: object;
  /** Instead of the tar's digest. */
  diffId?: string;
  /** Bytes that the registry gives in place of the stored ones. */
  exchanged?: Buffer;
}

export type Members = (Member | string)[];

export interface ImageParts {
  layers: (Members | Buffer | Layer)[];
  /** Laid over the image config, its `config`, and the manifest. */
  config?: object;
  run?: object;
  manifest?: object;
  /** The whole config or manifest as text. */
  configText?: string;
  manifestText?: string;
  configType?: string;
  manifestType?: string;
  architecture?: string;
}

export function imageOf(parts: ImageParts): ImageContent {
  const layers = parts.layers.map(asLayer);
  const stored = layers.map((layer) => layer.stored ?? layer.tar);
  const descriptors = layers.map((layer, at): Descriptor => ({
    ...descriptorOf(OCI_LAYER, stored[at]!),
    ...layer.descriptor,
  }));
  const config = Buffer.from(parts.configText ?? JSON.stringify(configOf(parts, layers)));
  const configBlob = descriptorOf(parts.configType ?? OCI_CONFIG, config);
  const manifest = { schemaVersion: 2, config: configBlob, layers: descriptors, ...parts.manifest };
  const blobs = layers.map((layer, at) => ({
    digest: descriptorOf('', stored[at]!).digest,
    bytes: layer.exchanged ?? stored[at]!,
  }));
  return {
    blobs: [...blobs, { digest: configBlob.digest, bytes: config }],
    manifests: [documentOf(parts.manifestType ?? OCI_MANIFEST, parts.manifestText ?? manifest)],
    tars: layers.map((layer) => layer.tar),
  };
}

function asLayer(layer: Members | Buffer | Layer): Layer {
  if (Buffer.isBuffer(layer)) return { tar: layer };
  return Array.isArray(layer) ? { tar: tarOf(layer) } : layer;
}

function configOf({ architecture = 'amd64', run, config }: ImageParts, layers: Layer[]): object {
  const diffIds = layers.map((layer) => layer.diffId ?? descriptorOf('', layer.tar).digest);
  return {
    architecture,
    os: 'linux',
    config: { Cmd: ['/bin/true'], Env: ['PATH=/bin'], ...run },
    rootfs: { type: 'layers', diff_ids: diffIds },
    ...config,
  };
}

/** An image without a choice, of one layer per argument. */
export const layersOf =
  (...layers: ImageParts['layers']): (() => ImageContent) =>
  () =>
    imageOf({ layers });

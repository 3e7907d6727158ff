// Parts that images with odd documents are made of: configs as text, and indexes of platforms.
import { DOCKER_CONFIG, DOCKER_LAYER_GZIP, DOCKER_MANIFEST, OCI_INDEX } from '../../../src/oci/media-types.js';
import { gzipSync } from 'node:zlib';
import { descriptorOf, documentOf } from '../documents.js';
import { tarOf } from '../tar-builder.js';
import { imageOf } from './image-content.js';
import type { ImageContent, ImageParts } from './image-content.js';

export const layers: ImageParts['layers'] = [[{ name: 'f', data: 'amd64' }]];
export const SEEN = { f: 'amd64' };

/** An image of one layer with the file `f`, but for the given parts. */
export const of =
  (parts: Partial<ImageParts>): (() => ImageContent) =>
  () =>
    imageOf({ layers, ...parts });
/** A config or a manifest in which one value stands as text. */
export const configText = (run: string): string => {
  const { digest } = descriptorOf('', tarOf(layers[0] as never));
  return `{"architecture":"amd64","os":"linux","config":${run},"rootfs":{"type":"layers","diff_ids":["${digest}"]}}`;
};

export interface Child {
  content: ImageContent;
  platform?: object;
  mediaType?: string;
}

/** An index over images; the blobs of all of them are there. */
export function indexOf(children: Child[], mediaType = OCI_INDEX, extra: object = {}): ImageContent {
  const manifests = children.map(({ content, platform, mediaType: type }) => {
    const child = content.manifests.at(-1)!;
    return { ...descriptorOf(type ?? child.mediaType, child.bytes), ...(platform ? { platform } : {}) };
  });
  return {
    blobs: children.flatMap(({ content }) => content.blobs),
    manifests: [
      ...children.flatMap(({ content }) => content.manifests),
      documentOf(mediaType, { schemaVersion: 2, mediaType, manifests, ...extra }),
    ],
    tars: children[0]?.content.tars ?? [],
  };
}

export const linux = (architecture: string, variant?: string): object => ({
  os: 'linux',
  architecture,
  ...(variant === undefined ? {} : { variant }),
});
export const amd64 = of({});
export const arm64 = of({ architecture: 'arm64', layers: [[{ name: 'f', data: 'arm64' }]] });
export const attestation = (): Child => ({
  content: imageOf({
    layers: [],
    config: { architecture: 'unknown', os: 'unknown' },
    manifest: { annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } },
  }),
  platform: { os: 'unknown', architecture: 'unknown' },
});
export const everyPlatform = (): ImageContent =>
  indexOf([
    { content: arm64(), platform: linux('arm64', 'v8') },
    { content: of({ architecture: 'arm' })(), platform: linux('arm', 'v7') },
    attestation(),
    { content: amd64(), platform: linux('amd64') },
    { content: of({ config: { os: 'windows' } })(), platform: { os: 'windows', architecture: 'amd64' } },
  ]);

export function dockerImage(): ImageContent {
  const tar = tarOf(layers[0] as never);
  const layer = { tar, stored: gzipSync(tar), descriptor: { mediaType: DOCKER_LAYER_GZIP } };
  return imageOf({
    layers: [layer],
    configType: DOCKER_CONFIG,
    manifestType: DOCKER_MANIFEST,
    manifest: { mediaType: DOCKER_MANIFEST },
    config: { container: 'abc', docker_version: '20.10', container_config: { Cmd: null } },
  });
}

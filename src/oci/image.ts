// Reads the image behind a tag or digest: resolved once, then everything by digest, so that nobody can exchange it
// while it is read.
import { readBounded } from '../lib/upstream.js';
import { bareMediaType, CONFIG_TYPES, LAYER_TYPES } from './media-types.js';
import { imageTooLarge, invalidImage } from './image-failure.js';
import { MAX_CONFIG_BYTES, parseImageConfig } from './image-config.js';
import type { ImageConfig } from './image-config.js';
import type { Descriptor, ImageRepository } from './image-repository.js';
import { DEFAULT_IMAGE_LIMITS } from './layer.js';
import type { ImageLimits } from './layer.js';
import { architectureNotAvailable, choosePlatform, parseManifest } from './manifest.js';
import type { Architecture, ImageManifest } from './manifest.js';

export interface Image {
  /** What the tag led to: an index or a manifest. */
  imageDigest: string;
  /** The manifest of the chosen architecture; the same as imageDigest where there is no index. */
  manifestDigest: string;
  /** Digest of the config, which docker calls the image's id. */
  imageId: string;
  config: ImageConfig;
  /** Lowest first; as many as there are diff_ids. */
  layers: Descriptor[];
}

/** Throws JobFailure IMAGE_INVALID, IMAGE_TOO_LARGE, ARCHITECTURE_NOT_AVAILABLE, or what the repository throws. */
export async function readImage(
  repository: ImageRepository,
  tagOrDigest: string,
  architecture: Architecture,
  signal: AbortSignal,
): Promise<Image> {
  const resolved = await repository.resolve(tagOrDigest, signal);
  let document = resolved;
  let manifest = parseManifest(document);
  if (manifest.kind === 'index') {
    document = await repository.resolve(choosePlatform(manifest, architecture).digest, signal);
    manifest = parseManifest(document);
  }
  if (manifest.kind === 'index') throw invalidImage('the index leads to another index instead of an image');
  manifest.layers.forEach(checkLayer);
  checkSizes(manifest.layers, DEFAULT_IMAGE_LIMITS);
  const config = await readConfig(repository, manifest, signal);
  if (config.os !== 'linux' || config.architecture !== architecture) {
    throw architectureNotAvailable(architecture, [`${config.os}/${config.architecture}`.slice(0, 60)]);
  }
  const { diff_ids: diffIds } = config.rootfs;
  if (diffIds.length !== manifest.layers.length) {
    throw invalidImage(`the image has ${manifest.layers.length} layers, but its config lists ${diffIds.length}`);
  }
  return {
    imageDigest: resolved.digest,
    manifestDigest: document.digest,
    imageId: manifest.config.digest,
    config,
    layers: manifest.layers,
  };
}

async function readConfig(
  repository: ImageRepository,
  manifest: ImageManifest,
  signal: AbortSignal,
): Promise<ImageConfig> {
  const { mediaType, size } = manifest.config;
  if (!CONFIG_TYPES.includes(bareMediaType(mediaType))) {
    throw invalidImage(`the manifest describes no docker image, but ${JSON.stringify(mediaType.slice(0, 100))}`);
  }
  if (size > MAX_CONFIG_BYTES) throw invalidImage(`the image config is larger than ${MAX_CONFIG_BYTES} bytes`);
  return parseImageConfig(await readBounded(await repository.openBlob(manifest.config, signal), size));
}

// Before anything is fetched: what a layer takes as it is stored, it takes at least when it is unpacked.
function checkSizes(layers: Descriptor[], { layerBytes, totalBytes }: ImageLimits): void {
  const hint = 'Remove what the application does not need from the image.';
  const large = layers.findIndex(({ size }) => size > layerBytes);
  if (large >= 0) throw imageTooLarge(`layer ${large} has more than ${layerBytes} bytes`, hint);
  if (layers.reduce((sum, { size }) => sum + size, 0) > totalBytes) {
    throw imageTooLarge(`its layers have more than ${totalBytes} bytes`, hint);
  }
}

function checkLayer(layer: Descriptor, at: number): void {
  if (/foreign|nondistributable/.test(layer.mediaType)) {
    throw invalidImage(`layer ${at} is not distributed by the registry (a foreign layer), which is not supported`);
  }
  if (!LAYER_TYPES.includes(layer.mediaType)) {
    throw invalidImage(
      `layer ${at} is of the type ${JSON.stringify(layer.mediaType.slice(0, 100))}, which is not supported`,
    );
  }
}

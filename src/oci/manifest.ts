// Checks manifests and indexes, and chooses the image of one architecture from an index.
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import { asArray, asDescriptor, asOptional, asText, asTextMap, parseDocument } from './document.js';
import { invalidImage } from './image-failure.js';
import type { JsonObject } from './document.js';
import type { Descriptor, ManifestDocument } from './image-repository.js';
import { INDEX_TYPES, MANIFEST_TYPES, bareMediaType } from './media-types.js';

/** What registries must accept at least, so nobody makes larger ones. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const MAX_LAYERS = 256;
const MAX_INDEX_ENTRIES = 1_000;

/** Content types that say nothing; the document's own word counts then. */
const VAGUE_TYPES = ['', 'application/json', 'text/plain', 'application/octet-stream', 'binary/octet-stream'];

export type Architecture = 'amd64' | 'arm64';

export interface ImageManifest {
  kind: 'manifest';
  mediaType: string;
  config: Descriptor;
  layers: Descriptor[];
  annotations: Record<string, string>;
}

export interface ImageIndex {
  kind: 'index';
  mediaType: string;
  manifests: Descriptor[];
  annotations: Record<string, string>;
}

/**
 * Reads a document as what its media type says. One that could be read as both kinds, or that names another type
 * itself, is refused: two readers would see two images (CVE-2021-41190).
 */
export function parseManifest(document: ManifestDocument): ImageManifest | ImageIndex {
  const { mediaType, bytes } = document;
  if (bytes.length > MAX_MANIFEST_BYTES) throw invalidImage(`the manifest is larger than ${MAX_MANIFEST_BYTES} bytes`);
  const object = parseDocument(bytes, 'the manifest');
  const isIndex = INDEX_TYPES.includes(mediaType);
  if (!isIndex && !MANIFEST_TYPES.includes(mediaType)) {
    throw invalidImage(
      `the manifest is of the type ${JSON.stringify(mediaType.slice(0, 100))}, which is not supported`,
    );
  }
  checkKind(object, mediaType, isIndex);
  const annotations = asOptional(object.annotations, (map) => asTextMap(map, 'the annotations')) ?? {};
  if (isIndex) {
    const manifests = asArray(object.manifests, 'the list of manifests', MAX_INDEX_ENTRIES);
    return {
      kind: 'index',
      mediaType,
      manifests: manifests.map((it, at) => asDescriptor(it, `manifest ${at}`)),
      annotations,
    };
  }
  const config = asDescriptor(object.config, 'the config');
  const layers = asArray(object.layers, 'the list of layers', MAX_LAYERS);
  return {
    kind: 'manifest',
    mediaType,
    config,
    layers: layers.map((it, at) => asDescriptor(it, `layer ${at}`)),
    annotations,
  };
}

/** What has to be there for it: the config and the layers; of an index, which names manifests, nothing. */
export function namedBlobs(parsed: ImageManifest | ImageIndex): Descriptor[] {
  return parsed.kind === 'index' ? [] : [parsed.config, ...parsed.layers];
}

/** The media type of a manifest that came over HTTP. */
export function typeOfManifest(contentType: string | undefined, bytes: Buffer): string {
  const told = bareMediaType(contentType);
  if (!VAGUE_TYPES.includes(told)) return told;
  return asText(parseDocument(bytes, 'the manifest').mediaType ?? told, 'the media type of the manifest');
}

function checkKind(object: JsonObject, mediaType: string, isIndex: boolean): void {
  if (object.schemaVersion !== 2) throw invalidImage('the manifest is not of schema version 2');
  const own = asOptional(object.mediaType, (text) => asText(text, 'the media type of the manifest'));
  if (own !== undefined && own !== mediaType) {
    throw invalidImage('the manifest calls itself another media type than the registry does');
  }
  const parts = isIndex ? ['layers', 'config', 'fsLayers'] : ['manifests', 'fsLayers'];
  if (parts.some((name) => object[name] !== undefined)) {
    throw invalidImage('the manifest is ambiguous: it can be read as an image and as an index');
  }
}

/** The linux image of an architecture. Throws ARCHITECTURE_NOT_AVAILABLE, saying what there is. */
export function choosePlatform(index: ImageIndex, architecture: Architecture): Descriptor {
  // Entries of the system "unknown" are buildkit's attestations.
  const images = index.manifests.filter((it) => MANIFEST_TYPES.includes(it.mediaType) && it.platform?.os !== 'unknown');
  const variants = architecture === 'arm64' ? [undefined, 'v8'] : [undefined, 'v1'];
  const fitting = images.filter(
    ({ platform }) =>
      platform?.os === 'linux' && platform.architecture === architecture && variants.includes(platform.variant),
  );
  const chosen = fitting.find(({ platform }) => platform?.variant === undefined) ?? fitting[0];
  if (chosen) return chosen;
  // Tools that make a layout for one machine leave the platform out; the image's config tells it then.
  const [only] = images;
  if (only && images.length === 1 && !only.platform) return only;
  throw architectureNotAvailable(architecture, images.map(platformName));
}

export function architectureNotAvailable(wanted: Architecture, available: string[]): JobFailure {
  const list = [...new Set(available)].slice(0, 20).join(', ');
  return new JobFailure(
    JobFailureCode.ARCHITECTURE_NOT_AVAILABLE,
    `There is no linux/${wanted} image behind this reference, only ${list === '' ? 'none at all' : list}.`,
    `Choose another architecture, or push the image for linux/${wanted}.`,
  );
}

function platformName({ platform }: Descriptor): string {
  if (!platform) return 'an unknown platform';
  const parts = [platform.os, platform.architecture, platform.variant].filter((part) => part !== undefined);
  return parts.join('/').slice(0, 60);
}

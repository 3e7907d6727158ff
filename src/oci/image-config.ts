// The image config (image-spec, config.md): what docker would run, and the digests of the unpacked layers.
import { invalidImage } from './image-failure.js';
import { asArray, asDigest, asMembers, asObject, asOptional, asText, asTextMap, parseDocument } from './document.js';

export const MAX_CONFIG_BYTES = 8 * 1024 * 1024;
const MAX_LAYERS = 256;
const MAX_WORDS = 65_536;
const MAX_MAP_ENTRIES = 1_000;

/** Names as in the document. What is absent or null there is undefined here. */
export interface ImageConfig {
  architecture: string;
  os: string;
  created?: string;
  config: RunConfig;
  rootfs: { diff_ids: string[] };
}

export interface RunConfig {
  Entrypoint?: string[];
  Cmd?: string[];
  Env?: string[];
  WorkingDir?: string;
  User?: string;
  /** `80/tcp`, `53/udp` ... */
  ExposedPorts?: string[];
  Labels?: Record<string, string>;
  /** Paths. */
  Volumes?: string[];
  StopSignal?: string;
}

export function parseImageConfig(bytes: Buffer): ImageConfig {
  const object = parseDocument(bytes, 'the image config');
  const rootfs = asMembers(object.rootfs, 'the rootfs of the image config');
  const diffIds = asArray(rootfs.diff_ids ?? [], 'the list of diff_ids', MAX_LAYERS);
  const created = asOptional(object.created, (text) => asText(text, 'created'));
  return {
    architecture: asText(object.architecture, 'the architecture of the image config'),
    os: asText(object.os, 'the os of the image config'),
    ...(created === undefined ? {} : { created }),
    config: parseRunConfig(asOptional(object.config, (value) => asMembers(value, 'config')) ?? {}),
    rootfs: { diff_ids: diffIds.map((digest, at) => asDigest(digest, `diff_ids[${at}]`)) },
  };
}

function parseRunConfig(object: Record<string, unknown>): RunConfig {
  const words = (name: string) =>
    asOptional(object[name], (list) => asArray(list, name, MAX_WORDS).map((word) => asText(word, `a word of ${name}`)));
  const text = (name: string) => asOptional(object[name], (value) => asText(value, name));
  return {
    Entrypoint: words('Entrypoint'),
    Cmd: words('Cmd'),
    Env: words('Env'),
    WorkingDir: text('WorkingDir'),
    User: text('User'),
    ExposedPorts: asOptional(object.ExposedPorts, (ports) => Object.keys(asSmallMap(ports, 'ExposedPorts'))),
    Volumes: asOptional(object.Volumes, (volumes) => Object.keys(asSmallMap(volumes, 'Volumes'))),
    StopSignal: text('StopSignal'),
    Labels: asOptional(object.Labels, (labels) => asTextMap(asSmallMap(labels, 'Labels'), 'Labels')),
  };
}

function asSmallMap(value: unknown, what: string): Record<string, unknown> {
  const map = asObject(value, what);
  if (Object.keys(map).length <= MAX_MAP_ENTRIES) return map;
  throw invalidImage(`${what} has more than ${MAX_MAP_ENTRIES} entries`);
}

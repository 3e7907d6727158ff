// From an input to what is stored: the rules that GraphQL's types do not say. Throws BAD_USER_INPUT.
import { badInput } from '../lib/errors.js';
import { isUuid } from '../lib/ids.js';
import type { Build } from './build.entity.js';
import type { EnclaveInfo } from './build-parts.js';
import type { CreateBuildInput } from './build.input.js';
import type { DockerInfo } from './docker-info.js';
import { PLATFORM_MEMBERS } from './image-attributes.js';
import type { ImageAttributesInput, StoredAttributes } from './image-attributes.js';

const MAX_ATTRIBUTES = 32;
/** Of all documents of a build: lists read whole rows, of other formats up to 1,000 at a time. */
const MAX_DOCUMENT_BYTES = 256 * 1024;
const MAX_CONFIGS = 128;
export const MAX_IMAGE_NAME_LENGTH = 2_048;

export function checkBuild(input: CreateBuildInput): void {
  checkSize(input);
  if (input.dockerInfo) checkDockerInfo(input.dockerInfo);
  if (input.groupId && !isUuid(input.groupId)) throw badInput('`groupId` must be a UUID.', 'groupId');
  for (const field of ['memSizeMb', 'threads', 'isvprodid', 'isvsvn'] as const) {
    if ((input[field] ?? 0) < 0) throw badInput(`\`${field}\` must not be negative.`, field);
  }
}

/** The columns of a build that may hold much. */
export const BUILD_DOCUMENTS = [
  ...(['dockerInfo', 'enclaveInfo', 'attributes', 'advancedSettings', 'configs', 'launchHint', 'warnings'] as const),
] satisfies (keyof Build)[];

/** The documents of a build together, once one of them changed. */
export function checkDocuments(build: Build, ...field: string[]): void {
  checkSize(Object.fromEntries(BUILD_DOCUMENTS.map((name) => [name, build[name]])), ...field);
}

function checkSize(documents: object, ...field: string[]): void {
  if (Buffer.byteLength(JSON.stringify(documents)) > MAX_DOCUMENT_BYTES)
    throw badInput(`All documents of a build together have at most ${MAX_DOCUMENT_BYTES} bytes.`, ...field);
}

/** The configurations that are allowed for a build, but for how much they are: see `checkDocuments`. */
export function checkConfigs(configs: Record<string, unknown>): void {
  const entries = Object.entries(configs);
  if (entries.length > MAX_CONFIGS) throw badInput(`At most ${MAX_CONFIGS} configurations are kept.`, 'configs');
  for (const [id, config] of entries) {
    if (id === '' || id.length > 255) throw badInput('The ids in `configs` must have 1 to 255 characters.', 'configs');
    if (typeof config !== 'object' || config === null || Array.isArray(config))
      throw badInput(`\`configs.${id}\` must be an object.`, 'configs', id);
  }
}

function checkDockerInfo({ dockerImageName, dockerVersion, dockerImageSizeMib, exposedPorts }: DockerInfo): void {
  const isName = dockerImageName.trim() !== '' && !dockerImageName.startsWith('/');
  if (!isName || dockerImageName.length > MAX_IMAGE_NAME_LENGTH) {
    const rule = `\`dockerImageName\` must have 1 to ${MAX_IMAGE_NAME_LENGTH} characters and not begin with a slash.`;
    throw badInput(rule, 'dockerInfo', 'dockerImageName');
  }
  if (dockerVersion.length > 255) throw badInput('`dockerVersion` is too long.', 'dockerInfo', 'dockerVersion');
  if ((dockerImageSizeMib ?? 0) < 0) {
    throw badInput('`dockerImageSizeMib` must not be negative.', 'dockerInfo', 'dockerImageSizeMib');
  }
  for (const [index, { port }] of (exposedPorts ?? []).entries()) {
    if (port >= 1 && port <= 65_535) continue;
    throw badInput('`port` must be between 1 and 65535.', 'dockerInfo', 'exposedPorts', String(index), 'port');
  }
}

/** The attributes as stored: one entry per key, with the platform as discriminator. */
export function storedAttributes(inputs: ImageAttributesInput[]): StoredAttributes[] {
  if (inputs.length > MAX_ATTRIBUTES) throw badInput(`At most ${MAX_ATTRIBUTES} attributes are kept.`, 'attributes');
  const keys = new Set<string>();
  return inputs.map((input, index) => {
    const path = ['attributes', String(index)];
    const given = PLATFORM_MEMBERS.filter(([, member]) => input[member] !== undefined);
    if (given.length !== 1) throw badInput('Attributes have exactly one platform.', ...path);
    const [[platform, member]] = given as [(typeof given)[0]];
    const key = input.key ?? platform.toLowerCase();
    if (key === '' || key.length > 255) throw badInput('`key` must have 1 to 255 characters.', ...path, 'key');
    if (keys.has(key)) throw badInput(`The key ${JSON.stringify(key)} is used twice.`, ...path, 'key');
    keys.add(key);
    return { key, platform, ...input[member] } as StoredAttributes;
  });
}

export function enclaveInfoOf({ mrenclave, mrsigner, isvprodid, isvsvn }: CreateBuildInput): EnclaveInfo | null {
  const given = Object.entries({ mrenclave, mrsigner, isvprodid, isvsvn }).filter(([, value]) => value !== undefined);
  return given.length > 0 ? Object.fromEntries(given) : null;
}

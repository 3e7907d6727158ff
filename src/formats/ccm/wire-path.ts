// From the path of a field in GraphQL's input to its path in CCM's JSON: `nitroEnclavesOptions.memSizeMb` ->
// `nitro_enclaves_options.mem_size`. Good enough for messages; nothing is decided by it.
import { joinPath } from '../member-path.js';

/** Where the wire nests or names a field in another way than by underscores. */
const SPECIAL: Record<string, string> = {
  inputImage: 'request.input_image',
  outputImage: 'request.output_image',
  converterOptions: 'request.converter_options',
  auth: 'auth_config',
  memSizeMb: 'mem_size',
  dockerImageSizeMib: 'docker_image_size',
  encryptedDirs: 'encryptedDirs',
  allowCmdlineArgs: 'allowCmdlineArgs',
  manifestEnv: 'manifestEnv',
  mutableEnv: 'mutableEnv',
  keyType: 'keyType',
  keyParam: 'keyParam',
  keyPath: 'keyPath',
  certPath: 'certPath',
};

export const toWirePath = (field: string[]): string => joinPath(field.map(toWireName));

function toWireName(name: string): string {
  if (Object.hasOwn(SPECIAL, name)) return SPECIAL[name]!;
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

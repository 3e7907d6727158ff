// A conversion as the job keeps it: checked, with full names, without secrets. Throws BAD_USER_INPUT.
import { createHash } from 'node:crypto';
import { Architecture } from '../builds/build-parts.js';
import { badInput, CatalogError } from '../lib/errors.js';
import { canonicalJson, withoutUndefined } from '../lib/json.js';
import type { OwnNames } from '../lib/own-names.js';
import { parseSigningCertificate } from '../nitro/signing.js';
import { hexOf, parseReference, tagOrDigestOf } from '../oci/reference.js';
import type { Reference } from '../oci/reference.js';
import type { DefaultNitroEnclavesBuildSettings } from '../apps/app-settings.js';
import { formatTarget } from './image-target.js';
import type { ConversionCredentials, ImageTarget, Login } from './image-target.js';
import type {
  ConverterOptionsInput,
  ConvertNitroImageInput,
  NitroEnclavesOptionsInput,
  RegistryAuthInput,
  RetryJobInput,
} from './conversion.input.js';

export interface ConversionRequest {
  appId: string | null;
  input: ImageTarget;
  output: ImageTarget;
  options: ConverterOptionsInput;
  nitro: NitroEnclavesOptionsInput;
  architecture: Architecture;
  /** How long a run may take; as long as any where absent. */
  timeoutSeconds?: number;
  /** Absent where nobody signs. */
  signing?: ConversionSigning;
  /** Absent where the result becomes a build, as nearly always. */
  register?: false;
}

/** By the key of the gateway, or elsewhere, by the key of a certificate in PEM. */
export type ConversionSigning = { by: 'GATEWAY' } | { by: 'EXTERNAL'; certificate: string };

const MAX_WORDS = 1_000;
const MAX_WORD_LENGTH = 32_768;
const MAX_OPTIONS_BYTES = 256 * 1024;
const MIN_MEMORY_MIB = 64;

/** What is so unless a request says otherwise. */
export interface RequestDefaults {
  names: OwnNames;
  /** Whether the gateway has a key to sign with. */
  canSign: boolean;
}

export function conversionRequest(given: ConvertNitroImageInput, defaults: RequestDefaults): ConversionRequest {
  const { names } = defaults;
  const { converterOptions: options = {}, nitroEnclavesOptions: nitro = {}, idempotencyKey, timeoutSeconds } = given;
  checkOptions(options);
  checkNitro(nitro);
  if (idempotencyKey !== undefined && (idempotencyKey === '' || idempotencyKey.length > 255)) {
    throw badInput('`idempotencyKey` must have 1 to 255 characters.', 'idempotencyKey');
  }
  if (timeoutSeconds !== undefined && timeoutSeconds < 1) {
    throw badInput('`timeoutSeconds` must be at least 1.', 'timeoutSeconds');
  }
  const signing = signingOf(given, defaults);
  const input = parseReference(given.inputImage.name, 'inputImage', 'name');
  const output = given.outputImage ? outputReference(given.outputImage.name) : undefined;
  const architecture = given.architecture ?? Architecture.AMD64;
  const request = {
    appId: given.appId ?? null,
    input: targetOf(input, names),
    output: output
      ? targetOf(output, names)
      : storeTarget(ownAlike(input, names), [options, architecture, ...(signing ? [signing] : [])]),
    options,
    nitro,
    architecture,
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
    ...(signing && { signing }),
  };
  if (formatTarget(request.input) === formatTarget(request.output)) {
    throw badInput('Input and output images must be different.', 'outputImage', 'name');
  }
  return request;
}

/**
 * What the enclave gets: as given, else as the app has it. Apps may hold what no enclave can run with, as CCM's do: 0,
 * as some clients send what is not set, is nothing, and the rest is refused here.
 */
export function nitroOptions(
  given: NitroEnclavesOptionsInput,
  defaults: DefaultNitroEnclavesBuildSettings = {},
  overlayDefault = false,
): NitroEnclavesOptionsInput {
  const options = {
    cpuCount: given.cpuCount ?? unlessZero(defaults.cpuCount),
    memSizeMb: given.memSizeMb ?? unlessZero(defaults.memSizeMb),
    enableOverlayFilesystemPersistence:
      given.enableOverlayFilesystemPersistence ?? defaults.enableOverlayFilesystemPersistence ?? overlayDefault,
  };
  checkNitro(options, ' It comes from the default build settings of the app.');
  return options;
}

const unlessZero = (value: number | undefined): number | undefined => (value === 0 ? undefined : value);

export function conversionCredentials({ inputImage, outputImage }: ConvertNitroImageInput): ConversionCredentials {
  return { input: loginOf(inputImage.auth), output: loginOf(outputImage?.auth) };
}

/** Those of a job that is like one of before, whose own are gone. */
export const credentialsAgain = ({ inputAuth, outputAuth }: AuthAgain): ConversionCredentials =>
  withoutUndefined({ input: loginOf(inputAuth), output: loginOf(outputAuth) });

type AuthAgain = Pick<RetryJobInput, 'inputAuth' | 'outputAuth'>;

const loginOf = (auth: RegistryAuthInput | null | undefined): Login | undefined =>
  auth ? { username: auth.username, password: auth.password ?? '' } : undefined;

function outputReference(name: string): Reference {
  const reference = parseReference(name, 'outputImage', 'name');
  if (reference.digest !== undefined) {
    throw badInput('The output image must have a tag and no digest.', 'outputImage', 'name');
  }
  return reference;
}

/** A name in the store is the same under every name of the gateway. */
const ownAlike = (reference: Reference, names: OwnNames): Reference =>
  names.isOwnHost(reference.host) ? { ...reference, host: '' } : reference;

const targetOf = (reference: Reference, names: OwnNames): ImageTarget => ({
  host: names.isOwnHost(reference.host) ? undefined : reference.host,
  repository: reference.repository,
  tagOrDigest: tagOrDigestOf(reference),
});

/**
 * Where results go that nobody gave a name: `acme/hello:1` becomes `acme/hello:1-eif-<8 hex digits>` in the store. The
 * digits stand for all that the result depends on, so that another conversion does not take the tag of this one.
 */
function storeTarget({ host, repository, tag, digest }: Reference, dependencies: unknown[]): ImageTarget {
  const own = host === 'docker.io' ? repository.replace(/^library\//, '') : repository;
  const name = tag ?? hexOf(digest!).slice(0, 12);
  const request = canonicalJson([host, repository, tag, digest, ...dependencies]);
  const mark = createHash('sha256').update(request).digest('hex').slice(0, 8);
  return { repository: own, tagOrDigest: `${name.slice(0, 115)}-eif-${mark}` };
}

function signingOf({ signing }: ConvertNitroImageInput, { canSign }: RequestDefaults): ConversionSigning | undefined {
  const { by = canSign ? 'GATEWAY' : 'NONE', certificate } = signing ?? {};
  if ((certificate !== undefined) !== (by === 'EXTERNAL')) {
    throw badInput('A certificate is needed with EXTERNAL, and only then.', 'signing', 'certificate');
  }
  if (by === 'GATEWAY' && !canSign) {
    throw new CatalogError('FEATURE_NOT_SUPPORTED', 'This gateway has no signing key: ask its operator for one.');
  }
  if (certificate === undefined) return by === 'GATEWAY' ? { by } : undefined;
  const parsed = inField(() => parseSigningCertificate(certificate), 'signing', 'certificate');
  if (parsed.notAfter < new Date()) throw badInput('The certificate has expired.', 'signing', 'certificate');
  return { by: 'EXTERNAL', certificate: parsed.pem };
}

/** What is wrong with the text of a field, told with its path. */
function inField<T>(parse: () => T, ...field: string[]): T {
  try {
    return parse();
  } catch (error) {
    throw error instanceof CatalogError ? badInput(error.message, ...field) : error;
  }
}

function checkOptions(options: ConverterOptionsInput): void {
  // The build keeps them among its documents.
  if (Buffer.byteLength(JSON.stringify(options)) > MAX_OPTIONS_BYTES)
    throw badInput(`All options together have at most ${MAX_OPTIONS_BYTES} bytes.`, 'converterOptions');
  for (const field of ['entrypoint', 'entrypointArgs', 'envVars', 'mutableEnvVars'] as const) {
    const words = options[field] ?? [];
    if (words.length > MAX_WORDS) throw badInput(`At most ${MAX_WORDS} are possible.`, 'converterOptions', field);
    for (const [index, word] of words.entries()) checkWord(word, field, index);
  }
}

function checkWord(word: string, field: string, index: number): void {
  const path = ['converterOptions', field, String(index)];
  if (/[\n\0]/.test(word)) throw badInput('A line feed or NUL can not be passed to an enclave.', ...path);
  if (word.length > MAX_WORD_LENGTH)
    throw badInput(`More than ${MAX_WORD_LENGTH} characters are not possible.`, ...path);
  if (field.endsWith('Vars') && !/^[^=]+=/.test(word)) throw badInput('It must be `NAME=value`.', ...path);
}

function checkNitro({ cpuCount = 1, memSizeMb = MIN_MEMORY_MIB }: NitroEnclavesOptionsInput, whence = ''): void {
  if (cpuCount < 1) throw badInput(`\`cpuCount\` must be at least 1.${whence}`, 'nitroEnclavesOptions', 'cpuCount');
  if (memSizeMb < MIN_MEMORY_MIB) {
    const message = `\`memSizeMb\` must be at least ${MIN_MEMORY_MIB}.${whence}`;
    throw badInput(message, 'nitroEnclavesOptions', 'memSizeMb');
  }
}

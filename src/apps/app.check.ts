// What GraphQL's types do not say of an app. Throws BAD_USER_INPUT.
import { badInput } from '../lib/errors.js';
import { parseHex } from '../lib/hex.js';
import { isUuid } from '../lib/ids.js';
import type { App } from './app.entity.js';
import type { AppChanges } from './app.input.js';
import type { AppSigner } from './app-settings.js';

/** Of all documents of an app: lists read whole rows, of other formats up to 1,000 at a time. */
const MAX_DOCUMENT_BYTES = 256 * 1024;
const MAX_NAME_LENGTH = 255;
const MAX_IMAGE_NAME_LENGTH = 2_048;
const MAX_TEXT_LENGTH = 4_096;
const MAX_TEXTS = 128;
const MAX_SIGNERS = 64;

export function checkName(name: string, field = 'name'): void {
  if (name.trim() === '' || name.length > MAX_NAME_LENGTH)
    throw badInput(`\`${field}\` must have 1 to ${MAX_NAME_LENGTH} characters.`, field);
}

export function checkApp(given: AppChanges): void {
  checkSize(given);
  checkLength(given, 'description', MAX_TEXT_LENGTH);
  checkLength(given, 'inputImageName', MAX_IMAGE_NAME_LENGTH);
  checkLength(given, 'outputImageName', MAX_IMAGE_NAME_LENGTH);
  for (const field of ['memSizeMb', 'threads', 'isvprodid', 'isvsvn'] as const) {
    if ((given[field] ?? 0) < 0) throw badInput(`\`${field}\` must not be negative.`, field);
  }
  const { groupId, signers } = given;
  if (typeof groupId === 'string' && !isUuid(groupId)) throw badInput('`groupId` must be a UUID.', 'groupId');
  checkTexts(given.labels, 'labels');
  checkTexts(given.customMetadata, 'customMetadata');
  if ((signers?.length ?? 0) > MAX_SIGNERS) throw badInput(`At most ${MAX_SIGNERS} signers are kept.`, 'signers');
  for (const [index, signer] of (signers ?? []).entries()) checkSigner(signer, ['signers', String(index)]);
}

/** Those that can be given; of domains those asked for, as the others once were. */
const GIVEN_DOCUMENTS = [
  ...(['defaultBuildSettings', 'allowedDomains', 'advancedSettings', 'labels', 'customMetadata'] as const),
  ...(['certificatePolicy', 'signers'] as const),
] satisfies (keyof App)[];

/** The columns of an app that may hold much. */
export const APP_DOCUMENTS = [
  ...GIVEN_DOCUMENTS,
  ...(['whitelistedDomains', 'domainsAdded', 'domainsRemoved'] as const),
] satisfies (keyof App)[];

/** The documents of an app together, once some of them changed. */
export function checkDocuments(app: App): void {
  checkSize(Object.fromEntries(GIVEN_DOCUMENTS.map((name) => [name, app[name]])));
}

export function checkSize(documents: object): void {
  if (Buffer.byteLength(JSON.stringify(documents)) > MAX_DOCUMENT_BYTES)
    throw badInput(`All documents of an app together have at most ${MAX_DOCUMENT_BYTES} bytes.`);
}

function checkLength(
  given: AppChanges,
  field: 'description' | 'inputImageName' | 'outputImageName',
  longest: number,
): void {
  if ((given[field]?.length ?? 0) > longest)
    throw badInput(`\`${field}\` must have at most ${longest} characters.`, field);
}

function checkSigner(signer: AppSigner, path: string[]): void {
  if (Object.keys(signer).length !== 1)
    throw badInput('A signer has exactly one of `sgx` and `nitroEnclave`.', ...path);
  const { sgx, nitroEnclave } = signer;
  if (sgx) parseHex(sgx.mrsigner, 32, ...path, 'sgx', 'mrsigner');
  if (nitroEnclave) parseHex(nitroEnclave.pcr8, 48, ...path, 'nitroEnclave', 'pcr8');
}

function checkTexts(texts: object | null | undefined, field: string): void {
  const entries = Object.entries(texts ?? {});
  if (entries.length > MAX_TEXTS) throw badInput(`\`${field}\` holds at most ${MAX_TEXTS} texts.`, field);
  for (const [name, text] of entries) {
    if (name === '' || name.length > MAX_NAME_LENGTH)
      throw badInput(`The names in \`${field}\` must have 1 to ${MAX_NAME_LENGTH} characters.`, field);
    if (typeof text !== 'string') throw badInput(`\`${field}.${name}\` must be text.`, field, name);
    if (text.length > MAX_TEXT_LENGTH)
      throw badInput(`\`${field}.${name}\` must have at most ${MAX_TEXT_LENGTH} characters.`, field, name);
  }
}

// Reads JSON documents that a registry controls (manifests, image configs) into checked shapes.
// Whatever is not as the specification has it becomes a JobFailure IMAGE_INVALID.
import { CatalogError } from '../lib/errors.js';
import { isUtf8 } from 'node:buffer';
import { parseJson } from '../lib/json.js';
import type { Descriptor } from './image-repository.js';
import { invalidImage } from './image-failure.js';
import { isDigest } from './reference.js';

export type JsonObject = Record<string, unknown>;

const MAX_TEXT = 65_536;
/** Lists and objects in each other, and values: what is beyond would take hundreds of MiB once it is parsed. */
const MAX_DEPTH = 64;
const MAX_VALUES = 500_000;

export function parseDocument(bytes: Buffer, what: string): JsonObject {
  return asMembers(parsedJson(bytes, what), what);
}

export function parseDocumentList(bytes: Buffer, what: string, maxLength: number): unknown[] {
  return asArray(parsedJson(bytes, what), what, maxLength);
}

function parsedJson(bytes: Buffer, what: string): unknown {
  if (!isUtf8(bytes)) throw invalidImage(`${what} is not UTF-8`);
  checkShape(bytes, what);
  try {
    return parseJson(bytes.toString('utf8'));
  } catch (error) {
    if (!(error instanceof CatalogError)) throw error;
    throw invalidImage(`${what} is malformed JSON`);
  }
}

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const OPENING = [0x5b, 0x7b];
const CLOSING = [0x5d, 0x7d];

// Before it is parsed; what is no JSON is left to the parser.
function checkShape(bytes: Buffer, what: string): void {
  let [depth, values, inText] = [0, 0, false];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (inText && byte === BACKSLASH) at++;
    else if (byte === QUOTE) inText = !inText;
    else if (inText) continue;
    else if (OPENING.includes(byte)) [depth, values] = [depth + 1, values + 1];
    else if (CLOSING.includes(byte)) depth--;
    else if (byte === COMMA) values++;
    if (depth > MAX_DEPTH) throw invalidImage(`${what} is nested deeper than ${MAX_DEPTH} levels`);
    if (values > MAX_VALUES) throw invalidImage(`${what} has more than ${MAX_VALUES} values`);
  }
}

export function asObject(value: unknown, what: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw invalidImage(`${what} is not a JSON object`);
}

/** An object of named members: two readers, one of which ignores case as Go does, must not see two of them. */
export function asMembers(value: unknown, what: string): JsonObject {
  const object = asObject(value, what);
  const names = Object.keys(object).map((name) => name.toLowerCase());
  if (new Set(names).size === names.length) return object;
  throw invalidImage(`${what} is ambiguous: it has members whose names differ in nothing but case`);
}

export function asArray(value: unknown, what: string, maxLength: number): unknown[] {
  if (!Array.isArray(value)) throw invalidImage(`${what} is not a list`);
  if (value.length > maxLength) throw invalidImage(`${what} has more than ${maxLength} entries`);
  return value;
}

export function asText(value: unknown, what: string): string {
  if (typeof value === 'string' && value.length <= MAX_TEXT) return value;
  throw invalidImage(`${what} is not a text of reasonable length`);
}

export function asOptional<T>(value: unknown, read: (value: unknown) => T): T | undefined {
  return value === undefined || value === null ? undefined : read(value);
}

export function asDigest(value: unknown, what: string): string {
  const digest = asText(value, what);
  if (isDigest(digest)) return digest;
  throw invalidImage(`${what} is not a sha256 digest`);
}

export function asTextMap(value: unknown, what: string): Record<string, string> {
  const entries = Object.entries(asObject(value, what));
  return Object.fromEntries(entries.map(([name, text]) => [name, asText(text, `${what}.${name.slice(0, 80)}`)]));
}

/** Checks an OCI descriptor. Its `urls` are never read: they would let an image choose what is fetched. */
export function asDescriptor(value: unknown, what: string): Descriptor {
  const object = asObject(value, what);
  const { size } = object;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw invalidImage(`${what} has no valid size`);
  }
  const descriptor: Descriptor = {
    mediaType: asText(object.mediaType, `the media type of ${what}`),
    digest: asDigest(object.digest, `the digest of ${what}`),
    size,
  };
  const annotations = asOptional(object.annotations, (map) => asTextMap(map, `the annotations of ${what}`));
  if (annotations) descriptor.annotations = annotations;
  const platform = asOptional(object.platform, (map) => asPlatform(map, what));
  if (platform) descriptor.platform = platform;
  return descriptor;
}

function asPlatform(value: unknown, what: string): NonNullable<Descriptor['platform']> {
  const object = asObject(value, `the platform of ${what}`);
  const part = (name: string) => asOptional(object[name], (text) => asText(text, `platform.${name} of ${what}`));
  const variant = part('variant');
  const platform = { os: part('os') ?? '', architecture: part('architecture') ?? '' };
  return variant === undefined || variant === '' ? platform : { ...platform, variant };
}

// The file of SOURCES_FILE, read by config.ts: sources with their secrets, which may stand in variables or files.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export interface ConfiguredSource {
  /** Where in the file, for errors. */
  place: string;
  /** Id or hub id; the first account where undefined. */
  account?: string;
  kind: string;
  name: string;
  endpoint?: string;
  region?: string;
  credentials: Record<string, string>;
  syncEverySeconds?: number;
  isWriteBack?: boolean;
}

type Environment = Record<string, string | undefined>;

const MAX_BYTES = 1024 * 1024;
const TEXTS = ['account', 'kind', 'name', 'endpoint', 'region'] as const;
const MEMBERS = [...TEXTS, 'credentials', 'syncEverySeconds', 'writeBack'];
const KINDS = ['CCM', 'CYCLE', 'IMAGE_BUILDER'];
const CREDENTIALS = ['username', 'password', 'token', 'hubId', 'accessKeyId', 'secretAccessKey'];

/** Empty where no file is named. Throws an error that names the place where something can't be right. */
export function configuredSources(file: string, environment: Environment): ConfiguredSource[] {
  if (file === '') return [];
  const document = readDocument(file);
  const list = isObject(document) ? document.sources : document;
  if (!Array.isArray(list)) throw wrong('sources', 'must be a list');
  const sources = list.map((item, index) => sourceOf(item, `sources[${index}]`, environment));
  const names = new Set<string>();
  for (const { place, name, account = '' } of sources) {
    const key = JSON.stringify([account, name]);
    if (names.has(key)) throw wrong(`${place}.name`, 'is used twice in an account');
    names.add(key);
  }
  return sources;
}

function readDocument(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new Error(`SOURCES_FILE: ${JSON.stringify(file)} can not be read (${code})`);
  }
  if (text.length > MAX_BYTES) throw new Error(`SOURCES_FILE: ${JSON.stringify(file)} is longer than 1 MiB`);
  try {
    return parse(text, { maxAliasCount: 100 });
  } catch (error) {
    // The message repeats the lines around, where a password may stand.
    const [line] = (error as { linePos?: { line: number }[] }).linePos ?? [];
    throw new Error(`SOURCES_FILE: line ${line?.line ?? '?'} of ${JSON.stringify(file)} is no YAML`);
  }
}

function sourceOf(item: unknown, place: string, environment: Environment): ConfiguredSource {
  if (!isObject(item)) throw wrong(place, 'must be an object');
  const odd = Object.keys(item).find((name) => !MEMBERS.includes(name));
  if (odd !== undefined) throw wrong(`${place}.${odd}`, `is not known; a source has ${MEMBERS.join(', ')}`);
  const texts = Object.fromEntries(TEXTS.flatMap((name) => textOf(item, name, place)));
  const { kind = '', name = '' } = texts;
  if (!KINDS.includes(kind)) throw wrong(`${place}.kind`, `must be one of ${KINDS.join(', ')}`);
  if (name === '') throw wrong(`${place}.name`, 'is missing');
  const { syncEverySeconds, writeBack } = item;
  if (syncEverySeconds !== undefined && !isInterval(syncEverySeconds))
    throw wrong(`${place}.syncEverySeconds`, 'must be a whole number between 60 and 31536000');
  if (writeBack !== undefined && typeof writeBack !== 'boolean')
    throw wrong(`${place}.writeBack`, 'must be true or false');
  const credentials = credentialsOf(item.credentials, `${place}.credentials`, environment);
  const rest = { syncEverySeconds, isWriteBack: writeBack } as Pick<
    ConfiguredSource,
    'syncEverySeconds' | 'isWriteBack'
  >;
  return { ...texts, ...rest, place, kind, name, credentials };
}

function textOf(item: Record<string, unknown>, name: string, place: string): [string, string][] {
  const value = item[name];
  if (value === undefined) return [];
  if (typeof value !== 'string') throw wrong(`${place}.${name}`, 'must be text');
  return [[name, value]];
}

const isInterval = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 60 && (value as number) <= 31_536_000;

function credentialsOf(value: unknown, place: string, environment: Environment): Record<string, string> {
  if (!isObject(value)) throw wrong(place, 'must be an object');
  return Object.fromEntries(
    Object.entries(value).map(([name, secret]) => {
      const inner = `${place}.${name}`;
      if (!CREDENTIALS.includes(name)) throw wrong(inner, `is not known; credentials have ${CREDENTIALS.join(', ')}`);
      return [name, secretOf(secret, inner, environment)];
    }),
  );
}

/** Text, `{ env: NAME }` or `{ file: path }`. */
function secretOf(value: unknown, place: string, environment: Environment): string {
  if (typeof value === 'string' && value !== '') return value;
  const [[way, from] = [], ...others] = isObject(value) ? Object.entries(value) : [];
  const isNamed = typeof from === 'string' && from !== '' && others.length === 0;
  if (way === 'env' && isNamed) {
    const found = environment[from];
    if (found) return found;
    throw wrong(place, `names the variable ${from}, which is not set`);
  }
  if (way === 'file' && isNamed) return secretFile(from, place);
  throw wrong(place, 'must be text, { env: NAME } or { file: path }');
}

function secretFile(file: string, place: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw wrong(place, `names a file that can not be read (${(error as NodeJS.ErrnoException).code})`);
  }
  if (text === '') throw wrong(place, 'names a file that is empty');
  return text;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const wrong = (place: string, why: string) => new Error(`SOURCES_FILE: ${place} ${why}`);

// The logins that docker, podman and skopeo keep (docker's config.json, containers-auth.json), so that who is logged in
// there need not say it again.
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { badInput } from '../lib/errors.js';
import type { RegistryCredentials } from '../oci/registry-auth.js';
import { askCredentialHelper } from './credential-helper.js';

type Environment = Record<string, string | undefined>;
type JsonObject = Record<string, unknown>;

const MAX_FILE_BYTES = 1024 * 1024;
const HUB = 'docker.io';
const HUB_HOSTS = [HUB, 'index.docker.io', 'registry-1.docker.io'];
/** What docker calls its own registry in its files and to helpers. */
const HUB_KEY = 'https://index.docker.io/v1/';

/**
 * @param host with port, `docker.io` for Docker Hub
 * @param repository for logins that are kept for a part of a registry; the longest that fits wins
 * @returns undefined where no login is kept. Throws BAD_USER_INPUT for a file or a helper that is broken.
 */
export async function dockerCredentials(
  host: string,
  repository: string | undefined,
  environment: Environment,
): Promise<RegistryCredentials | undefined> {
  for (const file of filesOf(environment)) {
    const config = await readConfig(file);
    const found = config && (await findIn(config, host, repository, environment));
    if (found) return found;
  }
  return undefined;
}

/** In the order of skopeo, which looks into docker's file last. */
function filesOf({ REGISTRY_AUTH_FILE, XDG_RUNTIME_DIR, DOCKER_CONFIG, HOME }: Environment): string[] {
  if (REGISTRY_AUTH_FILE) return [REGISTRY_AUTH_FILE];
  const docker = DOCKER_CONFIG || (HOME && join(HOME, '.docker'));
  return [
    ...(XDG_RUNTIME_DIR ? [join(XDG_RUNTIME_DIR, 'containers', 'auth.json')] : []),
    ...(docker ? [join(docker, 'config.json')] : []),
  ];
}

async function findIn(
  config: JsonObject,
  host: string,
  repository: string | undefined,
  environment: Environment,
): Promise<RegistryCredentials | undefined> {
  const server = HUB_HOSTS.includes(host) ? HUB_KEY : host;
  const helpers = new Map(Object.entries(objectOf(config.credHelpers)).map(([key, name]) => [placeOf(key), name]));
  const names = candidates(host, repository);
  const helper = helpers.get(names.at(-1)!) || config.credsStore;
  if (typeof helper === 'string' && helper !== '') {
    const kept = await askCredentialHelper(helper, server, environment);
    if (kept) return kept;
  }
  const logins = new Map(Object.entries(objectOf(config.auths)).map(([key, entry]) => [placeOf(key), entry]));
  for (const name of names) {
    const login = readLogin(objectOf(logins.get(name)));
    if (login) return login;
  }
  return undefined;
}

/** `host/a/b`, `host/a`, `host`. */
function candidates(host: string, repository: string | undefined): string[] {
  const parts = [HUB_HOSTS.includes(host) ? HUB : host, ...(repository ?? '').split('/').filter(Boolean)];
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('/'));
}

/** A key as one of the candidates: docker writes URLs, the path of which means nothing, podman names with a path. */
function placeOf(key: string): string {
  const bare = key.replace(/^https?:\/\//, '');
  const [host = '', ...path] = bare.split('/').filter(Boolean);
  const hasPath = bare === key && !/^v[12]$/.test(path.join('/'));
  const place = HUB_HOSTS.includes(host.toLowerCase()) ? HUB : host.toLowerCase();
  return hasPath ? [place, ...path].join('/') : place;
}

function readLogin(entry: JsonObject): RegistryCredentials | undefined {
  const text = (name: string) => (typeof entry[name] === 'string' ? entry[name] : '');
  const identityToken = text('identitytoken');
  const [, name, secret] = /^([^:]*):([^]*)$/.exec(Buffer.from(text('auth'), 'base64').toString()) ?? [];
  const username = name ?? text('username');
  const password = (secret ?? text('password')).replace(/\0+$/, '');
  if (identityToken !== '') return { username, password, identityToken };
  return username !== '' && password !== '' ? { username, password } : undefined;
}

async function readConfig(path: string): Promise<JsonObject | undefined> {
  const wrong = (why: string) => badInput(`The file of logins ${JSON.stringify(path)} ${why}.`);
  const text = await readBoundedFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw wrong(`can not be read (${error.code})`);
  });
  if (text === undefined) return undefined;
  try {
    return objectOf(JSON.parse(text));
  } catch {
    throw wrong(`is not JSON, or larger than ${MAX_FILE_BYTES} bytes`);
  }
}

async function readBoundedFile(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_FILE_BYTES), 0, MAX_FILE_BYTES, null);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

function objectOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

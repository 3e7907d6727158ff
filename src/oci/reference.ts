// Names of docker images (the grammar of distribution/reference): host, repository, tag and digest.
import { badInput } from '../lib/errors.js';

export interface Reference {
  /** Host with port, in lower case; `docker.io` for Docker Hub. */
  host: string;
  repository: string;
  /** Absent only where there is a digest. */
  tag?: string;
  /** `sha256:` and 64 lower-case hex digits. It wins over the tag. */
  digest?: string;
}

const DOCKER_HUB = 'docker.io';
const DOCKER_HUB_ALIASES = [DOCKER_HUB, 'index.docker.io', 'registry-1.docker.io'];

const MAX_REFERENCE_LENGTH = 1024;
const MAX_NAME_LENGTH = 255;
const HOST = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}

/** The hex digits of a digest. */
export function hexOf(digest: string): string {
  return digest.slice('sha256:'.length);
}

export function isTag(text: string): boolean {
  return TAG.test(text);
}

export function isRepositoryName(text: string): boolean {
  return text.length <= MAX_NAME_LENGTH && text.split('/').every((component) => COMPONENT.test(component));
}

/** The host a reference begins with, as written; undefined where it names none and so means Docker Hub. */
export function hostOf(text: string): string | undefined {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  return first === 'localhost' || /[.:]/.test(first) ? first : undefined;
}

/** Throws BAD_USER_INPUT. The tag is `latest` where the text has neither tag nor digest. */
export function parseReference(text: string, ...field: string[]): Reference {
  const wrong = (why: string) => badInput(`${JSON.stringify(text.slice(0, 300))} ${why}`, ...field);
  if (text.length > MAX_REFERENCE_LENGTH) throw wrong('is too long for an image reference.');
  const written = hostOf(text);
  const host = canonicalHost(written ?? DOCKER_HUB);
  if (host === undefined) throw wrong('does not begin with a valid registry host.');
  const [, name = '', tag, digest] =
    /^([^:@]*)(?::([^@]*))?(?:@(.*))?$/s.exec(written === undefined ? text : text.slice(written.length + 1)) ?? [];
  const repository = host === DOCKER_HUB && !name.includes('/') ? `library/${name}` : name;
  if (!isRepositoryName(name) || !isRepositoryName(repository)) {
    throw wrong('has no valid repository name: lower-case letters, digits and single separators, at most 255.');
  }
  if (tag !== undefined && !isTag(tag)) throw wrong('has no valid tag.');
  if (digest !== undefined && !isDigest(digest)) throw wrong('has no valid digest: sha256: and 64 hex digits.');
  if (digest !== undefined) return tag === undefined ? { host, repository, digest } : { host, repository, tag, digest };
  return { host, repository, tag: tag ?? 'latest' };
}

function canonicalHost(written: string): string | undefined {
  const host = written.toLowerCase();
  const port = /:(\d+)$/.exec(host)?.[1];
  if (!HOST.test(host) || !URL.canParse(`http://${host}`) || port === '0') return undefined;
  return DOCKER_HUB_ALIASES.includes(host) ? DOCKER_HUB : host;
}

/** The full name: with host, and with what stands behind the repository. */
export function formatReference(reference: Reference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${reference.host}/${reference.repository}${tag}${digest}`;
}

/** What `ImageRepository.resolve` takes: the digest where there is one, else the tag. */
export function tagOrDigestOf(reference: Reference): string {
  return reference.digest ?? reference.tag ?? 'latest';
}

/** Where a reference's host is really served. */
export function registryHost(host: string): string {
  return DOCKER_HUB_ALIASES.includes(host) ? 'registry-1.docker.io' : host;
}

// Which docker image an origin leads to, and who one is to its registry.
import { badInput, CatalogError } from '../lib/errors.js';
import type { OwnNames } from '../lib/own-names.js';
import type { ImageTarget, Login } from '../conversions/image-target.js';
import { hostOf, parseReference, tagOrDigestOf } from '../oci/reference.js';
import type { ImageOrigin } from './image-origin.js';
import type { OriginSecrets } from './origin-secrets.js';

const REGISTRIES = ['docker-hub', 'docker-registry', 'oci-registry'];
const DOCKER_HUB = 'docker.io';

/**
 * The image of an origin, or of the target that one image takes in its place. Throws FEATURE_NOT_SUPPORTED for what is
 * no registry, and BAD_USER_INPUT for what is no name of an image there: another registry would get the credentials.
 */
export function importTarget(origin: ImageOrigin, override: string | undefined, names: OwnNames): ImageTarget {
  const { type, details = {} } = origin;
  if (!REGISTRIES.includes(type)) {
    const message = `This gateway imports images from registries; a source of the type ${type} is not supported.`;
    throw new CatalogError('FEATURE_NOT_SUPPORTED', message);
  }
  const target = (override || details.target || '').trim();
  const registry = type === 'docker-hub' ? { host: DOCKER_HUB, path: '' } : registryOf(details.url ?? '');
  const rest = target.startsWith(`${registry.host}/`) ? target.slice(registry.host.length + 1) : target;
  const name = `${registry.host}/${registry.path}${rest}`;
  const reference = parseReference(type === 'docker-hub' ? target : name, 'origin', 'details', 'target');
  if (type === 'docker-hub' && reference.host !== DOCKER_HUB)
    throw badInput(
      'The target is not on Docker Hub: use a source of the type oci-registry.',
      'origin',
      'details',
      'target',
    );
  const { host, repository } = reference;
  return { ...(!names.isOwnHost(host) && { host }), repository, tagOrDigest: tagOrDigestOf(reference) };
}

/** `https://registry.example.com/v2/team/` -> its host, and what stands before every name there. */
function registryOf(url: string): { host: string; path: string } {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `https://${url}`;
  if (!URL.canParse(text)) throw badInput('`url` is no URL of a registry.', 'origin', 'details', 'url');
  const { host, pathname } = new URL(text);
  // Without dot and port it would be the beginning of a name on Docker Hub, which would get the credentials.
  if (hostOf(`${host}/`) === undefined) throw badInput('`url` names no registry.', 'origin', 'details', 'url');
  const path = pathname.replace(/^\/(?:v[12](?:\/|$))?/, '').replace(/\/+$/, '');
  return { host, path: path === '' ? '' : `${path}/` };
}

/** What the origin itself brings; a webhook must be asked. */
export function loginOf({ type, details = {} }: ImageOrigin, secrets: OriginSecrets): Login | undefined {
  const { auth } = details;
  if (type === 'oci-registry') {
    if (auth?.type === 'user') return login(auth.details?.username, secrets['details.auth.details.token']);
    if (auth?.type !== 'provider') return undefined;
    const key = auth.details?.credentials?.api_key;
    return login(key, secrets['details.auth.details.credentials.secret']);
  }
  return login(details.username, secrets['details.password'] ?? secrets['details.token']);
}

/** Registries that take a token alone want some name beside it. */
const login = (username: string | undefined, password: string | undefined): Login | undefined =>
  password === undefined ? undefined : { username: username || 'token', password };

/** URL that answers the login, where the origin has one. */
export const webhookOf = ({ type, details }: ImageOrigin): string | undefined =>
  type === 'oci-registry' && details?.auth?.type === 'webhook' ? details.auth.details?.url : undefined;

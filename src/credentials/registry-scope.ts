// What a stored login is used for: a registry host, or the repositories of one that begin alike. The grammar of names is
// that of docker images, so the function that knows it is handed in.
import { badInput } from '../lib/errors.js';

/** Splits the name of a docker image; throws where it can be none. */
export type ParseImageName = (name: string) => { host: string; repository: string };

const MAX_URL_LENGTH = 512;
const MAX_SCOPE_LENGTH = 255;
const DOCKER_HUB_SITE = 'hub.docker.com';
/** Two parts, as a single one would mean `library/` on Docker Hub. */
const ANY_REPOSITORY = 'x/x';

/**
 * `https://quay.io/v2/acme/` -> `quay.io/acme`. Throws BAD_USER_INPUT, which does not repeat the text: somebody may
 * have written a password into it.
 */
export function scopeOf(url: string, parseName: ParseImageName): string {
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*:\/\/)?(.*)$/is.exec(url.trim().toLowerCase()) ?? [];
  if (url.length > MAX_URL_LENGTH || /[@?#\s]/.test(rest) || !['', 'http://', 'https://'].includes(scheme))
    throw wrong();
  const [written = '', ...path] = rest.replace(/\/+$/, '').split('/');
  // Without dot and port it would be the beginning of a name on Docker Hub.
  if (written !== 'localhost' && !/[.:]/.test(written)) throw wrong();
  if (isApi(path[0]) && (scheme !== '' || path.length === 1)) path.shift();
  const host = withoutDefaultPort(written === DOCKER_HUB_SITE ? 'docker.io' : written, scheme);
  const parsed = parsedName([host, ...path, ANY_REPOSITORY].join('/'), parseName);
  const prefix = parsed.repository.slice(0, -ANY_REPOSITORY.length - 1);
  const scope = prefix === '' ? parsed.host : `${parsed.host}/${prefix}`;
  if (scope.length > MAX_SCOPE_LENGTH) throw wrong();
  return scope;
}

/** Every scope that covers a repository, the longest first. */
export function scopesAround(host: string, repository: string): string[] {
  const parts = [host, ...repository.split('/')];
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('/'));
}

/** The address of a registry's API, as it stands in `docker login` and its configuration. */
const isApi = (part: string | undefined): boolean => part === 'v1' || part === 'v2';

function withoutDefaultPort(host: string, scheme: string): string {
  if (scheme === 'https://') return host.replace(/:443$/, '');
  return scheme === 'http://' ? host.replace(/:80$/, '') : host;
}

function parsedName(name: string, parseName: ParseImageName): ReturnType<ParseImageName> {
  try {
    return parseName(name);
  } catch {
    throw wrong();
  }
}

const wrong = () =>
  badInput(
    '`url` must be the host of a registry, `https://host[:port]`, or either with the beginning of a repository name; ' +
      'without user, password, query or fragment.',
    'url',
  );

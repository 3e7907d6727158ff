// Which image, and who one is to its registry. Alone in its file: the child process loads nothing of the catalog for it.
import type { UpstreamOptions } from '../lib/upstream-options.js';

export interface ImageTarget {
  /** Undefined for the gateway's own store. */
  host?: string;
  repository: string;
  tagOrDigest: string;
}

export interface Login {
  username: string;
  password: string;
}

export interface ConversionCredentials {
  input?: Login;
  output?: Login;
}

interface SecretHolder {
  credentials?: ConversionCredentials;
  images?: { credentials?: Login }[];
  upstream: UpstreamOptions;
}

/** Every text of a task that must not show anywhere: passwords alone, as HTTP's Basic has them, and AWS's in parts. */
export function secretsOf({ credentials, images = [], upstream }: SecretHolder): string[] {
  const logins = [credentials?.input, credentials?.output, ...images.map((image) => image.credentials)];
  const ofLogins = logins.flatMap((login) =>
    login ? [login.password, ...login.password.split(':'), `${login.username}:${login.password}`] : [],
  );
  const proxies = [upstream.proxy?.http, upstream.proxy?.https].filter((url) => url !== undefined);
  const ofProxies = proxies.flatMap((url) => {
    const [username, password] = [new URL(url).username, new URL(url).password].map(decodeURIComponent);
    return [password!, `${username}:${password}`];
  });
  return [...ofLogins, ...ofProxies];
}

/** As rows hold it: names of the store begin with a slash. */
export function formatTarget({ host = '', repository, tagOrDigest }: ImageTarget): string {
  return `${host}/${repository}${tagOrDigest.startsWith('sha256:') ? '@' : ':'}${tagOrDigest}`;
}

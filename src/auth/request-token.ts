// Where a request brings its token: headers, as several kinds of clients spell them, or the cookie of a session.
import type { IncomingHttpHeaders } from 'node:http';
import { CatalogError } from '../lib/errors.js';

export const SESSION_COOKIE = 'build_catalog_session';

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * The token in `Authorization` or in the `Authentication` header of CCM's Swagger clients, with and without "Bearer".
 * With `acceptsBasic` also the password of `Authorization: Basic`.
 */
export function tokenFrom(headers: IncomingHttpHeaders, acceptsBasic = false): string | undefined {
  const { authorization = '' } = headers;
  const basic = acceptsBasic ? basicCredentials(headers) : undefined;
  return basic?.password ?? bearerToken(authorization) ?? bearerToken([headers.authentication ?? ''].flat()[0] ?? '');
}

/** Another scheme is no token; a token alone is. */
function bearerToken(header: string): string | undefined {
  const token = header.trim().replace(/^bearer(?: +|$)/i, '');
  return /^\S+$/.test(token) ? token : undefined;
}

/** User and password of `Authorization: Basic` (RFC 7617). */
export function basicCredentials({ authorization = '' }: IncomingHttpHeaders): Credentials | undefined {
  const basic = /^basic +([\w+/=-]+) *$/i.exec(authorization);
  if (!basic) return undefined;
  const [username = '', ...password] = Buffer.from(basic[1]!, 'base64').toString('utf8').split(':');
  // A NUL can not be kept anywhere, so nobody has such a name.
  return username.includes('\0') ? { username: '', password: '' } : { username, password: password.join(':') };
}

export interface Credentials {
  username: string;
  password: string;
}

/**
 * The token of a session's cookie. A browser sends it with every request, whoever's page makes it; only a page of this
 * origin can add the header X-CSRF-Header. Throws FORBIDDEN where a request that may change something lacks it.
 */
export function cookieToken(method: string, headers: IncomingHttpHeaders): string | undefined {
  const token = new RegExp(`(?:^|;)\\s*${SESSION_COOKIE}=([^;\\s]+)`).exec(headers.cookie ?? '')?.[1];
  if (token === undefined || SAFE_METHODS.includes(method) || headers['x-csrf-header']) return token;
  throw new CatalogError('FORBIDDEN', 'A session cookie counts only together with the header `X-CSRF-Header: true`.');
}

/** HttpOnly, so that no script reads it; SameSite, so that no other site's page sends it. */
export function sessionCookie(token: string, maxAgeSeconds: number, isSecure: boolean): string {
  const attributes = [`Max-Age=${maxAgeSeconds}`, 'Path=/', 'HttpOnly', 'SameSite=Strict'];
  return [`${SESSION_COOKIE}=${token}`, ...attributes, ...(isSecure ? ['Secure'] : [])].join('; ');
}

export const endedSessionCookie = (isSecure: boolean): string => sessionCookie('', 0, isSecure);

// What an origin must have, by its type; more is bounded by the document that describes it. Throws BAD_USER_INPUT,
// without repeating what was given.
import { badInput } from '../lib/errors.js';
import { ORIGIN_TYPES } from './image-origin.js';
import type { ImageOrigin } from './image-origin.js';

const MAX_BYTES = 64 * 1024;

/** Members of the details that a type can not do without. */
const NEEDED: Record<string, string[]> = {
  'docker-hub': ['target'],
  'docker-registry': ['target', 'url'],
  'oci-registry': ['target', 'url'],
  'cycle-upload': ['expires', 'token'],
  'cycle-source': ['source_id'],
};

export function checkOrigin(origin: ImageOrigin): void {
  const { type, details } = origin;
  if (!(ORIGIN_TYPES as readonly string[]).includes(type))
    throw badInput(`\`type\` must be one of ${ORIGIN_TYPES.join(', ')}.`, 'origin', 'type');
  if (Buffer.byteLength(JSON.stringify(origin)) > MAX_BYTES)
    throw badInput(`An origin has at most ${MAX_BYTES} bytes.`, 'origin');
  if (type !== 'none' && details === undefined) throw missing('details');
  for (const name of NEEDED[type] ?? []) {
    const value = details?.[name as 'target'];
    if (typeof value !== 'string' || value === '') throw missing('details', name);
  }
  const urls = [details?.url, details?.auth?.details?.url, details?.repo?.url, details?.targz_url];
  if (urls.some((url) => typeof url === 'string' && hasLogin(url)))
    throw badInput('A URL must not hold a user name or a password: give them as such.', 'origin', 'details');
}

const missing = (...path: string[]) =>
  badInput(`\`${path.at(-1)}\` is missing, which an origin of this type needs.`, 'origin', ...path);

/** Whether a URL would show a secret; a name alone may be a token, but for SSH. */
export function hasLogin(url: string): boolean {
  const found = [url, `https://${url}`].filter((text) => URL.canParse(text)).map((text) => new URL(text));
  if (found.some(({ password }) => password !== '')) return true;
  return found[0] !== undefined && /^https?:$/.test(found[0].protocol) && found[0].username !== '';
}

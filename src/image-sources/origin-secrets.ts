// What of an origin must not be seen: taken out before it is kept or shown, and put back where it is used.
import type { Seal } from '../lib/seal.js';
import type { ImageSource } from './image-source.entity.js';
import type { ImageOrigin } from './image-origin.js';

/** By their paths, `details.auth.details.token`. */
export type OriginSecrets = Record<string, string>;

/** Names of members that are secrets wherever they stand. */
const SECRET_NAMES = ['token', 'password', 'secret', 'config', 'passphrase', 'private_key'];
/** Members that the vendor's description demands also in answers: they are answered empty. */
const DEMANDED = /^details\.(?:token$|repo\.auth\.credentials\.)/;

export function withoutSecrets(origin: ImageOrigin): { origin: ImageOrigin; secrets: OriginSecrets } {
  const secrets: OriginSecrets = {};
  const strip = (value: unknown, path: string): unknown => {
    if (Array.isArray(value)) return value.map((item, index) => strip(item, `${path}.${index}`));
    if (typeof value !== 'object' || value === null) return value;
    const members = Object.entries(value).flatMap(([name, child]: [string, unknown]) => {
      const at = path === '' ? name : `${path}.${name}`;
      if (!SECRET_NAMES.includes(name) || typeof child !== 'string') return [[name, strip(child, at)] as const];
      if (child !== '') secrets[at] = child;
      return isDemanded(origin, at) ? [[name, ''] as const] : [];
    });
    return Object.fromEntries(members);
  };
  return { origin: strip(origin, '') as ImageOrigin, secrets };
}

const isDemanded = ({ type }: ImageOrigin, path: string): boolean =>
  DEMANDED.test(path) && (path !== 'details.token' || type === 'cycle-upload');

const contextOf = ({ accountId, id }: Pick<ImageSource, 'accountId' | 'id'>): string =>
  `image source ${accountId} ${id}`;

type Key = Pick<ImageSource, 'accountId' | 'id'>;

/** Null where there are none. */
export const sealSecrets = (seal: Seal, key: Key, secrets: OriginSecrets): string | null =>
  Object.keys(secrets).length === 0 ? null : seal.close(JSON.stringify(secrets), contextOf(key));

/** Undefined where they were sealed by a key that is not configured any more. */
export function findSecrets(seal: Seal, row: Key & Pick<ImageSource, 'sealedSecrets'>): OriginSecrets | undefined {
  if (row.sealedSecrets === null) return {};
  try {
    return JSON.parse(seal.open(row.sealedSecrets, contextOf(row))) as OriginSecrets;
  } catch {
    return undefined;
  }
}

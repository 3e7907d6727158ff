// The two halves of an access key, in the form that AWS gives them, and the secret one at rest: bound to its row.
import { randomBytes, randomInt } from 'node:crypto';
import type { Seal } from '../lib/seal.js';
import type { AccessKey } from './access-key.entity.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** `AKIA` and 16 characters of base32: 80 random bits. */
export const newAccessKeyId = (): string =>
  `AKIA${Array.from({ length: 16 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')}`;

/** 40 characters of base64: 240 random bits. */
export const newSecretAccessKey = (): string => randomBytes(30).toString('base64');

type Row = Pick<AccessKey, 'accountId' | 'id' | 'accessKeyId'>;

const contextOf = ({ accountId, id, accessKeyId }: Row): string => `access key ${accountId} ${id} ${accessKeyId}`;

export const sealSecret = (seal: Seal, row: Row, secret: string): string => seal.close(secret, contextOf(row));

/** Undefined where it was sealed by a key that is not configured any more. */
export function findSecret(seal: Seal, row: AccessKey): string | undefined {
  try {
    return seal.open(row.sealedSecret, contextOf(row));
  } catch {
    return undefined;
  }
}

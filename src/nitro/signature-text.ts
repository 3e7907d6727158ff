// A signature as people bring it back from where their key is: AWS KMS answers DER in base64, OpenSSL writes DER,
// PKCS#11 devices give r and s as they are, and any of them may have gone through hex or base64.
import { badInput } from '../lib/errors.js';
import { SIGNING_ALGORITHMS } from './cose.js';
import type { SigningAlgorithm } from './cose.js';

const MAX_CHARACTERS = 1024;
const INTEGER = 0x02;
const SEQUENCE = 0x30;

/**
 * r and s, of fixed length: from themselves or DER, as bytes, hex or base64 (line breaks do not matter).
 * Throws BAD_USER_INPUT; whether it signs anything, `isSignatureOf` tells.
 */
export function parseSignature(given: string | Buffer, algorithm: SigningAlgorithm): Buffer {
  const { signatureBytes } = SIGNING_ALGORITHMS[algorithm];
  for (const bytes of typeof given === 'string' ? readings(given) : [given]) {
    if (bytes.length === signatureBytes) return bytes;
    const fromDer = bytes.length <= MAX_CHARACTERS ? rawOfDer(bytes, signatureBytes / 2) : undefined;
    if (fromDer) return fromDer;
  }
  throw badInput(
    `The signature must be ${signatureBytes} bytes (r and s) or DER, in base64 or hex, for ${algorithm}.`,
    'signature',
  );
}

function readings(given: string): Buffer[] {
  if (given.length > MAX_CHARACTERS) return [];
  const text = given.replace(/\s/g, '');
  const found: Buffer[] = [];
  if (/^([0-9a-f]{2})+$/i.test(text)) found.push(Buffer.from(text, 'hex'));
  if (/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) found.push(Buffer.from(text, 'base64'));
  return found;
}

/** SEQUENCE { INTEGER r, INTEGER s }, in their shortest form. */
function rawOfDer(der: Buffer, width: number): Buffer | undefined {
  const body = element(der, 0, SEQUENCE);
  if (!body || body.end !== der.length) return undefined;
  const r = element(der, body.start, INTEGER);
  const s = r && element(der, r.end, INTEGER);
  if (!s || s.end !== der.length) return undefined;
  const numbers = [r, s].map(({ start, end }) => padded(der.subarray(start, end), width));
  return numbers.every((number) => number !== undefined) ? Buffer.concat(numbers) : undefined;
}

function element(der: Buffer, at: number, tag: number): { start: number; end: number } | undefined {
  const first = der[at + 1];
  if (der[at] !== tag || first === undefined) return undefined;
  // 521 bits take a sequence of more than 127 bytes, whose length takes two.
  const long = first === 0x81;
  const length = long ? der[at + 2] : first;
  if (length === undefined || (!long && length > 0x7f) || (long && length < 0x80)) return undefined;
  const start = at + (long ? 3 : 2);
  return start + length <= der.length ? { start, end: start + length } : undefined;
}

function padded(integer: Buffer, width: number): Buffer | undefined {
  const [first = 0x80, second = 0] = integer;
  if (first > 0x7f || (first === 0 && integer.length > 1 && second < 0x80)) return undefined;
  const digits = first === 0 ? integer.subarray(1) : integer;
  return digits.length <= width ? Buffer.concat([Buffer.alloc(width - digits.length), digits]) : undefined;
}

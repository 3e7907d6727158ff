// How an EIF says who signed its PCR0: a COSE_Sign1 (RFC 9052) beside the certificate, as AWS's tools write both.
// They hold bytes as lists of small numbers where others would have a byte string, and sign over just those bytes.
import { createHash } from 'node:crypto';
import { parseHex } from '../lib/hex.js';
import { decodeCbor, encodeCbor } from './cbor.js';
import type { CborValue } from './cbor.js';
import { InvalidEif } from './invalid-eif.js';

export type SigningAlgorithm = 'ES256' | 'ES384' | 'ES512';

/** The number of the algorithm in COSE, OpenSSL's name of its curve, its hash and the bytes of r and s together. */
export const SIGNING_ALGORITHMS = {
  ES256: { cose: -7, curve: 'prime256v1', hash: 'sha256', signatureBytes: 64 },
  ES384: { cose: -35, curve: 'secp384r1', hash: 'sha384', signatureBytes: 96 },
  ES512: { cose: -36, curve: 'secp521r1', hash: 'sha512', signatureBytes: 132 },
} as const;

const PCR_BYTES = 48;
export const MAX_SIGNATURE_SECTION_BYTES = 32_768;

/** What is hashed and signed, for a key that hashes itself. @param pcr0 96 hex digits */
export function toBeSigned(pcr0: string, algorithm: SigningAlgorithm): Buffer {
  return signedBytes(protectedHeader(algorithm), payloadOf(pcr0));
}

/** The digest to be signed, for a key that signs digests (AWS KMS with MessageType DIGEST, for one). */
export function digestToSign(pcr0: string, algorithm: SigningAlgorithm): Buffer {
  return createHash(SIGNING_ALGORITHMS[algorithm].hash).update(toBeSigned(pcr0, algorithm)).digest();
}

/** The signature section's data. @param signature r and s, as `parseSignature` and `signPcr0` give them */
export function signatureSection(
  certificate: { pem: string; algorithm: SigningAlgorithm },
  pcr0: string,
  signature: Buffer,
): Buffer {
  const sign1 = encodeCbor([protectedHeader(certificate.algorithm), new Map(), payloadOf(pcr0), signature]);
  const entry = new Map<string, CborValue>([
    ['signing_certificate', [...Buffer.from(certificate.pem)]],
    ['signature', [...sign1]],
  ]);
  return encodeCbor([entry]);
}

export interface CoseSignature {
  /** The certificate file as it was given to whoever signed. */
  pem: string;
  algorithm: SigningAlgorithm;
  /** Which PCR is signed: 0, and its value in hex. */
  registerIndex: number;
  registerValue: string;
  /** The bytes that the signature counts for, and r and s. */
  signed: Buffer;
  signature: Buffer;
}

/** Reads what `signatureSection` writes; throws InvalidEif for anything else. Verifies nothing. */
export function parseSignatureSection(section: Buffer): CoseSignature {
  if (section.length > MAX_SIGNATURE_SECTION_BYTES) throw new InvalidEif('its signature section is too large');
  const list = decodeCbor(section);
  if (!Array.isArray(list) || list.length !== 1) throw new InvalidEif('it does not have exactly one signature');
  const entry = members(list[0], ['signing_certificate', 'signature']);
  const pem = byteList(entry[0]).toString('utf8');
  return { pem, ...parseSign1(byteList(entry[1])) };
}

function parseSign1(bytes: Buffer): Omit<CoseSignature, 'pem'> {
  const sign1 = decodeCbor(bytes);
  if (!Array.isArray(sign1) || sign1.length !== 4) throw new InvalidEif('its signature is no COSE_Sign1');
  const [header, unprotected, payload, signature] = sign1;
  if (!Buffer.isBuffer(header) || !Buffer.isBuffer(payload) || !Buffer.isBuffer(signature)) {
    throw new InvalidEif('its signature is no COSE_Sign1');
  }
  if (!(unprotected instanceof Map) || unprotected.size > 0) throw new InvalidEif('its signature has odd headers');
  const algorithm = algorithmOf(decodeCbor(header));
  if (signature.length !== SIGNING_ALGORITHMS[algorithm].signatureBytes) {
    throw new InvalidEif('its signature has the wrong length');
  }
  const [registerIndex, value] = members(decodeCbor(payload), ['register_index', 'register_value']);
  const register = byteList(value);
  if (typeof registerIndex !== 'number' || register.length !== PCR_BYTES) {
    throw new InvalidEif('its signature does not sign a PCR');
  }
  return {
    algorithm,
    registerIndex,
    registerValue: register.toString('hex'),
    signed: signedBytes(header, payload),
    signature,
  };
}

function algorithmOf(header: CborValue): SigningAlgorithm {
  const number = header instanceof Map && header.size === 1 ? header.get(1) : undefined;
  const names = Object.keys(SIGNING_ALGORITHMS) as SigningAlgorithm[];
  const algorithm = names.find((name) => SIGNING_ALGORITHMS[name].cose === number);
  if (!algorithm) throw new InvalidEif('its signature is of an unknown algorithm');
  return algorithm;
}

function members(value: CborValue | undefined, names: [string, string]): [CborValue, CborValue] {
  const [first, second] = value instanceof Map && value.size === 2 ? names.map((name) => value.get(name)) : [];
  if (first === undefined || second === undefined) throw new InvalidEif(`its signature has no ${names.join(' or ')}`);
  return [first, second];
}

function byteList(value: CborValue): Buffer {
  const isBytes = Array.isArray(value) && value.every((item) => typeof item === 'number' && item >= 0 && item < 256);
  if (!isBytes) throw new InvalidEif('its signature has something else where a list of bytes should be');
  return Buffer.from(value as number[]);
}

function protectedHeader(algorithm: SigningAlgorithm): Buffer {
  return encodeCbor(new Map([[1, SIGNING_ALGORITHMS[algorithm].cose]]));
}

function payloadOf(pcr0: string): Buffer {
  const value = [...Buffer.from(parseHex(pcr0, PCR_BYTES, 'pcr0'), 'hex')];
  return encodeCbor(
    new Map<string, CborValue>([
      ['register_index', 0],
      ['register_value', value],
    ]),
  );
}

function signedBytes(header: Buffer, payload: Buffer): Buffer {
  return encodeCbor(['Signature1', header, Buffer.alloc(0), payload]);
}

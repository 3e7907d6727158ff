// Who signs an EIF: a certificate, and its key or whoever holds it (AWS KMS, a PKCS#11 device) and gives a signature back.
// Nothing here puts a key, or an error that OpenSSL made of one, into a message.
import { X509Certificate, createHash, createPrivateKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { badInput } from '../lib/errors.js';
import { MAX_SIGNATURE_SECTION_BYTES, SIGNING_ALGORITHMS, signatureSection, toBeSigned } from './cose.js';
import type { SigningAlgorithm } from './cose.js';
import { extendFromZero } from './measure.js';

export interface SigningCertificate {
  /** As given: it goes into the EIF byte by byte, a chain too. */
  pem: string;
  algorithm: SigningAlgorithm;
  /** 96 hex digits: what an EIF that is signed with it has as PCR8. */
  pcr8: string;
  /** Of the first certificate, as are the others: `CN=release, O=Example`. */
  subject: string;
  issuer: string;
  notBefore: Date;
  notAfter: Date;
  /** 64 hex digits, of the DER encoding. */
  sha256: string;
}

const CERTIFICATE = 'certificate';
const MAX_KEY_CHARACTERS = 16_384;
const CURVES = 'P-256, P-384 or P-521';

/** Throws BAD_USER_INPUT, saying what is wrong with it. */
export function parseSigningCertificate(pem: string): SigningCertificate {
  if (pem.length > MAX_SIGNATURE_SECTION_BYTES) throw tooLarge();
  checkBlocks(pem);
  const { certificate, key } = readX509(pem);
  const algorithm = algorithmOf(key, CERTIFICATE);
  // The most that a signature with it could take; bytes are numbers in its section, most of them of two bytes.
  const largest = Buffer.alloc(SIGNING_ALGORITHMS[algorithm].signatureBytes, 0xff);
  const section = signatureSection({ pem, algorithm }, 'f'.repeat(96), largest);
  if (section.length > MAX_SIGNATURE_SECTION_BYTES) throw tooLarge();
  const der = certificate.raw;
  return {
    pem,
    algorithm,
    pcr8: extendFromZero(createHash('sha384').update(der).digest()),
    subject: certificate.subject?.replaceAll('\n', ', ') ?? '',
    issuer: certificate.issuer?.replaceAll('\n', ', ') ?? '',
    notBefore: new Date(certificate.validFrom),
    notAfter: new Date(certificate.validTo),
    sha256: createHash('sha256').update(der).digest('hex'),
  };
}

/** Throws BAD_USER_INPUT where it is no plain private key of the certificate. */
export function parseSigningKey(pem: string, certificate: SigningCertificate): KeyObject {
  if (pem.length > MAX_KEY_CHARACTERS) throw badInput('The signing key is too large.', 'key');
  if (/ENCRYPTED/.test(pem)) throw badInput('The signing key is encrypted: give it decrypted.', 'key');
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: pem, format: 'pem' });
  } catch {
    throw badInput('The signing key is no private key in PEM form.', 'key');
  }
  algorithmOf(key, 'key');
  if (!new X509Certificate(certificate.pem).checkPrivateKey(key)) {
    throw badInput('The signing key is not the key of the certificate.', 'key');
  }
  return key;
}

/** @returns r and s; ECDSA is randomised, so each time others */
export function signPcr0(key: KeyObject, certificate: SigningCertificate, pcr0: string): Buffer {
  const { hash } = SIGNING_ALGORITHMS[certificate.algorithm];
  return sign(hash, toBeSigned(pcr0, certificate.algorithm), { key, dsaEncoding: 'ieee-p1363' });
}

/** @param signature r and s */
export function isSignatureOf(certificate: SigningCertificate, pcr0: string, signature: Buffer): boolean {
  return verifies(certificate, toBeSigned(pcr0, certificate.algorithm), signature);
}

export function verifies(certificate: SigningCertificate, signed: Buffer, signature: Buffer): boolean {
  const { hash, signatureBytes } = SIGNING_ALGORITHMS[certificate.algorithm];
  if (signature.length !== signatureBytes) return false;
  const key = new X509Certificate(certificate.pem).publicKey;
  return verify(hash, signed, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

// The file is published inside the EIF: a key that stands beside the certificate would be too.
function checkBlocks(pem: string): void {
  const blocks = [...pem.matchAll(/^-----BEGIN ([^\n]*?)-----/gm)].map(([, name]) => name!);
  if (blocks.length === 0) throw badInput('The signing certificate is not in PEM form.', CERTIFICATE);
  const other = blocks.find((name) => name !== 'CERTIFICATE');
  if (other === undefined && !/PRIVATE KEY/.test(pem)) return;
  const what = other === undefined || /PRIVATE/.test(other) ? 'a private key' : 'something else';
  throw badInput(`The signing certificate's file holds ${what} beside certificates: remove it.`, CERTIFICATE);
}

function readX509(pem: string): { certificate: X509Certificate; key: KeyObject } {
  try {
    const certificate = new X509Certificate(pem);
    // Fails for a key of an unknown kind, or one that is no point of its curve.
    return { certificate, key: certificate.publicKey };
  } catch {
    throw badInput(
      'The signing certificate is not a certificate in PEM form, or has a key that cannot be read.',
      CERTIFICATE,
    );
  }
}

function algorithmOf(key: KeyObject, field: string): SigningAlgorithm {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const names = Object.keys(SIGNING_ALGORITHMS) as SigningAlgorithm[];
  const algorithm = names.find((name) => SIGNING_ALGORITHMS[name].curve === details?.namedCurve);
  if (type === 'ec' && algorithm) return algorithm;
  const found = type === 'ec' ? `on the curve ${details?.namedCurve ?? 'of its own'}` : `of the type ${type}`;
  throw badInput(`The signing ${field} has a key ${found}: AWS accepts ${CURVES} only.`, field);
}

function tooLarge(): Error {
  const room = `the signature section of an EIF has ${MAX_SIGNATURE_SECTION_BYTES} bytes`;
  return badInput(`The signing certificate is too large: ${room}, so give a shorter chain.`, CERTIFICATE);
}

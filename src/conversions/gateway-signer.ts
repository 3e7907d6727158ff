// The key of the gateway, with which it signs what it converts. Conversions run in processes that never see it: they
// ask for one signature.
import { readFileSync } from 'node:fs';
import { parseSigningCertificate, parseSigningKey, signPcr0 } from '../nitro/signing.js';
import type { SigningCertificate } from '../nitro/signing.js';

export interface GatewaySigner {
  certificate: SigningCertificate;
  /** r and s. */
  sign: (pcr0: string) => Buffer;
}

/** Throws where a file can't be read or is not what it must be, without a word of its content. */
export function readGatewaySigner(files: { key: string; certificate: string }): GatewaySigner {
  const certificate = read(files.certificate, parseSigningCertificate);
  const key = read(files.key, (pem) => parseSigningKey(pem, certificate));
  return { certificate, sign: (pcr0) => signPcr0(key, certificate, pcr0) };
}

function read<T>(file: string, parse: (text: string) => T): T {
  try {
    return parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`${file} can not be used for signing: ${(error as Error).message}`);
  }
}

// Keys and certificates as people make them, with OpenSSL; made once for each test file that asks.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Signer {
  certificate: string;
  key: string;
  keyFile: string;
}

/** @param kind a curve (`prime256v1`, `secp384r1` ...), or `rsa` */
export function newSigner(folder: string, kind: string): Signer {
  const keyFile = join(folder, `${kind}.key`);
  const certificateFile = join(folder, `${kind}.pem`);
  const type = kind === 'rsa' ? ['-newkey', 'rsa:2048'] : ['-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${kind}`];
  const subject = ['-subj', '/O=Example/CN=release', '-days', '30'];
  openssl('req', '-x509', ...type, '-nodes', '-keyout', keyFile, '-out', certificateFile, ...subject);
  return { certificate: readFileSync(certificateFile, 'utf8'), key: readFileSync(keyFile, 'utf8'), keyFile };
}

export function openssl(...args: string[]): Buffer {
  return execFileSync('openssl', args, { stdio: 'pipe' });
}

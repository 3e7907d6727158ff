// Whether the signature that an EIF brings along is worth anything. A file from anywhere brings any certificate: who it
// belongs to, and whether one trusts it, is for the reader to say, by PCR8.
import { CatalogError } from '../lib/errors.js';
import { parseSignatureSection } from './cose.js';
import type { SigningAlgorithm } from './cose.js';
import { whatIsInvalid } from './invalid-eif.js';
import { parseSigningCertificate, verifies } from './signing.js';
import type { SigningCertificate } from './signing.js';

export interface SignatureVerdict {
  /** True where the certificate's key has signed this PCR0. */
  valid: boolean;
  /** Null where it cannot be read or AWS would not accept it. */
  certificate: SigningCertificate | null;
  algorithm: SigningAlgorithm | null;
  /** Why it is not valid, clauses as in InvalidEif. */
  problems: string[];
}

/** @param pcr0 computed from the EIF */
export function judgeSignature(section: Buffer, pcr0: string): SignatureVerdict {
  try {
    const { pem, algorithm, registerIndex, registerValue, signed, signature } = parseSignatureSection(section);
    const certificate = parseSigningCertificate(pem);
    const problems: string[] = [];
    if (registerIndex !== 0) problems.push(`its signature is over PCR${registerIndex}, not PCR0`);
    if (registerValue !== pcr0) problems.push('its signature is over another PCR0');
    if (algorithm !== certificate.algorithm) problems.push('its signature is of another algorithm than its key');
    else if (!verifies(certificate, signed, signature)) problems.push('its signature is not of its certificate');
    return { valid: problems.length === 0, certificate, algorithm, problems };
  } catch (error) {
    const what =
      error instanceof CatalogError ? `its signature cannot be used (${error.message})` : whatIsInvalid(error);
    return { valid: false, certificate: null, algorithm: null, problems: [what] };
  }
}

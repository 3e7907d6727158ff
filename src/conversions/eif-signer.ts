// Who signs the EIF of a conversion.
import { signatureSection } from '../nitro/cose.js';
import type { SigningCertificate } from '../nitro/signing.js';
import type { RecipeSigning } from '../proof/recipe.js';

export interface EifSigner {
  /** Of the certificate, 96 hex digits. */
  pcr8: string;
  /** The signature section for an image of this PCR0, made of that input image. Throws JobFailure, or SignatureWanted where there is none yet. */
  section(pcr0: string, imageDigest: string): Promise<Buffer>;
}

export type NamedSigner = EifSigner & RecipeSigning;

/** @param signatureOf gives r and s */
export function eifSigner(
  certificate: SigningCertificate,
  signatureOf: (pcr0: string, imageDigest: string) => Promise<Buffer>,
): NamedSigner {
  const { algorithm, pcr8, sha256: certificateSha256 } = certificate;
  const section = async (pcr0: string, imageDigest: string) =>
    signatureSection(certificate, pcr0, await signatureOf(pcr0, imageDigest));
  return { algorithm, pcr8, certificateSha256, section };
}

/** The image is measured and now has to be signed elsewhere; the conversion ends here and runs again with the signature. */
export class SignatureWanted extends Error {
  constructor(
    readonly pcr0: string,
    /** What the tag of the input image led to: what is signed must be what is built. */
    readonly imageDigest: string,
  ) {
    super('The image is to be signed elsewhere');
  }
}

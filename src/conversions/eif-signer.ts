// Who signs the EIF of a conversion.

export interface EifSigner {
  /** Of the certificate, 96 hex digits. */
  pcr8: string;
  /** The signature section for an image of this PCR0, made of that input image. Throws JobFailure, or SignatureWanted where there is none yet. */
  section(pcr0: string, imageDigest: string): Promise<Buffer>;
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

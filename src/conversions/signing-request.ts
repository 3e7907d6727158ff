// What a job wants signed elsewhere, and whether what comes back is that.
import type { Job, SigningRequest } from '../jobs/job.entity.js';
import { badInput, CatalogError } from '../lib/errors.js';
import { digestToSign, toBeSigned } from '../nitro/cose.js';
import { parseSignature } from '../nitro/signature-text.js';
import { isSignatureOf, parseSigningCertificate } from '../nitro/signing.js';
import type { WantedSignature } from './child-messages.js';
import type { ConversionRequest } from './conversion-request.js';

/** A signature may need people in another time zone, and their weekend. */
const PATIENCE_MS = 7 * 24 * 60 * 60 * 1000;

/** What the holder of the certificate's key has to sign. */
export function signingRequest(certificatePem: string, { pcr0, imageDigest }: WantedSignature): SigningRequest {
  const { algorithm, pcr8 } = parseSigningCertificate(certificatePem);
  return {
    algorithm,
    pcr0,
    pcr8,
    imageDigest,
    digest: digestToSign(pcr0, algorithm).toString('hex'),
    toBeSigned: toBeSigned(pcr0, algorithm).toString('base64'),
    expiresAt: new Date(Date.now() + PATIENCE_MS),
  };
}

/** Base64 of r and s. Throws CONFLICT where the job wants none, BAD_USER_INPUT for one that is not the certificate's. */
export function checkedSignature({ input, signing: wanted, status }: Job, given: string): string {
  const { signing } = input as ConversionRequest;
  if (signing?.by !== 'EXTERNAL' || !wanted) {
    throw new CatalogError('CONFLICT', `The job is ${status} and waits for no signature.`);
  }
  const certificate = parseSigningCertificate(signing.certificate);
  const signature = parseSignature(given, certificate.algorithm);
  if (!isSignatureOf(certificate, wanted.pcr0, signature)) {
    throw badInput('This is not a signature of `toBeSigned` by the key of the certificate.', 'signature');
  }
  return signature.toString('base64');
}

// Why a job could not do its work: recorded on the job as data, never thrown at a caller.
// It stands here because the folders that fail (oci, nitro) must not know what a job is.

export enum JobFailureCode {
  IMAGE_NOT_FOUND = 'IMAGE_NOT_FOUND',
  REGISTRY_UNAUTHORIZED = 'REGISTRY_UNAUTHORIZED',
  REGISTRY_UNREACHABLE = 'REGISTRY_UNREACHABLE',
  REGISTRY_FORBIDDEN_ADDRESS = 'REGISTRY_FORBIDDEN_ADDRESS',
  DIGEST_MISMATCH = 'DIGEST_MISMATCH',
  IMAGE_INVALID = 'IMAGE_INVALID',
  IMAGE_TOO_LARGE = 'IMAGE_TOO_LARGE',
  IMAGE_IN_USE = 'IMAGE_IN_USE',
  ARCHITECTURE_NOT_AVAILABLE = 'ARCHITECTURE_NOT_AVAILABLE',
  BLOBS_MISSING = 'BLOBS_MISSING',
  DISK_FULL = 'DISK_FULL',
  CREDENTIALS_UNREADABLE = 'CREDENTIALS_UNREADABLE',
  SIGNATURE_INVALID = 'SIGNATURE_INVALID',
  SOURCE_NOT_FOUND = 'SOURCE_NOT_FOUND',
  SOURCE_UNAUTHORIZED = 'SOURCE_UNAUTHORIZED',
  SOURCE_UNREACHABLE = 'SOURCE_UNREACHABLE',
  SOURCE_FORBIDDEN_ADDRESS = 'SOURCE_FORBIDDEN_ADDRESS',
  SOURCE_INVALID = 'SOURCE_INVALID',
  WRITE_BACK_REFUSED = 'WRITE_BACK_REFUSED',
  WRITE_BACK_UNKNOWN = 'WRITE_BACK_UNKNOWN',
  DEADLINE_EXCEEDED = 'DEADLINE_EXCEEDED',
  WORKER_LOST = 'WORKER_LOST',
  INTERNAL = 'INTERNAL',
}

export class JobFailure extends Error {
  /**
   * @param message what happened, in one sentence, without secrets
   * @param hint what the user can do about it
   */
  constructor(
    readonly code: JobFailureCode,
    message: string,
    readonly hint: string,
  ) {
    super(message);
    this.name = 'JobFailure';
  }
}

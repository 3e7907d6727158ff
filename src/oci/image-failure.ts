// The failures of a docker image that cannot be converted, each with what its owner can do about it.
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';

/** @param what a clause without capital and full stop, e.g. `layer 2 is truncated` */
export function invalidImage(what: string, hint = 'Build and push the image again.'): JobFailure {
  return new JobFailure(JobFailureCode.IMAGE_INVALID, `The docker image is invalid: ${what}.`, hint);
}

/** A manifest that names what is not where it was written to. */
export class ContentMissing extends JobFailure {
  /** @param what as for `invalidImage` */
  constructor(what: string) {
    const hint = 'Push what it names first, to the same repository.';
    super(JobFailureCode.IMAGE_INVALID, `The docker image is invalid: ${what}.`, hint);
  }
}

export function imageTooLarge(what: string, hint: string): JobFailure {
  return new JobFailure(JobFailureCode.IMAGE_TOO_LARGE, `The docker image is too large: ${what}.`, hint);
}

/** In files of the user's own; what a registry or the store has not, they say themselves. */
export function imageNotFound(message: string): JobFailure {
  return new JobFailure(JobFailureCode.IMAGE_NOT_FOUND, message, 'Check the path and the name of the image.');
}

/** A full disk becomes a failure that says so; any other error stays what it is. */
export function asDiskFailure(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new JobFailure(
    JobFailureCode.DISK_FULL,
    'The disk of the gateway is full.',
    'Free some space under DATA_DIR or move it to a larger disk, then retry the job.',
  );
}

/** A name from an image, cut and made printable, for a message. */
export function quoteName(name: string): string {
  const utf8 = Buffer.from(name.slice(0, 200), 'latin1').toString('utf8');
  return JSON.stringify(utf8);
}

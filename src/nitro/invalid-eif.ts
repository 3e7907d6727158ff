// The failure of a file that is no valid EIF. Files come from anywhere: every reader of this folder fails with this.
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';

export class InvalidEif extends JobFailure {
  /** @param what a clause without capital and full stop, e.g. `its header is cut` */
  constructor(readonly what: string) {
    super(JobFailureCode.IMAGE_INVALID, `The EIF is invalid: ${what}.`, 'Build the EIF again, or copy it again.');
    this.name = 'InvalidEif';
  }
}

/** The clause of a failure of these readers; anything else is thrown on. */
export function whatIsInvalid(error: unknown): string {
  if (error instanceof InvalidEif) return error.what;
  throw error;
}

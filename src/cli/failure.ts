// Why a command failed, for people and for programs. The shared code speaks to users of a gateway: here some of its
// hints are said in terms of the command line.
import { CatalogError } from '../lib/errors.js';
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';

/** The command line itself is wrong: exit code 2, before anything was done. */
export class UsageError extends Error {}

export interface CliFailure {
  /** A JobFailureCode, USAGE, BAD_USER_INPUT or FILE_SYSTEM. */
  code: string;
  message: string;
  hint: string;
}

const HINTS: Partial<Record<string, string>> = {
  BLOBS_MISSING:
    'Install the package aws-nitro-enclaves-cli-devel, or name a folder with its files: --blobs DIR or NITRO_BLOBS_DIR.',
  DISK_FULL: 'Free some space where the output goes and in the folder for temporary files (--tmp DIR).',
  REGISTRY_FORBIDDEN_ADDRESS: 'If you trust the registry, name it: --allow HOST[:PORT], or UPSTREAM_ALLOW.',
  REGISTRY_UNAUTHORIZED: 'Sign in with `docker login`, or pass --username and --password-stdin.',
};

const SEE_HELP = 'See build-catalog --help.';

export function toFailure(error: unknown): CliFailure {
  const { message, code } = error as Error & { code?: unknown };
  if (error instanceof UsageError) return { code: 'USAGE', message, hint: SEE_HELP };
  if (error instanceof CatalogError) return { code: error.code, message, hint: SEE_HELP };
  if (error instanceof JobFailure) {
    const said = error.code === JobFailureCode.DISK_FULL ? 'The disk is full.' : message;
    return { code: error.code, message: said, hint: HINTS[error.code] ?? error.hint };
  }
  // Errors of the operating system name the file: ENOENT: no such file or directory, open 'x.eif'.
  if (typeof code === 'string' && /^E[A-Z0-9]+$/.test(code)) {
    return { code: 'FILE_SYSTEM', message, hint: 'Check the path and who may use it.' };
  }
  return { code: 'INTERNAL', message: String(message), hint: 'This should not happen: please report it.' };
}

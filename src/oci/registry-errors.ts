// What a registry's answers and a broken connection to it mean for a job. A registry's own words are not repeated,
// but for its error codes: it may echo what it was sent, a password included.
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import type { UpstreamResponse } from '../lib/upstream.js';
import { readBounded } from '../lib/upstream.js';
import { UpstreamFailure } from '../lib/upstream-failure.js';

const MAX_ERROR_BYTES = 64 * 1024;

export function registryFailure(
  message: string,
  hint = 'Try again later, or ask whoever runs the registry.',
): JobFailure {
  return new JobFailure(JobFailureCode.REGISTRY_UNREACHABLE, message, hint);
}

export function unauthorized(host: string, hadCredentials: boolean): JobFailure {
  return new JobFailure(
    JobFailureCode.REGISTRY_UNAUTHORIZED,
    hadCredentials ? `${host} refused the user name and password.` : `${host} asks for a user name and password.`,
    'Check the user name, the password and their rights on the repository.',
  );
}

/** A failure of the connection as one of the job; what is no such failure (an abort, a defect) unchanged. */
export function failureOf(error: unknown, host: string): unknown {
  if (!(error instanceof UpstreamFailure)) return error;
  switch (error.kind) {
    case 'CERTIFICATE':
    case 'NOT_TLS':
      return registryFailure(
        error.message,
        `Check the registry's certificate, or ask the operator to add ${host} to UPSTREAM_ALLOW if it speaks plain http.`,
      );
    case 'DNS':
    case 'CONNECT':
      return registryFailure(error.message, 'Check the host name and the port in the image reference.');
    case 'RESET':
    case 'TIMEOUT':
    case 'REDIRECT':
    case 'TOO_LARGE':
      return registryFailure(error.message);
  }
}

/** Reads and closes an answer that was not the one hoped for. */
export async function refusal(response: UpstreamResponse, host: string, what: string): Promise<JobFailure> {
  const codes = await errorCodes(response);
  const told = `${host} answered ${what} with the status ${response.status}${codes.length > 0 ? ` (${codes.join(', ')})` : ''}.`;
  const fail = (code: JobFailureCode, hint: string) => new JobFailure(code, told, hint);
  switch (response.status) {
    case 401:
    case 403:
      return fail(
        JobFailureCode.REGISTRY_UNAUTHORIZED,
        'Check the user name, the password and their rights on the repository.',
      );
    case 404:
      return fail(
        JobFailureCode.IMAGE_NOT_FOUND,
        'Check the repository and the tag; some registries hide what the user may not read, or want a repository made before the first push.',
      );
    case 405:
      return fail(JobFailureCode.REGISTRY_UNAUTHORIZED, 'The registry is read-only: choose another one to push to.');
    case 413:
      return fail(JobFailureCode.IMAGE_TOO_LARGE, 'The registry does not take blobs of this size: raise its limit.');
    case 429:
      return registryFailure(told, 'The registry limits requests: use credentials, or try again later.');
    default:
      break;
  }
  if (codes.includes('DIGEST_INVALID'))
    return fail(JobFailureCode.DIGEST_MISMATCH, 'Try again: the upload was damaged.');
  return registryFailure(told);
}

async function errorCodes(response: UpstreamResponse): Promise<string[]> {
  try {
    const text = (await readBounded(response.body, MAX_ERROR_BYTES)).toString('utf8');
    const { errors } = JSON.parse(text) as { errors?: { code?: unknown }[] };
    const codes = (errors ?? []).map(({ code }) => code);
    return codes.filter((code): code is string => typeof code === 'string' && /^[A-Z_]{1,40}$/.test(code)).slice(0, 3);
  } catch {
    return [];
  }
}

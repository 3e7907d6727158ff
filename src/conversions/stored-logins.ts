import type { RegistryCredentialService } from '../credentials/registry-credential.service.js';
import type { ConversionRequest } from './conversion-request.js';
import type { ConversionCredentials, ImageTarget, Login } from './image-target.js';

export type Logins = Pick<RegistryCredentialService, 'forRepository' | 'passwordOf'>;

/**
 * The credentials of a run: those that the request brought, else the account's stored login for the image, if any.
 * Looked up when the run starts, so that a password changed since counts. Throws JobFailure where one can't be read.
 */
export async function withStoredLogins(
  logins: Logins,
  accountId: string,
  request: ConversionRequest,
  given: ConversionCredentials,
): Promise<ConversionCredentials> {
  return {
    input: given.input ?? (await storedLogin(logins, accountId, request.input)),
    output: given.output ?? (await storedLogin(logins, accountId, request.output)),
  };
}

/** The account's login for an image; undefined for none. Throws JobFailure where it can't be read. */
export async function storedLogin(
  logins: Logins,
  accountId: string,
  { host, repository }: ImageTarget,
): Promise<Login | undefined> {
  // The gateway's own store asks for none.
  const row = host === undefined ? undefined : await logins.forRepository(accountId, host, repository);
  return row && { username: row.username, password: logins.passwordOf(row) };
}

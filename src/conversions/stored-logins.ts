import type { RegistryCredentialService } from '../credentials/registry-credential.service.js';
import type { ConversionCredentials, ConversionRequest, ImageTarget } from './conversion-request.js';

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
  const stored = async ({ host, repository }: ImageTarget) => {
    // The gateway's own store asks for none.
    const row = host === undefined ? undefined : await logins.forRepository(accountId, host, repository);
    return row && { username: row.username, password: logins.passwordOf(row) };
  };
  return {
    input: given.input ?? (await stored(request.input)),
    output: given.output ?? (await stored(request.output)),
  };
}

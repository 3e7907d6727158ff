// Stands in for the reader of docker's credential file until that is merged.
import type { RegistryCredentials } from '../oci/registry-auth.js';

export async function dockerCredentials(
  _host: string,
  _repository: string | undefined,
  _environment: Record<string, string | undefined>,
): Promise<RegistryCredentials | undefined> {
  return undefined;
}

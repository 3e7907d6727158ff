// A password at rest. It is bound to its row and to what it is for: in another one, or for another registry, it can
// not be opened.
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import type { Seal } from '../lib/seal.js';
import type { RegistryCredential } from './registry-credential.entity.js';

type Row = Pick<RegistryCredential, 'accountId' | 'id' | 'scope'>;

const contextOf = ({ accountId, id, scope }: Row): string => `registry credential ${accountId} ${id} ${scope}`;

export const sealPassword = (seal: Seal, row: Row, password: string): string => seal.close(password, contextOf(row));

/** Undefined where it was sealed by a key that is not configured any more. */
export function findPassword(seal: Seal, row: RegistryCredential): string | undefined {
  try {
    return seal.open(row.sealedPassword, contextOf(row));
  } catch {
    return undefined;
  }
}

export const unreadable = ({ scope }: RegistryCredential): JobFailure =>
  new JobFailure(
    JobFailureCode.CREDENTIALS_UNREADABLE,
    `The stored login for ${scope} can not be read with the present key.`,
    'Start the gateway with the former key in SECRETS_KEY_PREVIOUS, or store the password again (updateRegistryCredential).',
  );

// What a source is signed in to with. At rest it is bound to the row and to the server it is for: whoever changes the
// endpoint has to bring credentials for the new one.
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import { withoutNulls } from '../lib/json.js';
import type { Seal } from '../lib/seal.js';
import type { Source } from './source.entity.js';

export interface SourceCredentials {
  username?: string;
  password?: string;
  token?: string;
  hubId?: string;
  accessKeyId?: string;
  secretAccessKey?: string;
}

export const CREDENTIAL_NAMES = ['username', 'password', 'token', 'hubId', 'accessKeyId', 'secretAccessKey'] as const;

type Row = Pick<Source, 'accountId' | 'id' | 'kind' | 'endpoint'>;

const contextOf = ({ accountId, id, kind, endpoint }: Row): string =>
  `source ${accountId} ${id} ${kind} ${new URL(endpoint).origin}`;

export const sealCredentials = (seal: Seal, row: Row, credentials: SourceCredentials): string =>
  seal.close(JSON.stringify(withoutNulls(credentials)), contextOf(row));

/** Undefined where they were sealed by a key that is not configured any more. */
export function findCredentials(
  seal: Seal,
  row: Row & Pick<Source, 'sealedCredentials'>,
): SourceCredentials | undefined {
  try {
    return JSON.parse(seal.open(row.sealedCredentials, contextOf(row))) as SourceCredentials;
  } catch {
    return undefined;
  }
}

export const unreadableCredentials = ({ name }: Pick<Source, 'name'>): JobFailure =>
  new JobFailure(
    JobFailureCode.CREDENTIALS_UNREADABLE,
    `The credentials of the source ${JSON.stringify(name)} can not be read with the present key.`,
    'Start the gateway with the former key in SECRETS_KEY_PREVIOUS, or give the credentials again (updateSource).',
  );

/** All of them that must be in no text. */
export const secretsOf = ({ password, token, secretAccessKey }: SourceCredentials): string[] =>
  [password, token, secretAccessKey].filter((secret) => secret !== undefined);

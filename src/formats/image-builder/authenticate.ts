// Who signed a request: an access key of this gateway, in its account.
import type { Principal } from '../../auth/principal.js';
import type { AccessKeyQuery } from '../../credentials/access-key.query.js';
import type { RawRequest } from '../../lib/route.js';
import { invalidSignature } from './image-builder-errors.js';
import { isSignedWith, readSignature, unrecognizedClient } from './sigv4.js';

/** For keys that are not known, so that nobody learns by the time it takes which ones are. */
const NO_SECRET = '0'.repeat(40);

const WRONG =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.';

/** @param now the time, where a test has its own */
export const authenticateWith =
  (accessKeys: Pick<AccessKeyQuery, 'find'>, now: () => Date = () => new Date()) =>
  async (request: RawRequest): Promise<Principal> => {
    const signature = readSignature(request, now());
    const known = await accessKeys.find(signature.accessKeyId);
    const isRight = isSignedWith(known?.secret ?? NO_SECRET, request, signature);
    if (!known) throw unrecognizedClient();
    if (!isRight) throw invalidSignature(WRONG);
    known.noteUse();
    return known.principal;
  };

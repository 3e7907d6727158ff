// Access keys: made by managers, shown once, void at once when revoked.
import { newMachine } from '../auth/machines.js';
import type { NewMachine } from '../auth/machines.js';
import { actorOf } from '../auth/principal.js';
import type { Principal } from '../auth/principal.js';
import type { RightsChanges } from '../auth/rights-changes.js';
import { sealAnew } from '../db/seal-anew.js';
import type { SealedAnew } from '../db/seal-anew.js';
import { recordChange } from '../events/catalog-log.js';
import { invalidState, notFound } from '../lib/errors.js';
import type { Seal } from '../lib/seal.js';
import type { Transaction } from '../lib/transaction.js';
import { AccessKey } from './access-key.entity.js';
import { findSecret, newAccessKeyId, newSecretAccessKey, sealSecret } from './access-key-secret.js';

const MAX_OF_ACCOUNT = 1_000;

export class AccessKeyService {
  constructor(
    private readonly seal: Seal,
    private readonly rights: RightsChanges,
  ) {}

  /** Throws BAD_USER_INPUT. The secret is nowhere to be had afterwards. */
  async create(tx: Transaction, principal: Principal, input: NewMachine) {
    const machine = await newMachine(tx, principal, input);
    const { accountId } = machine;
    if ((await tx.manager.countBy(AccessKey, { accountId })) >= MAX_OF_ACCOUNT)
      throw invalidState(`An account has at most ${MAX_OF_ACCOUNT} access keys: revoke some.`);
    const secret = newSecretAccessKey();
    const own = { ...machine, accessKeyId: newAccessKeyId() };
    const accessKey: AccessKey = { ...own, sealedSecret: sealSecret(this.seal, own, secret) };
    await tx.manager.insert(AccessKey, accessKey);
    recordChange(tx, { ...entryOf(accessKey, principal), kind: 'CREATED', after: logged(accessKey) });
    return { accessKey, secret };
  }

  /** Void from the next request on. Throws NOT_FOUND. */
  async revoke(tx: Transaction, principal: Principal, accessKeyId: string): Promise<AccessKey> {
    const { accountId } = principal;
    const accessKey = await tx.manager.findOneBy(AccessKey, { accountId, accessKeyId });
    if (!accessKey) throw notFound('access key', accessKeyId);
    await tx.manager.delete(AccessKey, { accountId, id: accessKey.id });
    this.rights.announce(tx);
    recordChange(tx, { ...entryOf(accessKey, principal), kind: 'DELETED', before: logged(accessKey) });
    return accessKey;
  }

  /** Seals every secret with the present key, after which a former key is not needed any more. */
  sealAnew({ manager }: Transaction): Promise<SealedAnew> {
    return sealAnew(manager, AccessKey, (row) => {
      const secret = findSecret(this.seal, row);
      return secret === undefined ? undefined : { sealedSecret: sealSecret(this.seal, row, secret) };
    });
  }
}

const entryOf = ({ accountId, id }: AccessKey, principal: Principal) => ({
  ...{ accountId, entityType: 'AwsAccessKey', entityId: id, actor: actorOf(principal) },
});

const logged = ({ accessKeyId, name, role, expiresAt }: AccessKey) => ({ accessKeyId, name, role, expiresAt });

// Reads access keys: for lists, and for whoever checks a signature.
import type { EntityManager } from 'typeorm';
import { callerOfMachine, NotedUses, withMaker } from '../auth/machines.js';
import type { Maker } from '../auth/machines.js';
import type { Principal } from '../auth/principal.js';
import { fromRow, selectRows } from '../db/from-row.js';
import type { Row } from '../db/from-row.js';
import type { Seal } from '../lib/seal.js';
import type { InTransaction } from '../lib/transaction.js';
import { AccessKey } from './access-key.entity.js';
import { findSecret } from './access-key-secret.js';

/** An access key that may be used. */
export interface KnownKey {
  secret: string;
  principal: Principal;
  /** To be called where a signature was found to be made with it. */
  noteUse(): void;
}

export class AccessKeyQuery {
  private readonly uses: NotedUses;

  constructor(
    private readonly reader: EntityManager,
    private readonly seal: Seal,
    inTransaction: InTransaction,
  ) {
    this.uses = new NotedUses(inTransaction, AccessKey);
  }

  /** Undefined for one that is unknown, revoked, at its end, sealed by a lost key, or whose maker has left. */
  async find(accessKeyId: string): Promise<KnownKey | undefined> {
    const query = selectRows(this.reader, AccessKey, 'k').where({ accessKeyId });
    const raw = await withMaker(query).getRawOne<Row & Maker>();
    const row = raw && fromRow(AccessKey, raw);
    const principal = row && callerOfMachine(row, raw);
    if (!principal) return undefined;
    const secret = findSecret(this.seal, row);
    return secret === undefined ? undefined : { secret, principal, noteUse: () => this.uses.note(row) };
  }

  /** Newest first. */
  list(accountId: string): Promise<AccessKey[]> {
    return this.reader.find(AccessKey, { where: { accountId }, order: { createdAt: 'DESC', id: 'DESC' } });
  }
}

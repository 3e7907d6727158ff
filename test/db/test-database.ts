// An empty database with the gateway's tables, and accounts to work in, without a gateway around it.
import { ENTITIES, MIGRATIONS } from '../../src/app-database.js';
import { Account } from '../../src/auth/account.entity.js';
import { Role } from '../../src/auth/principal.js';
import type { Principal } from '../../src/auth/principal.js';
import { openDatabase } from '../../src/db/database.js';
import type { Database } from '../../src/db/database.js';
import { newHexId, newId } from '../../src/lib/ids.js';
import type { DatabaseKind } from '../support/databases.js';

export interface TestDatabase extends Database {
  /** Makes an account; returns who may write in it. */
  createPrincipal(): Promise<Principal>;
}

/** @param wake is told of what there is to read */
export async function openTestDatabase(kind: DatabaseKind, wake?: (topic: string) => void): Promise<TestDatabase> {
  const options = { url: await kind.create(), entities: ENTITIES, migrations: MIGRATIONS, wake };
  const database = await openDatabase(options);
  return {
    ...database,
    async createPrincipal() {
      const accountId = newId();
      const account = {
        id: accountId,
        name: 'test',
        hubId: newHexId(),
        awsAccountId: newHexId(),
        createdAt: new Date(),
      };
      await database.inTransaction((tx) => tx.manager.insert(Account, account));
      return { accountId, userId: null, tokenId: newId(), name: 'test', role: Role.WRITER };
    },
  };
}

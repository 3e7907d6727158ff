// Catalogs with builds of vendors, filled before a gateway opens them: as imports would fill them.
import { join } from 'node:path';
import { openCatalog } from '../../src/app-database.js';
import { AppService } from '../../src/apps/app.service.js';
import { Account } from '../../src/auth/account.entity.js';
import { BuildService } from '../../src/builds/build.service.js';
import { OriginService } from '../../src/builds/origin.service.js';
import type { OriginDraft } from '../../src/builds/origin.service.js';
import type { Actor } from '../../src/events/catalog-log.entity.js';
import type { Transaction } from '../../src/lib/transaction.js';
import { OwnNames } from '../../src/lib/own-names.js';
import { TaskService } from '../../src/tasks/task.service.js';
import { temporaryFolder } from './folders.js';
import { startTestGateway } from './gateway.js';
import type { TestGateway } from './gateway.js';

export const ACTOR: Actor = { type: 'SYSTEM', id: null, name: 'import' };

export interface Filling {
  tx: Transaction;
  accountId: string;
  apps: AppService;
  origins: OriginService;
  /** The id of the build. */
  put: (draft: OriginDraft, seenIn?: string) => Promise<string>;
}

/** @param databaseUrl of an empty database */
export async function startGatewayWith(
  databaseUrl: string,
  fill: (filling: Filling) => Promise<void>,
): Promise<TestGateway> {
  const dataDir = temporaryFolder();
  const database = await openCatalog(databaseUrl, join(dataDir, 'admin.token'));
  try {
    const tasks = new TaskService(database.reader);
    const apps = new AppService(database.reader, tasks);
    const names = new OwnNames('localhost', []);
    const origins = new OriginService(new BuildService(apps, tasks, names, { uniqueMrenclave: true }));
    await database.inTransaction(async (tx) => {
      const [account] = await tx.manager.find(Account);
      const accountId = account!.id;
      const put = async (draft: OriginDraft, seenIn = 'job-1') =>
        (await origins.upsert(tx, accountId, draft, { actor: ACTOR, seenIn })).id;
      await fill({ tx, accountId, apps, origins, put });
    });
  } finally {
    await database.close();
  }
  return startTestGateway({ DATABASE_URL: databaseUrl, DATA_DIR: dataDir, SIGN_UP: 'open' });
}

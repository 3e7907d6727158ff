// Writes apps that a source has, under the vendor's own ids, so that its builds belong to them here too.
import { IsNull, Not } from 'typeorm';
import type { AppService } from '../apps/app.service.js';
import { hashOf } from '../builds/origin.service.js';
import type { Actor } from '../events/catalog-log.entity.js';
import type { Transaction } from '../lib/transaction.js';
import { AppOrigin } from './app-origin.entity.js';
import type { ImportedApp } from './source-connector.js';

export interface AppImport {
  accountId: string;
  sourceKey: string;
  /** Id of the job. */
  seenIn: string;
  actor: Actor;
}

export class AppImports {
  constructor(private readonly apps: AppService) {}

  /**
   * False where another app has the name, or the id is that of an app that is no import of this source: then nothing
   * is written.
   */
  async upsert(tx: Transaction, run: AppImport, { id, app, document }: ImportedApp): Promise<boolean> {
    const { accountId, sourceKey, seenIn, actor } = run;
    const contentHash = hashOf(document);
    const before = await tx.manager.findOneBy(AppOrigin, { accountId, id });
    if (before && before.sourceKey !== sourceKey) return false;
    const isSame = before?.contentHash === contentHash;
    if (!isSame && !(await this.apps.upsertImported(tx, accountId, { ...app, id, isKnown: before !== null }, actor)))
      return false;
    const row = { contentHash, document, seenIn, goneAt: null };
    if (before) await tx.manager.update(AppOrigin, { accountId, id }, row as never);
    else await tx.manager.insert(AppOrigin, { accountId, id, sourceKey, ...row } as never);
    return true;
  }

  /** Those of the ids that are apps here. */
  present(tx: Transaction, accountId: string, ids: readonly string[]): Promise<Set<string>> {
    return this.apps.present(tx, accountId, ids);
  }

  /** Notes which apps a run that saw every one did not see. They stay. */
  async markGone({ manager }: Transaction, { accountId, sourceKey, seenIn }: AppImport): Promise<void> {
    const where = { accountId, sourceKey, seenIn: Not(seenIn), goneAt: IsNull() };
    await manager.update(AppOrigin, where, { goneAt: new Date() });
  }
}

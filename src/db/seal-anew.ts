import type { EntityManager, EntityTarget } from 'typeorm';
import { rowLock } from './row-lock.js';

/** Rows with a secret, and those of them whose secret no key opens. */
export interface SealedAnew {
  sealed: number;
  unreadable: number;
}

/**
 * Seals the secret of every row with the present key, after which a former key is not needed any more.
 * @param again the changed columns, undefined where the secret can not be read, null for a row without one
 */
export async function sealAnew<Row extends { accountId: string; id: string }>(
  manager: EntityManager,
  entity: EntityTarget<Row>,
  again: (row: Row) => Partial<Row> | undefined | null,
): Promise<SealedAnew> {
  const rows = await manager.find(entity, { lock: rowLock(manager) });
  const counts = { sealed: 0, unreadable: 0 };
  for (const row of rows) {
    const changes = again(row);
    if (changes === null) continue;
    counts[changes ? 'sealed' : 'unreadable'] += 1;
    const { accountId, id } = row;
    if (changes) await manager.update(entity, { accountId, id }, changes as never);
  }
  return counts;
}

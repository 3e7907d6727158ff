// Changes a build's row and records it, in one step.
import type { Actor, CatalogChangeKind } from '../events/catalog-log.entity.js';
import { recordChange } from '../events/catalog-log.js';
import type { Transaction } from '../lib/transaction.js';
import { Build } from './build.entity.js';

export const entryOf = ({ accountId, id }: Pick<Build, 'accountId' | 'id'>) => ({
  ...{ accountId, entityType: 'Build', entityId: id },
});

/** @param before the build, its row locked */
export async function changeBuild(
  tx: Transaction,
  before: Build,
  kind: CatalogChangeKind,
  changes: Partial<Build>,
  actor: Actor,
): Promise<Build> {
  const after = { ...before, ...changes };
  const { accountId, id } = before;
  await tx.manager.update(Build, { accountId, id }, changes);
  recordChange(tx, { ...entryOf(before), kind, actor, before: { ...before }, after });
  return after;
}

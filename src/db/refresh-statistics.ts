// Tells PostgreSQL how many rows tables have by now. It finds out by itself within a minute or so; until then it takes
// tables that were just filled for empty, and joins them row by row: seconds where milliseconds would do.
import type { Transaction } from '../lib/transaction.js';

/** @param tx with nothing else in it: it would wait for others while they wait for its rows */
export async function refreshStatistics(
  { manager }: Transaction,
  entities: readonly (new () => object)[],
): Promise<void> {
  if (manager.connection.options.type !== 'postgres') return;
  const tables = entities.map((entity) => `"${manager.connection.getMetadata(entity).tableName}"`);
  await manager.query(`ANALYZE ${tables.join(', ')}`);
}

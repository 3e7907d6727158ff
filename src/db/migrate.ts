// Runs migrations up or down. SQLite alters a table by copying it, which with foreign keys on deletes cascading
// children; so they are switched off outside the transaction and checked afterwards.
import type { DataSource } from 'typeorm';

export function runMigrations(source: DataSource): Promise<void> {
  return withoutForeignKeys(source, async () => {
    await source.runMigrations();
  });
}

/** Undoes the newest migration. */
export function revertMigration(source: DataSource): Promise<void> {
  return withoutForeignKeys(source, () => source.undoLastMigration());
}

async function withoutForeignKeys(source: DataSource, work: () => Promise<void>): Promise<void> {
  if (source.options.type !== 'sqlite') return work();
  await source.query('PRAGMA foreign_keys = OFF');
  try {
    await work();
    const broken = await source.query<unknown[]>('PRAGMA foreign_key_check');
    if (broken.length > 0) throw new Error(`A migration left dangling references: ${JSON.stringify(broken[0])}`);
  } finally {
    await source.query('PRAGMA foreign_keys = ON');
  }
}

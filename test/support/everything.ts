// All that a catalog keeps, as text: for looking whether a secret is anywhere in it.
import { ENTITIES } from '../../src/app-database.js';
import { openReadOnly } from '../../src/db/database.js';

/** Every column of every row of every table, as the database has it. */
export async function everythingIn(databaseUrl: string): Promise<string> {
  const source = await openReadOnly(databaseUrl, ENTITIES);
  try {
    const tables = source.entityMetadatas.map(({ tableName }) => tableName);
    const rows = await Promise.all(tables.map((name) => source.query(`SELECT * FROM "${name}"`)));
    return JSON.stringify(Object.fromEntries(tables.map((name, index) => [name, rows[index]])));
  } finally {
    await source.destroy();
  }
}

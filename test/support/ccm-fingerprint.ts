// What a refused request must leave as it is: how many rows every table has, and where the catalog log stands. Read
// beside the gateway, straight from its database.
import { ENTITIES } from '../../src/app-database.js';
import { openReadOnly } from '../../src/db/database.js';

/** Who tried to sign in is remembered, and sessions come and go by themselves. */
const EXEMPT = ['sign_in', 'session'];

export interface CatalogWatch {
  /** Equal as long as nothing was added, removed or logged. */
  fingerprint(): Promise<string>;
  close(): Promise<void>;
}

export async function watchCatalog(databaseUrl: string): Promise<CatalogWatch> {
  const source = await openReadOnly(databaseUrl, ENTITIES);
  const tables = source.entityMetadatas.map(({ tableName }) => tableName).filter((name) => !EXEMPT.includes(name));
  const counts = tables.map((name) => `SELECT '${name}' AS "what", COUNT(*) AS "value" FROM "${name}"`);
  const last = `SELECT 'last line of ' || "accountId" AS "what", MAX("seq") AS "value" FROM "catalog_log" GROUP BY "accountId"`;
  const statement = [...counts, last].join(' UNION ALL ');
  return {
    async fingerprint() {
      const rows: { what: string; value: unknown }[] = await source.query(statement);
      return rows
        .map(({ what, value }) => `${what}: ${String(value)}`)
        .sort()
        .join('\n');
    },
    close: () => source.destroy(),
  };
}

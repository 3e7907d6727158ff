// `npm run audit:verify`: says for every account whether its catalog log is what the gateway wrote, or names the first
// broken line. It reads only, and a gateway may go on working on the catalog meanwhile.
// Ends with 0 where every chain is intact, 1 where one is not, 2 where the catalog could not be read.
import 'reflect-metadata';
import type { DataSource } from 'typeorm';
import { Account } from './auth/account.entity.js';
import { readConfig } from './config.js';
import { openReadOnly } from './db/database.js';
import { CatalogLogHead, CatalogLogLine } from './events/catalog-log.entity.js';
import { checkLog } from './events/catalog-log-check.js';

async function main(): Promise<number> {
  const { databaseUrl } = readConfig(process.env);
  const source = await openReadOnly(databaseUrl, [Account, CatalogLogLine, CatalogLogHead]);
  try {
    let broken = 0;
    for (const accountId of await accountsOf(source)) broken += await report(source, accountId);
    return broken === 0 ? 0 : 1;
  } finally {
    await source.destroy();
  }
}

/** One line of output; 1 where the chain is broken. */
async function report(source: DataSource, accountId: string): Promise<number> {
  // One moment for all pages and the head. SQLite's transactions are like that of themselves.
  const isolation = source.options.type === 'postgres' ? 'REPEATABLE READ' : 'SERIALIZABLE';
  const { lines, lastHash, pruned, fault } = await source.transaction(isolation, (manager) =>
    checkLog(manager, accountId),
  );
  const result = fault
    ? `line ${fault.seq} is broken: ${fault.what}`
    : `${lines - pruned} lines${pruned > 0 ? ` after ${pruned} that were pruned` : ''}, chain intact, last hash ${lastHash}`;
  process.stdout.write(`${accountId}: ${result}\n`);
  return fault ? 1 : 0;
}

/** Also those that are known only by their log. */
async function accountsOf({ manager }: DataSource): Promise<string[]> {
  const idsIn = async (entity: typeof CatalogLogLine | typeof CatalogLogHead) => {
    const query = manager.createQueryBuilder<{ accountId: string }>(entity, 'log');
    const rows = await query.select('log.accountId', 'id').distinct().getRawMany<{ id: string }>();
    return rows.map(({ id }) => id);
  };
  const accounts = (await manager.find(Account, { select: { id: true } })).map(({ id }) => id);
  return [...new Set([...accounts, ...(await idsIn(CatalogLogHead)), ...(await idsIn(CatalogLogLine))])].sort();
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(
      `The audit could not read the catalog: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    process.exit(2);
  },
);

// Opens the catalog's database and gives it as two things: where to read, and the one way to write.
// On SQLite the two are separate connections; on PostgreSQL they are one pool.
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DataSource } from 'typeorm';
import type { DataSourceOptions, EntityManager, MixedList } from 'typeorm';
import type { InTransaction } from '../lib/transaction.js';
import { lockCatalog } from './catalog-lock.js';
import { runMigrations } from './migrate.js';
import { quietSqlite } from './sqlite-driver.js';
import { transactionsOn } from './transactions.js';

// sqlite3's OPEN_READONLY; the driver's constants are not in TypeORM's types.
const SQLITE_OPEN_READONLY = 1;
const BUSY_TIMEOUT_MS = 10_000;
const POOL_TIMEOUT_MS = 30_000;

export interface DatabaseOptions {
  /** A file name, or a postgres:// URL. */
  url: string;
  entities: NonNullable<DataSourceOptions['entities']>;
  migrations: MixedList<string | (new () => object)>;
  /** Is told what readers have something new to read, after each commit. */
  wake?: (topic: string) => void;
}

export interface Database {
  /** Reads see every commit; they never wait for a writer. */
  readonly reader: EntityManager;
  readonly inTransaction: InTransaction;
  close(): Promise<void>;
}

export const isPostgresUrl = (url: string): boolean => /^postgres(ql)?:\/\//i.test(url);

/** A data source that is not yet connected, for the gateway's writer and for tools that work on migrations. */
export function createDataSource({ url, entities, migrations }: DatabaseOptions): DataSource {
  const shared = { entities, migrations: migrations as never, migrationsTransactionMode: 'each' as const };
  if (isPostgresUrl(url)) {
    // Waiting for a connection for ever would hang everybody; it can only be a defect, or a server in trouble.
    const extra = { connectionTimeoutMillis: POOL_TIMEOUT_MS };
    return new DataSource({
      ...shared,
      type: 'postgres',
      url,
      parseInt8: true,
      applicationName: 'build-catalog',
      extra,
    });
  }
  mkdirSync(dirname(url), { recursive: true });
  return new DataSource({ ...shared, ...sqliteOptions(url), enableWAL: true });
}

const sqliteOptions = (database: string) =>
  ({ type: 'sqlite', database, busyTimeout: BUSY_TIMEOUT_MS, driver: quietSqlite }) as const;

/** Locks the catalog, brings its tables up to date and opens it; throws where another gateway works on it. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const isPostgres = isPostgresUrl(options.url);
  if (!isPostgres) mkdirSync(dirname(options.url), { recursive: true });
  const unlock = await lockCatalog(options.url, isPostgres);
  const writer = createDataSource(options);
  try {
    await writer.initialize();
    await runMigrations(writer);
    const transactions = transactionsOn(writer, options.wake);
    if (isPostgres) return asDatabase({ writer, reader: writer, transactions, unlock });
    await writer.query('PRAGMA synchronous = FULL');
    return asDatabase({ writer, reader: await openSqliteReader(options), transactions, unlock });
  } catch (error) {
    if (writer.isInitialized) await writer.destroy();
    await unlock();
    throw error;
  }
}

/** A connection that can change nothing, whatever gateway works on the catalog beside it. */
export async function openReadOnly(url: string, entities: DatabaseOptions['entities']): Promise<DataSource> {
  if (!isPostgresUrl(url)) {
    // TypeORM would make the folder.
    if (!existsSync(url)) throw new Error(`there is no catalog at ${url}`);
    return openSqliteReader({ url, entities });
  }
  const extra = { options: '-c default_transaction_read_only=on' };
  const options = { type: 'postgres', url, entities, parseInt8: true, applicationName: 'build-catalog audit' } as const;
  return new DataSource({ ...options, extra }).initialize();
}

/** Opened after the writer has made the file, which a read-only connection can't. */
function openSqliteReader({ url, entities }: Pick<DatabaseOptions, 'url' | 'entities'>): Promise<DataSource> {
  return new DataSource({ ...sqliteOptions(url), flags: SQLITE_OPEN_READONLY, entities }).initialize();
}

interface OpenParts {
  writer: DataSource;
  reader: DataSource;
  transactions: ReturnType<typeof transactionsOn>;
  unlock: () => Promise<void>;
}

function asDatabase({ writer, reader, transactions, unlock }: OpenParts): Database {
  return {
    reader: reader.manager,
    inTransaction: transactions.run,
    async close() {
      await transactions.idle();
      if (reader !== writer) await reader.destroy();
      await writer.destroy();
      await unlock();
    },
  };
}

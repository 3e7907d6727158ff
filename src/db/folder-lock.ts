// Keeps two gateways from working on the same folder or file. A lock of SQLite's: the kernel frees it however the
// process ends, which a file with a process id in it can't promise.
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { quietSqlite } from './sqlite-driver.js';

const WAIT_MS = 200;

/** Resolves to how to free the folder; throws where another process holds it. */
export function lockFolder(folder: string): Promise<() => Promise<void>> {
  const complaint = `${folder} is in use by another gateway: stop it, or set DATA_DIR to another folder`;
  return lockFile(join(folder, 'lock'), complaint);
}

/** The same by the name of a file that exists only to be locked. */
export async function lockFile(file: string, complaint: string): Promise<() => Promise<void>> {
  const options = { type: 'sqlite', database: file, busyTimeout: WAIT_MS, driver: quietSqlite } as const;
  const source = await new DataSource(options).initialize();
  try {
    await source.query('PRAGMA locking_mode = EXCLUSIVE');
    await source.query('BEGIN EXCLUSIVE');
  } catch (error) {
    await source.destroy();
    throw /SQLITE_BUSY/.test(String(error)) ? new Error(complaint) : error;
  }
  return () => source.destroy();
}

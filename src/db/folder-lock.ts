// Keeps two gateways from working in one folder. A lock of SQLite's: the kernel frees it however the process ends,
// which a file with a process id in it can't promise.
import { join } from 'node:path';
import { DataSource } from 'typeorm';

/** Resolves to how to free the folder; throws where another process holds it. */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const source = await new DataSource({
    type: 'sqlite',
    database: join(folder, 'lock'),
    busyTimeout: 200,
  }).initialize();
  try {
    await source.query('PRAGMA locking_mode = EXCLUSIVE');
    await source.query('BEGIN EXCLUSIVE');
  } catch (error) {
    await source.destroy();
    if (!/SQLITE_BUSY/.test(String(error))) throw error;
    throw new Error(`${folder} is in use by another gateway: stop it, or set DATA_DIR to another folder`);
  }
  return () => source.destroy();
}

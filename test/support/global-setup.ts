// Runs once before all tests: finds out what this machine has, so that tests can skip with a clear word.
import { existsSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';

const POSTGRES = 'postgres://postgres@127.0.0.1:5432/postgres';

export default async function globalSetup(): Promise<void> {
  const child = join(__dirname, '..', '..', 'dist', 'src', 'conversions', 'child.js');
  if (!existsSync(child)) throw new Error('The tests run the built gateway: run `npm test`, or `npm run build` first');
  useMemory();
  const url = process.env.TEST_POSTGRES_URL ?? POSTGRES;
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 3_000 });
  try {
    await client.connect();
    process.env.TEST_POSTGRES_URL = url;
  } catch (error) {
    if (process.env.REQUIRE_ALL === '1') throw error;
    process.env.TEST_POSTGRES_URL = '';
  } finally {
    await client.end().catch(() => undefined);
  }
}

const MEMORY = '/dev/shm';
const ENOUGH_BYTES = 4 * 1024 ** 3;

/** Temporary folders lie in memory where there is plenty: thousands of waits for a disk would be most of the suite. */
function useMemory(): void {
  if (process.env.TMPDIR !== undefined || !existsSync(MEMORY)) return;
  const { bavail, bsize } = statfsSync(MEMORY);
  if (bavail * bsize >= ENOUGH_BYTES) process.env.TMPDIR = MEMORY;
}

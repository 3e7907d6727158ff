// Runs once before all tests: finds out what this machine has, so that tests can skip with a clear word.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';

const POSTGRES = 'postgres://postgres@127.0.0.1:5432/postgres';

export default async function globalSetup(): Promise<void> {
  const child = join(__dirname, '..', '..', 'dist', 'src', 'conversions', 'child.js');
  if (!existsSync(child)) throw new Error('The tests run the built gateway: run `npm test`, or `npm run build` first');
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

// One gateway at a time on one catalog: a second one would take over jobs that the first one runs. On PostgreSQL an
// advisory lock of a connection of its own, which ends with its process.
import { setTimeout } from 'node:timers/promises';
import { Client } from 'pg';
import { lockFile } from './folder-lock.js';

/** Any number, the same in every gateway; advisory locks are per database. */
const KEY = 0x62_75_69_6c;
const WAIT_MS = 5_000;
const RETRY_MS = 200;
// The server notices within half a minute that a machine with the lock is gone.
const KEEPALIVE = 'SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3';

const COMPLAINT =
  'another gateway works on the catalog at DATABASE_URL: stop it (after a crash of its machine this takes up to half ' +
  'a minute), or set DATABASE_URL to another one';

/** Resolves to how to free the catalog; throws where another process holds it. */
export function lockCatalog(url: string, isPostgres: boolean): Promise<() => Promise<void>> {
  return isPostgres ? lockPostgres(url) : lockFile(`${url}.lock`, COMPLAINT);
}

async function lockPostgres(connectionString: string): Promise<() => Promise<void>> {
  const client = new Client({ connectionString, application_name: 'build-catalog lock' });
  // A server that restarts ends the lock; the gateway's own queries will tell of it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(KEEPALIVE);
    for (const until = Date.now() + WAIT_MS; ; await setTimeout(RETRY_MS)) {
      const { rows } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [KEY]);
      if (rows[0]?.locked) return () => client.end();
      if (Date.now() > until) throw new Error(COMPLAINT);
    }
  } catch (error) {
    await client.end();
    throw error;
  }
}

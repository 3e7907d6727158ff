// Runs the same tests on SQLite and, where there is one, on PostgreSQL.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Client } from 'pg';
import { temporaryFolder } from './folders.js';

/** Makes empty databases for one kind of server; they are dropped after the tests of the file. */
export interface DatabaseKind {
  name: 'SQLite' | 'PostgreSQL';
  /** A DATABASE_URL. */
  create(): Promise<string>;
}

const sqlite: DatabaseKind = {
  name: 'SQLite',
  create: () => Promise.resolve(join(temporaryFolder(), 'catalog.sqlite')),
};

const postgres: DatabaseKind = {
  name: 'PostgreSQL',
  async create() {
    const name = `build_catalog_${randomBytes(6).toString('hex')}`;
    await administer(`CREATE DATABASE ${name}`);
    toDrop.push(name);
    const url = new URL(process.env.TEST_POSTGRES_URL!);
    url.pathname = `/${name}`;
    return url.href;
  },
};

const toDrop: string[] = [];

afterAll(async () => {
  for (const name of toDrop.splice(0)) await administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
});

async function administer(statement: string): Promise<void> {
  const client = new Client({ connectionString: process.env.TEST_POSTGRES_URL });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** The same for tests that take long and hardly depend on the database: on PostgreSQL with TEST_SCALE above 1 only. */
export function onEachDatabaseAtScale(what: string, tests: (kind: DatabaseKind) => void): void {
  if (Number(process.env.TEST_SCALE ?? 1) > 1) return onEachDatabase(what, tests);
  describe(`${what}, on SQLite`, () => tests(sqlite));
}

export function onEachDatabase(what: string, tests: (kind: DatabaseKind) => void): void {
  describe(`${what}, on SQLite`, () => tests(sqlite));
  const hasPostgres = Boolean(process.env.TEST_POSTGRES_URL);
  const describePostgres = hasPostgres ? describe : describe.skip;
  const why = hasPostgres ? '' : ' (skipped: no PostgreSQL at TEST_POSTGRES_URL)';
  describePostgres(`${what}, on PostgreSQL${why}`, () => tests(postgres));
}

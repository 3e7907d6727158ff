import 'reflect-metadata';
import type { DataSource } from 'typeorm';
import { ENTITIES, MIGRATIONS } from '../../src/app-database.js';
import { createDataSource } from '../../src/db/database.js';
import { revertMigration, runMigrations } from '../../src/db/migrate.js';
import { onEachDatabase } from '../support/databases.js';
import { startTestGateway } from '../support/gateway.js';
import { CreateApp, CreateBuild } from '../support/operations.js';

onEachDatabase('the migrations', (kind) => {
  let url: string;
  let source: DataSource;

  beforeAll(async () => {
    url = await kind.create();
    const gateway = await startTestGateway({ DATABASE_URL: url });
    await gateway.ask(CreateApp, { input: { name: 'filled' } });
    await gateway.ask(CreateBuild, { input: { appName: 'filled', mrenclave: 'a'.repeat(64) } });
    await gateway.close();
    source = await createDataSource({ url, entities: ENTITIES, migrations: MIGRATIONS }).initialize();
  });
  afterAll(() => source.destroy());

  const counts = async () => {
    const result: Record<string, number> = {};
    for (const { tableName } of source.entityMetadatas) {
      const [row] = await source.query(`SELECT COUNT(*) AS count FROM "${tableName}"`);
      result[tableName] = Number(row.count);
    }
    return result;
  };

  it('make exactly the tables that the entities describe', async () => {
    const { upQueries } = await source.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });

  it('use only column types that both databases know', async () => {
    const types = source.entityMetadatas.flatMap(({ columns }) =>
      columns.map(({ type }) => source.driver.normalizeType({ type })),
    );
    const allowed = ['varchar', 'character varying', 'text', 'integer', 'bigint', 'boolean'];
    expect([...new Set(types)].filter((type) => !allowed.includes(type))).toEqual([]);
  });

  it('change nothing when run again on filled tables', async () => {
    const before = await counts();
    expect(before).toMatchObject({ app: 1, build: 1, measurement: 1, task: 1, catalog_log: 5 });
    await runMigrations(source);
    expect(await counts()).toEqual(before);
  });

  it('refuse a row that points into another account', async () => {
    const [build] = await source.query('SELECT * FROM "build"');
    const other = { ...build, accountId: '00000000-0000-7000-8000-000000000000' };
    const names = Object.keys(other).map((name) => `"${name}"`);
    const marks = names.map((_, index) => (kind.name === 'SQLite' ? '?' : `$${index + 1}`));
    const insert = `INSERT INTO "build" (${names.join(', ')}) VALUES (${marks.join(', ')})`;
    await expect(source.query(insert, Object.values(other))).rejects.toThrow(/foreign key/i);
  });

  it('can be undone and run again with filled tables', async () => {
    const before = await counts();
    const { length } = MIGRATIONS;
    for (let left = length; left > 1; left -= 1) await revertMigration(source);
    const [{ count }] = await source.query('SELECT COUNT(*) AS count FROM "build"');
    expect(Number(count)).toBe(1);
    await runMigrations(source);
    // Measurements tell of the mrenclaves of older builds.
    expect(await counts()).toEqual({ ...before, unique_mrenclave: 0 });

    for (let left = length; left > 0; left -= 1) await revertMigration(source);
    const runner = source.createQueryRunner();
    expect(await runner.hasTable('build')).toBe(false);
    expect(await runner.hasTable('account')).toBe(false);
    if (kind.name === 'PostgreSQL') await runner.release();
    await runMigrations(source);
    expect(await counts()).toMatchObject({ app: 0, build: 0 });
  });
});

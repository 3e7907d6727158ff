import 'reflect-metadata';
import type { DataSource } from 'typeorm';
import { ENTITIES, MIGRATIONS } from '../../src/app-database.js';
import { App } from '../../src/apps/app.entity.js';
import { Role } from '../../src/auth/principal.js';
import { Build } from '../../src/builds/build.entity.js';
import { BuildPhase } from '../../src/builds/build-parts.js';
import { Origin } from '../../src/builds/origin.entity.js';
import { AccessKey } from '../../src/credentials/access-key.entity.js';
import { createDataSource } from '../../src/db/database.js';
import { revertMigration, runMigrations } from '../../src/db/migrate.js';
import { ImageSource } from '../../src/image-sources/image-source.entity.js';
import { Job } from '../../src/jobs/job.entity.js';
import { newId } from '../../src/lib/ids.js';
import { AppOrigin } from '../../src/sources/app-origin.entity.js';
import { ReviewWriteBack } from '../../src/sources/review-write-back.entity.js';
import { Source } from '../../src/sources/source.entity.js';
import { SyncRun } from '../../src/sources/sync-run.entity.js';
import { onEachDatabase } from '../support/databases.js';
import { startTestGateway } from '../support/gateway.js';
import { CreateApp, CreateBuild } from '../support/operations.js';

const DIGEST = 'd'.repeat(64);
/** Rows of tables that came with imports. */
const IMPORTED = {
  ...{ build_origin: 1, image_source: 1, access_key: 1, source: 1, sync_run: 1, app_origin: 1, review_write_back: 1 },
};

async function fillImported({ manager }: DataSource): Promise<void> {
  const build = await manager.findOneOrFail(Build, { where: {} });
  const { id: appId } = await manager.findOneOrFail(App, { where: {} });
  const { accountId, id } = build;
  const [now, sourceId] = [new Date(), newId()];
  const times = { createdAt: now, updatedAt: now };
  const counts = { created: 1, updated: 0, unchanged: 0, gone: 0, failed: 0, requests: 1, failure: null, cursor: null };
  await manager.insert(Origin, {
    ...{ accountId, id, kind: 'CYCLE', sourceKey: sourceId, externalId: 'x', groupKey: '', state: 'new' },
    ...{ document: {}, related: {}, contentHash: '', listHash: '', externalCreatedAt: now, fetchedAt: now, seenIn: '' },
  });
  const dockerInfo = { dockerImageName: 'x', dockerVersion: '1', dockerImageSha: `sha256:${DIGEST}` };
  await manager.update(Build, { accountId, id }, { phase: BuildPhase.PENDING, imageDigest: DIGEST, dockerInfo });
  await manager.insert(ImageSource, {
    ...{
      accountId,
      id: 'a'.repeat(24),
      identifier: 'i',
      name: 'n',
      type: 'direct',
      state: 'live',
      stateChangedAt: now,
    },
    ...{ origin: {}, creator: {}, ...times },
  } as never);
  await manager.insert(AccessKey, {
    ...{ accountId, id: newId(), accessKeyId: 'AKIA', name: 'n', sealedSecret: '', role: Role.READER, createdAt: now },
  });
  await manager.insert(Source, {
    ...{ accountId, id: sourceId, kind: 'CYCLE', name: 's', endpoint: 'https://x', sealedCredentials: '' },
    ...{ isWriteBack: false, isFromFile: false, status: 'NEVER', failures: 0, ...times },
  });
  await manager.insert(SyncRun, { accountId, id: newId(), sourceId, startedAt: now, ...counts });
  await manager.insert(AppOrigin, {
    accountId,
    id: appId,
    sourceKey: sourceId,
    contentHash: '',
    document: {},
    seenIn: '',
  });
  await manager.insert(ReviewWriteBack, {
    ...{ accountId, taskId: newId(), buildId: id, sourceId, externalTaskId: 't', decision: 'APPROVED' },
    ...{ status: 'PENDING', ...times },
  } as never);
  await manager.insert(Job, {
    ...{ accountId, id: 'b'.repeat(24), kind: 'SOURCE_SYNC', status: 'QUEUED', progress: 0, attempt: 0, losses: 0 },
    ...{ input: {}, inputFingerprint: '', requester: {}, bootBlobs: [], warnings: [], lastSeq: 0, createdAt: now },
  } as never);
}

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
    await fillImported(source);
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
    expect(before).toMatchObject({ app: 1, build: 1, measurement: 1, task: 1, catalog_log: 5, job: 1, ...IMPORTED });
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
    // Measurements tell of the mrenclaves of older builds. What the version before has no tables for is gone.
    const gone = Object.fromEntries(Object.keys(IMPORTED).map((table) => [table, 0]));
    expect(await counts()).toEqual({ ...before, ...gone, unique_mrenclave: 0, job: 0 });
    // Nor has it a word for a build that is not there yet; the image id is read from the build again.
    expect(await source.query('SELECT "phase", "imageDigest" FROM "build"')).toEqual([
      { phase: 'AVAILABLE', imageDigest: DIGEST },
    ]);

    for (let left = length; left > 0; left -= 1) await revertMigration(source);
    const runner = source.createQueryRunner();
    expect(await runner.hasTable('build')).toBe(false);
    expect(await runner.hasTable('account')).toBe(false);
    if (kind.name === 'PostgreSQL') await runner.release();
    await runMigrations(source);
    expect(await counts()).toMatchObject({ app: 0, build: 0 });
  });
});

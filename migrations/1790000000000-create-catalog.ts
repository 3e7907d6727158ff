// The first schema: accounts and tokens, apps, builds with their measurements, tasks, jobs with their events, the log.
import { Table, TableForeignKey, TableIndex } from 'typeorm';
import type { MigrationInterface, QueryRunner, TableColumnOptions } from 'typeorm';
import { columnsFor } from '../src/db/columns.js';

type Columns = ReturnType<typeof columnsFor>;

const TABLES = [
  'account',
  'user',
  'access_token',
  'task',
  'app',
  'build',
  'measurement',
  'job',
  'job_event',
  'catalog_log',
  'catalog_log_head',
];

const nullable = { isNullable: true };
const primary = { isPrimary: true };

export class CreateCatalog1790000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const columns = columnsFor(runner);
    const create = (name: string, list: TableColumnOptions[]) => runner.createTable(new Table({ name, columns: list }));
    await create('account', accountColumns(columns));
    await create('user', userColumns(columns));
    await create('access_token', accessTokenColumns(columns));
    await create('task', taskColumns(columns));
    await create('app', appColumns(columns));
    await create('build', buildColumns(columns));
    await create('measurement', measurementColumns(columns));
    await create('job', jobColumns(columns));
    await create('job_event', jobEventColumns(columns));
    await create('catalog_log', catalogLogColumns(columns));
    await create('catalog_log_head', catalogLogHeadColumns(columns));
    await createIndices(runner);
    await createForeignKeys(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of TABLES) {
      const table = await runner.getTable(name);
      await runner.dropForeignKeys(name, table?.foreignKeys ?? []);
    }
    for (const name of [...TABLES].reverse()) await runner.dropTable(name);
  }
}

const accountColumns = ({ id, word, bigint }: Columns) => [
  id('id', primary),
  word('name'),
  id('hubId'),
  id('awsAccountId'),
  bigint('createdAt'),
];

const userColumns = ({ id, word, bigint }: Columns) => [id('id', primary), word('email'), bigint('createdAt')];

const accessTokenColumns = ({ id, word, bigint }: Columns) => [
  id('accountId', primary),
  id('id', primary),
  word('name'),
  word('hash'),
  word('role'),
  id('userId', nullable),
  bigint('createdAt'),
];

const taskColumns = ({ id, word, text, bigint }: Columns) => [
  id('accountId', primary),
  id('id', primary),
  word('type'),
  word('status'),
  id('subjectId'),
  text('requester'),
  text('approvals'),
  bigint('createdAt'),
  bigint('updatedAt'),
];

const appColumns = ({ id, word, text, integer, bigint }: Columns) => [
  id('accountId', primary),
  id('id', primary),
  word('name'),
  text('description', nullable),
  text('inputImageName'),
  text('outputImageName'),
  integer('isvprodid'),
  integer('isvsvn'),
  bigint('memSizeMb'),
  integer('threads'),
  text('defaultBuildSettings'),
  text('allowedDomains'),
  text('whitelistedDomains'),
  text('domainsAdded'),
  text('domainsRemoved'),
  text('advancedSettings', nullable),
  text('labels'),
  text('customMetadata'),
  text('certificatePolicy', nullable),
  text('signers'),
  id('pendingTaskId', nullable),
  id('marketplaceAppId', nullable),
  id('groupId', nullable),
  bigint('createdAt'),
  bigint('updatedAt'),
];

const buildColumns = ({ id, word, text, integer, bigint, boolean }: Columns) => [
  id('accountId', primary),
  id('id', primary),
  text('name', nullable),
  text('sortName'),
  text('version', nullable),
  id('appId', nullable),
  word('appName', nullable),
  text('appDescription', nullable),
  text('dockerInfo', nullable),
  text('dockerImageName'),
  word('statusType', nullable),
  bigint('statusUpdatedAt', nullable),
  word('deploymentStatusType'),
  bigint('deploymentStatusUpdatedAt'),
  text('enclaveInfo', nullable),
  text('attributes'),
  word('phase'),
  word('architecture', nullable),
  bigint('memSizeMb', nullable),
  integer('cpuCount', nullable),
  integer('threads', nullable),
  text('advancedSettings', nullable),
  id('pendingTaskId', nullable),
  text('configs'),
  text('launchHint', nullable),
  id('marketplaceBuildId', nullable),
  boolean('enableOverlayFilesystemPersistence', nullable),
  id('groupId', nullable),
  id('jobId', nullable),
  text('warnings'),
  bigint('createdAt'),
  bigint('updatedAt'),
];

const measurementColumns = ({ id, word }: Columns) => [
  id('accountId', primary),
  id('buildId', primary),
  word('platform', primary),
  word('name', primary),
  word('value', primary),
];

const jobColumns = ({ id, word, text, integer, bigint }: Columns) => [
  id('accountId', primary),
  id('id', primary),
  word('kind'),
  word('status'),
  word('step', nullable),
  integer('progress'),
  integer('attempt'),
  integer('losses'),
  text('input'),
  word('inputFingerprint'),
  text('sealedCredentials', nullable),
  word('idempotencyKey', nullable),
  word('joinKey', nullable),
  text('requester'),
  id('buildId', nullable),
  text('outputImage', nullable),
  text('bootBlobs'),
  text('failure', nullable),
  text('warnings'),
  bigint('lastSeq'),
  bigint('createdAt'),
  bigint('startedAt', nullable),
  bigint('finishedAt', nullable),
];

const jobEventColumns = ({ id, word, text, integer, bigint }: Columns) => [
  id('accountId', primary),
  id('jobId', primary),
  bigint('seq', primary),
  bigint('at'),
  word('kind'),
  word('status'),
  word('step', nullable),
  integer('progress', nullable),
  bigint('bytesDone', nullable),
  bigint('bytesTotal', nullable),
  word('code', nullable),
  text('message', nullable),
  id('buildId', nullable),
];

const catalogLogColumns = ({ id, word, text, bigint }: Columns) => [
  id('accountId', primary),
  bigint('seq', primary),
  bigint('at'),
  word('kind'),
  word('entityType'),
  id('entityId'),
  text('actor'),
  text('before', nullable),
  text('after', nullable),
  word('hash'),
];

const catalogLogHeadColumns = ({ id, word, bigint }: Columns) => [
  id('accountId', primary),
  bigint('seq'),
  word('hash'),
];

async function createIndices(runner: QueryRunner): Promise<void> {
  const index = (table: string, name: string, columnNames: string[], isUnique = false) =>
    runner.createIndex(table, new TableIndex({ name, columnNames, isUnique }));
  await index('account', 'account_hub', ['hubId'], true);
  await index('account', 'account_aws', ['awsAccountId'], true);
  await index('user', 'user_email', ['email'], true);
  await index('access_token', 'access_token_hash', ['hash'], true);
  await index('app', 'app_name', ['accountId', 'name'], true);
  await index('app', 'app_created', ['accountId', 'createdAt', 'id']);
  await index('build', 'build_created', ['accountId', 'createdAt', 'id']);
  await index('build', 'build_updated', ['accountId', 'updatedAt', 'id']);
  await index('build', 'build_name', ['accountId', 'sortName', 'id']);
  await index('build', 'build_app', ['accountId', 'appId', 'createdAt', 'id']);
  await index('measurement', 'measurement_value', ['accountId', 'value', 'platform', 'name']);
  await index('job', 'job_id', ['id'], true);
  await index('job', 'job_idempotency', ['accountId', 'idempotencyKey'], true);
  await index('job', 'job_join', ['accountId', 'joinKey'], true);
  await index('job', 'job_created', ['accountId', 'createdAt', 'id']);
  await index('job', 'job_status', ['status']);
}

async function createForeignKeys(runner: QueryRunner): Promise<void> {
  const toAccount = (table: string) =>
    runner.createForeignKey(
      table,
      new TableForeignKey({
        columnNames: ['accountId'],
        referencedTableName: 'account',
        referencedColumnNames: ['id'],
      }),
    );
  const inAccount = (table: string, column: string, referencedTableName: string, onDelete?: string) =>
    runner.createForeignKey(
      table,
      new TableForeignKey({
        columnNames: ['accountId', column],
        referencedTableName,
        referencedColumnNames: ['accountId', 'id'],
        onDelete,
      }),
    );
  for (const table of ['access_token', 'task', 'app', 'build', 'job']) await toAccount(table);
  await runner.createForeignKey(
    'access_token',
    new TableForeignKey({ columnNames: ['userId'], referencedTableName: 'user', referencedColumnNames: ['id'] }),
  );
  await inAccount('app', 'pendingTaskId', 'task');
  await inAccount('build', 'appId', 'app');
  await inAccount('build', 'pendingTaskId', 'task');
  await inAccount('build', 'jobId', 'job');
  await inAccount('job', 'buildId', 'build');
  await inAccount('job_event', 'jobId', 'job');
  await inAccount('measurement', 'buildId', 'build', 'CASCADE');
}

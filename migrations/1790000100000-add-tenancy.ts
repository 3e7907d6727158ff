// Users who sign in, machines with tokens that end, stored registry logins, where builds run. No build has configs yet,
// and its mrenclaves are found by its measurements: neither table has anything to begin with.
import { Table, TableColumn, TableIndex } from 'typeorm';
import type { MigrationInterface, QueryRunner, TableColumnOptions } from 'typeorm';
import { columnsFor } from '../src/db/columns.js';

type Columns = ReturnType<typeof columnsFor>;

const nullable = { isNullable: true };
const primary = { isPrimary: true };

const added = ({ word, text, integer, bigint }: Columns): Record<string, TableColumnOptions[]> => ({
  account: [integer('approvalQuorum', { default: 1 }), text('settings', nullable)],
  user: [
    word('firstName', nullable),
    word('lastName', nullable),
    word('status', { default: "'ACTIVE'" }),
    bigint('lastSignInAt', nullable),
  ],
  access_token: [text('createdBy', nullable), bigint('expiresAt', nullable), bigint('lastUsedAt', nullable)],
});

const NEW_TABLES = [
  ...['membership', 'password', 'session', 'identity', 'sign_in'],
  ...['registry_credential', 'deployment', 'unique_mrenclave', 'build_config'],
];

export class AddTenancy1790000100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const columns = columnsFor(runner);
    for (const [table, list] of Object.entries(added(columns))) {
      await runner.addColumns(
        table,
        list.map((column) => new TableColumn(column)),
      );
    }
    await runner.createIndex('task', index('task_created', ['accountId', 'createdAt', 'id']));
    await runner.createIndex('job', index('job_build', ['accountId', 'buildId']));
    await runner.createIndex('catalog_log', index('catalog_log_entity', ['accountId', 'entityId', 'seq']));
    for (const table of newTables(columns)) await runner.createTable(table);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of [...NEW_TABLES].reverse()) await runner.dropTable(name);
    await runner.dropIndex('catalog_log', 'catalog_log_entity');
    await runner.dropIndex('job', 'job_build');
    await runner.dropIndex('task', 'task_created');
    for (const [table, list] of Object.entries(added(columnsFor(runner)))) {
      await runner.dropColumns(
        table,
        list.map(({ name }) => name),
      );
    }
  }
}

const newTables = (columns: Columns): Table[] => [
  ...peopleTables(columns),
  ...accountTables(columns),
  ...buildTables(columns),
];

function peopleTables({ id, word, text, bigint, boolean }: Columns): Table[] {
  return [
    new Table({
      name: 'membership',
      columns: [
        ...[id('accountId', primary), id('userId', primary), word('role'), word('status')],
        ...[word('invitationHash', nullable), bigint('invitedUntil', nullable)],
        ...[boolean('isByClaims'), bigint('createdAt')],
      ],
      foreignKeys: [toAccount, toUser],
      indices: [index('membership_user', ['userId'])],
    }),
    new Table({
      name: 'password',
      columns: [id('userId', primary), text('hash'), bigint('expiresAt', nullable), bigint('changedAt')],
      foreignKeys: [toUser],
    }),
    new Table({
      name: 'session',
      columns: [
        ...[id('id', primary), word('hash'), id('userId'), id('accountId', nullable)],
        ...[bigint('expiresAt'), bigint('tokenExpiresAt'), bigint('createdAt')],
      ],
      foreignKeys: [toUser, toAccount],
      indices: [
        index('session_hash', ['hash'], true),
        index('session_user', ['userId']),
        index('session_end', ['expiresAt']),
      ],
    }),
    new Table({
      name: 'identity',
      columns: [
        ...[word('issuer', primary), word('subject', primary), id('userId')],
        ...[bigint('claimsIssuedAt'), bigint('createdAt')],
      ],
      foreignKeys: [toUser],
      indices: [index('identity_user', ['userId'])],
    }),
    new Table({
      name: 'sign_in',
      columns: [
        ...[id('id', primary), bigint('at'), word('email'), id('userId', nullable)],
        ...[word('method'), boolean('isSuccess'), word('address')],
      ],
      indices: [
        index('sign_in_email', ['email', 'at']),
        index('sign_in_user', ['userId', 'at']),
        index('sign_in_at', ['at']),
      ],
    }),
  ];
}

function accountTables({ id, word, text, bigint }: Columns): Table[] {
  return [
    new Table({
      name: 'registry_credential',
      columns: [
        ...[id('accountId', primary), id('id', primary), text('url'), word('scope'), text('description', nullable)],
        ...[text('username'), text('sealedPassword'), bigint('createdAt'), bigint('updatedAt')],
      ],
      foreignKeys: [toAccount],
      indices: [index('registry_credential_scope', ['accountId', 'scope'], true)],
    }),
    new Table({
      name: 'deployment',
      columns: [
        ...[id('accountId', primary), id('id', primary), id('buildId'), id('nodeId'), word('nodeName')],
        ...[word('status'), bigint('statusUpdatedAt'), bigint('attestedAt', nullable)],
        ...[bigint('createdAt'), bigint('updatedAt')],
      ],
      foreignKeys: [toAccount, toBuild],
      indices: [
        index('deployment_node', ['accountId', 'nodeId', 'buildId'], true),
        index('deployment_build', ['accountId', 'buildId']),
        index('deployment_created', ['accountId', 'createdAt', 'id']),
      ],
    }),
  ];
}

function buildTables({ id, word }: Columns): Table[] {
  return [
    new Table({
      name: 'unique_mrenclave',
      columns: [id('accountId', primary), word('mrenclave', primary), id('buildId')],
      foreignKeys: [toBuild],
      indices: [index('unique_mrenclave_build', ['accountId', 'buildId'])],
    }),
    new Table({
      name: 'build_config',
      columns: [id('accountId', primary), id('buildId', primary), word('configId', primary)],
      foreignKeys: [toBuild],
      indices: [index('build_config_id', ['accountId', 'configId'])],
    }),
  ];
}

const index = (name: string, columnNames: string[], isUnique = false) =>
  new TableIndex({ name, columnNames, isUnique });

const toAccount = { columnNames: ['accountId'], referencedTableName: 'account', referencedColumnNames: ['id'] };
const toUser = { columnNames: ['userId'], referencedTableName: 'user', referencedColumnNames: ['id'] };
const toBuild = {
  columnNames: ['accountId', 'buildId'],
  referencedTableName: 'build',
  referencedColumnNames: ['accountId', 'id'],
  onDelete: 'CASCADE',
};

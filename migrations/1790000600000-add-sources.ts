// Upstream systems that builds are imported from, what imports came to, and decisions told back.
import { Table } from 'typeorm';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnsFor } from '../src/db/columns.js';

const primary = { isPrimary: true };
const nullable = { isNullable: true };

const toRow = (table: string, column: string, onDelete?: 'CASCADE') => ({
  columnNames: ['accountId', column],
  referencedTableName: table,
  referencedColumnNames: ['accountId', 'id'],
  onDelete,
});

export class AddSources1790000600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const { id, word, text, integer, bigint, boolean } = columnsFor(runner);
    await runner.createTable(
      new Table({
        name: 'source',
        columns: [
          ...[id('accountId', primary), id('id', primary), word('kind'), word('name'), text('endpoint')],
          ...[word('region', nullable), text('sealedCredentials'), integer('syncEverySeconds', nullable)],
          ...[boolean('isWriteBack'), boolean('isFromFile'), word('status'), bigint('lastSyncedAt', nullable)],
          ...[bigint('nextSyncAt', nullable), text('failure', nullable), integer('failures')],
          ...[text('watermark', nullable), bigint('goneHeldSince', nullable), bigint('createdAt'), bigint('updatedAt')],
        ],
        foreignKeys: [{ columnNames: ['accountId'], referencedTableName: 'account', referencedColumnNames: ['id'] }],
        indices: [
          { name: 'source_name', columnNames: ['accountId', 'name'], isUnique: true },
          { name: 'source_due', columnNames: ['nextSyncAt'] },
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'sync_run',
        columns: [
          ...[id('accountId', primary), id('id', primary), id('sourceId'), bigint('startedAt')],
          ...[bigint('finishedAt', nullable), integer('created'), integer('updated'), integer('unchanged')],
          ...[integer('gone'), integer('failed'), integer('requests'), integer('durationMs', nullable)],
          ...[text('failure', nullable), text('cursor', nullable)],
        ],
        foreignKeys: [toRow('source', 'sourceId', 'CASCADE')],
        indices: [{ name: 'sync_run_source', columnNames: ['accountId', 'sourceId', 'startedAt', 'id'] }],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'app_origin',
        columns: [
          ...[id('accountId', primary), id('id', primary), word('sourceKey'), word('contentHash'), text('document')],
          ...[word('seenIn'), bigint('goneAt', nullable)],
        ],
        foreignKeys: [toRow('app', 'id', 'CASCADE')],
        indices: [{ name: 'app_origin_source', columnNames: ['accountId', 'sourceKey', 'seenIn'] }],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'review_write_back',
        columns: [
          ...[id('accountId', primary), id('taskId', primary), id('buildId'), id('sourceId'), word('externalTaskId')],
          ...[word('decision'), text('reason', nullable), word('status'), text('message', nullable)],
          ...[bigint('createdAt'), bigint('updatedAt')],
        ],
        foreignKeys: [toRow('build', 'buildId', 'CASCADE')],
        indices: [{ name: 'review_write_back_build', columnNames: ['accountId', 'buildId', 'createdAt'] }],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['review_write_back', 'app_origin', 'sync_run', 'source']) await runner.dropTable(table);
  }
}

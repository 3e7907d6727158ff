// Retries, signatures made elsewhere and reproductions of jobs; the recipes by which builds can be made again.
import { Table, TableColumn, TableForeignKey, TableIndex } from 'typeorm';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnsFor } from '../src/db/columns.js';

const nullable = { isNullable: true };
const primary = { isPrimary: true };

const jobColumns = ({ id, text }: ReturnType<typeof columnsFor>) => [
  id('retryOf', nullable),
  text('signing', nullable),
  text('reproduction', nullable),
];

export class AddProof1790000200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const columns = columnsFor(runner);
    await runner.addColumns(
      'job',
      jobColumns(columns).map((column) => new TableColumn(column)),
    );
    await runner.createForeignKey('job', toRetried());
    await runner.createIndex('job', new TableIndex({ name: 'job_retry', columnNames: ['accountId', 'retryOf'] }));
    await runner.createTable(recipes(columns));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('build_recipe');
    // What the version before can not read.
    await runner.query(
      `DELETE FROM "job_event" WHERE "jobId" IN (SELECT "id" FROM "job" WHERE "kind" = 'REPRODUCTION')`,
    );
    await runner.query(`DELETE FROM "job" WHERE "kind" = 'REPRODUCTION'`);
    await runner.dropIndex('job', 'job_retry');
    const job = await runner.getTable('job');
    const key = job!.foreignKeys.find(({ columnNames }) => columnNames.includes('retryOf'));
    await runner.dropForeignKey('job', key!);
    await runner.dropColumns(
      'job',
      jobColumns(columnsFor(runner)).map(({ name }) => name),
    );
  }
}

const toRetried = () =>
  new TableForeignKey({
    columnNames: ['accountId', 'retryOf'],
    referencedTableName: 'job',
    referencedColumnNames: ['accountId', 'id'],
  });

const recipes = ({ id, text }: ReturnType<typeof columnsFor>): Table =>
  new Table({
    name: 'build_recipe',
    columns: [id('accountId', primary), id('buildId', primary), text('recipe')],
    foreignKeys: [
      {
        columnNames: ['accountId', 'buildId'],
        referencedTableName: 'build',
        referencedColumnNames: ['accountId', 'id'],
        onDelete: 'CASCADE',
      },
    ],
  });

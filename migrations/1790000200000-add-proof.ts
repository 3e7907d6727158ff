// Retries, signatures made elsewhere and reproductions of jobs; the recipes by which builds can be made again.
import { Table, TableColumn, TableIndex } from 'typeorm';
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
    await runner.createIndex('job', new TableIndex({ name: 'job_retry', columnNames: ['accountId', 'retryOf'] }));
    await runner.createTable(recipes(columns));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('build_recipe');
    await runner.dropIndex('job', 'job_retry');
    await runner.dropColumns(
      'job',
      jobColumns(columnsFor(runner)).map(({ name }) => name),
    );
  }
}

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

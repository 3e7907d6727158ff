// Up to where a catalog log was pruned, and the hash that the first line that is left chains to.
import { TableColumn } from 'typeorm';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnsFor } from '../src/db/columns.js';

const NONE = '0'.repeat(64);

export class AddLogCheckpoints1790000700000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const { bigint, word } = columnsFor(runner);
    await runner.addColumns('catalog_log_head', [
      new TableColumn(bigint('prunedSeq', { default: 0 })),
      new TableColumn(word('prunedHash', { default: `'${NONE}'` })),
    ]);
  }

  /** What was pruned stays so, and the log says it; the version before can not verify such a log. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.dropColumns('catalog_log_head', ['prunedSeq', 'prunedHash']);
  }
}

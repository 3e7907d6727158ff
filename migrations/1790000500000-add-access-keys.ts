// Access keys, as programs made for AWS sign their requests with.
import { Table } from 'typeorm';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnsFor } from '../src/db/columns.js';

const primary = { isPrimary: true };
const nullable = { isNullable: true };
const cascade = { onDelete: 'CASCADE' };

export class AddAccessKeys1790000500000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(accessKeys(columnsFor(runner)));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('access_key');
  }
}

const accessKeys = ({ id, word, text, bigint }: ReturnType<typeof columnsFor>): Table =>
  new Table({
    name: 'access_key',
    columns: [
      ...[id('accountId', primary), id('id', primary), word('accessKeyId'), word('name'), text('sealedSecret')],
      ...[word('role'), id('userId', nullable), text('createdBy', nullable), bigint('expiresAt', nullable)],
      ...[bigint('lastUsedAt', nullable), bigint('createdAt')],
    ],
    foreignKeys: [
      { columnNames: ['accountId'], referencedTableName: 'account', referencedColumnNames: ['id'], ...cascade },
      { columnNames: ['userId'], referencedTableName: 'user', referencedColumnNames: ['id'], ...cascade },
    ],
    indices: [{ name: 'access_key_access_key_id', columnNames: ['accessKeyId'], isUnique: true }],
  });

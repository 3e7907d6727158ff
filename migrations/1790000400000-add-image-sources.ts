// Where images of Cycle are fetched from.
import { Table } from 'typeorm';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnsFor } from '../src/db/columns.js';

const primary = { isPrimary: true };
const nullable = { isNullable: true };

export class AddImageSources1790000400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(imageSources(columnsFor(runner)));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('image_source');
  }
}

const imageSources = ({ id, word, text, bigint }: ReturnType<typeof columnsFor>): Table =>
  new Table({
    name: 'image_source',
    columns: [
      ...[id('accountId', primary), id('id', primary), word('identifier'), word('name'), word('type'), word('state')],
      ...[bigint('stateChangedAt'), text('origin'), text('sealedSecrets', nullable), text('about', nullable)],
      ...[text('builder', nullable), text('acl', nullable), text('creator')],
      ...[bigint('createdAt'), bigint('updatedAt')],
    ],
    foreignKeys: [{ columnNames: ['accountId'], referencedTableName: 'account', referencedColumnNames: ['id'] }],
    indices: [{ name: 'image_source_identifier', columnNames: ['accountId', 'identifier'] }],
  });

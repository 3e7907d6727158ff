// Where builds came from, and the digest of their docker image, by which origins are compared.
import { Table, TableColumn, TableIndex } from 'typeorm';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { columnsFor } from '../src/db/columns.js';

const primary = { isPrimary: true };

const BUILDS_AT_ONCE = 500;
/** Of kinds that the version before does not know. */
const NEW_KINDS = `('IMAGE_IMPORT', 'IMAGE_DELETE', 'IMAGE_PRUNE', 'SOURCE_SYNC', 'REVIEW_WRITE_BACK')`;

export class AddOrigins1790000300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const columns = columnsFor(runner);
    await runner.addColumn('build', new TableColumn(columns.word('imageDigest', { default: "''" })));
    await fillDigests(runner);
    await runner.createIndex('build', digestIndex());
    await runner.createTable(origins(columns));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `DELETE FROM "job_event" WHERE "jobId" IN (SELECT "id" FROM "job" WHERE "kind" IN ${NEW_KINDS})`,
    );
    await runner.query(`DELETE FROM "job" WHERE "kind" IN ${NEW_KINDS}`);
    await runner.dropTable('build_origin');
    // The only phase that the version before knows; it fails to answer another.
    await runner.query(`UPDATE "build" SET "phase" = 'AVAILABLE'`);
    await runner.dropIndex('build', 'build_digest');
    await runner.dropColumn('build', 'imageDigest');
  }
}

const digestIndex = () => new TableIndex({ name: 'build_digest', columnNames: ['accountId', 'imageDigest'] });

interface Filled {
  accountId: string;
  id: string;
  dockerInfo: string;
}

/** JSON in text is read here: the databases have no function for it in common. */
async function fillDigests(runner: QueryRunner): Promise<void> {
  const mark = runner.connection.options.type === 'postgres' ? '$1' : '?';
  for (let after = ''; ;) {
    const rows = (await runner.query(
      `SELECT "accountId", "id", "dockerInfo" FROM "build" WHERE "dockerInfo" IS NOT NULL AND "id" > ${mark} ` +
        `ORDER BY "id" LIMIT ${BUILDS_AT_ONCE}`,
      [after],
    )) as Filled[];
    for (const { accountId, id, dockerInfo } of rows) {
      const { dockerImageSha } = JSON.parse(dockerInfo) as { dockerImageSha?: string };
      const hex = /^(?:sha256:)?([0-9a-f]{64})$/i.exec(dockerImageSha ?? '')?.[1];
      if (hex) await runner.manager.update('build', { accountId, id }, { imageDigest: hex.toLowerCase() });
    }
    if (rows.length < BUILDS_AT_ONCE) return;
    after = rows.at(-1)!.id;
  }
}

const origins = ({ id, word, text, bigint }: ReturnType<typeof columnsFor>): Table =>
  new Table({
    name: 'build_origin',
    columns: [
      ...[id('accountId', primary), id('id', primary), word('kind'), word('sourceKey'), word('externalId')],
      ...[word('groupKey'), word('state'), text('document'), text('related'), word('contentHash'), word('listHash')],
      ...[bigint('externalCreatedAt'), bigint('fetchedAt'), word('seenIn'), bigint('goneAt', { isNullable: true })],
    ],
    foreignKeys: [
      {
        columnNames: ['accountId', 'id'],
        referencedTableName: 'build',
        referencedColumnNames: ['accountId', 'id'],
        onDelete: 'CASCADE',
      },
    ],
    indices: [
      { name: 'build_origin_external', columnNames: ['accountId', 'kind', 'externalId', 'sourceKey'], isUnique: true },
      { name: 'build_origin_group', columnNames: ['accountId', 'kind', 'groupKey', 'externalId'] },
      { name: 'build_origin_source', columnNames: ['accountId', 'sourceKey', 'seenIn'] },
    ],
  });

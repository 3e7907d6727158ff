import { AppService } from '../../src/apps/app.service.js';
import type { Principal } from '../../src/auth/principal.js';
import { Build } from '../../src/builds/build.entity.js';
import { BuildService } from '../../src/builds/build.service.js';
import type { BuildDraft } from '../../src/builds/build-draft.js';
import { fromRow, selectRows } from '../../src/db/from-row.js';
import type { Row } from '../../src/db/from-row.js';
import { Platform } from '../../src/builds/image-attributes.js';
import { TaskService } from '../../src/tasks/task.service.js';
import { OwnNames } from '../../src/lib/own-names.js';
import { onEachDatabase } from '../support/databases.js';
import { openTestDatabase } from './test-database.js';
import type { TestDatabase } from './test-database.js';

const BEYOND_31_BITS = 2 ** 31 + 5;
const BEYOND_32_BITS = 2 ** 52 + 1;

onEachDatabase('a row', (kind) => {
  let database: TestDatabase;
  let principal: Principal;

  beforeAll(async () => {
    database = await openTestDatabase(kind);
    principal = await database.createPrincipal();
  });
  afterAll(() => database.close());

  /** A build as it was written, as a plain row, and as TypeORM's entity. */
  const store = async (draft: BuildDraft) => {
    const tasks = new TaskService(database.reader);
    const apps = new AppService(database.reader, tasks);
    const builds = new BuildService(apps, tasks, new OwnNames('localhost'), { uniqueMrenclave: false });
    const { accountId } = principal;
    const actor = { type: 'TOKEN', id: null, name: 'test' } as const;
    const written = await database.inTransaction((tx) => builds.register(tx, accountId, draft, actor));
    const where = { accountId, id: written.id };
    const row = await selectRows(database.reader, Build, 'build').where(where).getRawOne<Row>();
    return { written, read: fromRow(Build, row!), entity: await database.reader.findOneByOrFail(Build, where) };
  };

  const draft: BuildDraft = {
    name: 'Ä "name" with \\ and \n',
    dockerInfo: { dockerImageName: '/acme/hello', dockerVersion: '1', exposedPorts: [] },
    attributes: [{ key: 'k', platform: Platform.NITRO_ENCLAVE, pcr0: 'ab'.repeat(48) } as never],
    memSizeMb: BEYOND_32_BITS,
    configs: { deep: [{ null: null, text: '\u{1f512}', number: 1.5, '10': 1 }] },
    enableOverlayFilesystemPersistence: true,
  };

  it('reads as what was written, with the name of its class', async () => {
    const { written, read } = await store(draft);
    expect(read).toEqual({ ...written, __typename: 'Build' });
    expect(read.createdAt).toBeInstanceOf(Date);
    expect(Number.isInteger(read.createdAt.getTime())).toBe(true);
  });

  it("reads the same as TypeORM's entity", async () => {
    const { read, entity } = await store(draft);
    expect(read).toEqual({ ...entity, __typename: 'Build' });
  });

  it.each([true, false, null])('has booleans that are booleans: %s', async (value) => {
    const { read } = await store({ enableOverlayFilesystemPersistence: value });
    expect(read.enableOverlayFilesystemPersistence).toBe(value);
  });

  it.each([0, BEYOND_31_BITS, BEYOND_32_BITS, Number.MAX_SAFE_INTEGER, null])(
    'has whole numbers that are numbers: %s',
    async (memSizeMb) => expect((await store({ memSizeMb })).read.memSizeMb).toBe(memSizeMb),
  );

  it('has null where nothing was written', async () => {
    const { read } = await store({});
    const { name, dockerInfo, launchHint, enclaveInfo, appId, statusType } = read;
    expect({ name, dockerInfo, launchHint, enclaveInfo, appId }).toEqual({
      ...{ name: null, dockerInfo: null, launchHint: null, enclaveInfo: null, appId: null },
    });
    expect([read.attributes, read.configs, statusType]).toEqual([[], {}, 'PENDING']);
  });
});

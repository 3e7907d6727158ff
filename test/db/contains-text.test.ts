import { App } from '../../src/apps/app.entity.js';
import { AppService } from '../../src/apps/app.service.js';
import type { Principal } from '../../src/auth/principal.js';
import { containsText } from '../../src/db/contains-text.js';
import { selectRows } from '../../src/db/from-row.js';
import { TaskService } from '../../src/tasks/task.service.js';
import { onEachDatabase } from '../support/databases.js';
import { openTestDatabase } from './test-database.js';
import type { TestDatabase } from './test-database.js';

const NAMES = ['100%', '1000', 'a_b', 'aXb', 'back\\slash', "it's", 'Hello', 'Ärger', 'ärger', '\u{1f512}'];

onEachDatabase('a search for text', (kind) => {
  let database: TestDatabase;
  let principal: Principal;

  beforeAll(async () => {
    database = await openTestDatabase(kind);
    principal = await database.createPrincipal();
    const apps = new AppService(database.reader, new TaskService(database.reader));
    for (const name of NAMES) {
      const description = name === 'Hello' ? 'a Word of greeting' : undefined;
      await database.inTransaction((tx) => apps.create(tx, principal, { name, description }));
    }
  });
  afterAll(() => database.close());

  const find = async (text: string) => {
    const query = selectRows(database.reader, App, 'app').where({ accountId: principal.accountId });
    containsText(query, ['name', 'description'], text);
    const rows = await query.getRawMany<{ name: string }>();
    return NAMES.filter((name) => rows.some((row) => row.name === name));
  };

  it.each([
    ['100', ['100%', '1000']],
    ['%', ['100%']],
    ['0%', ['100%']],
    ['_', ['a_b']],
    ['a_b', ['a_b']],
    ['\\', ['back\\slash']],
    ["'", ["it's"]],
    ['HELL', ['Hello']],
    ['word of', ['Hello']],
    ['\u{1f512}', ['\u{1f512}']],
    ['nothing', []],
  ])('takes every character of %j for itself', async (text, found) => expect(await find(text)).toEqual(found));

  it.each(NAMES)('finds %j by its whole name', async (name) => expect(await find(name)).toContain(name));

  it('keeps other conditions', async () => {
    const stranger = await database.createPrincipal();
    const query = selectRows(database.reader, App, 'app').where({ accountId: stranger.accountId });
    containsText(query, ['name', 'description'], '0');
    expect(await query.getRawMany()).toEqual([]);
  });
});

import type { Principal } from '../../src/auth/principal.js';
import { Build } from '../../src/builds/build.entity.js';
import { App } from '../../src/apps/app.entity.js';
import { failure, setUpCatalog } from '../builds/catalog-setup.js';
import type { CatalogSetup } from '../builds/catalog-setup.js';
import { onEachDatabase } from '../support/databases.js';

const MIB = 1024 * 1024;

onEachDatabase('the documents of one page', (kind) => {
  let setup: CatalogSetup;
  let manager: Principal;
  const wanted = { sort: [], offset: 0 };
  beforeAll(async () => {
    setup = await setUpCatalog(kind);
    manager = await setup.createManager();
    const { accountId } = manager;
    for (let index = 0; index < 4; index += 1) {
      const appName = `app ${index}`;
      await setup.inTransaction((tx) => setup.apps.create(tx, manager, { name: appName }));
      await setup.createBuild(manager, { appName });
    }
    // More than 8 MiB by bytes alone, and more than the services would take.
    const text = 'ä'.repeat(4 * MIB);
    await setup.inTransaction(async (tx) => {
      await tx.manager.update(Build, { accountId }, { configs: { config: { text } } });
      await tx.manager.update(App, { accountId }, { labels: { text } });
    });
  });
  afterAll(() => setup.close());

  it.each<[string, (limit: number, offset?: number) => Promise<{ items: unknown[] }>]>([
    ['builds', (limit, offset = 0) => setup.buildQuery.listByOffset(manager.accountId, { ...wanted, limit, offset })],
    ['apps', (limit, offset = 0) => setup.apps.listByOffset(manager.accountId, { ...wanted, limit, offset })],
  ])('are at most 32 MiB in a list of %s that may be long', async (_what, list) => {
    const refused = await failure(list(1_000));
    expect(refused).toMatchObject({ code: 'BAD_USER_INPUT', field: ['limit'] });
    expect((refused as Error).message).toMatch(/33 MiB.*ask for fewer/);
    // Of the page, not of the list.
    expect((await list(1_000, 1)).items).toHaveLength(3);
    expect((await list(200)).items).toHaveLength(4);
  });

  it('are at most 32 MiB in the builds of many apps', async () => {
    const { accountId } = manager;
    const ids = (await setup.apps.list(accountId, {}, {})).nodes.map(({ id }) => id);
    const list = (appIds: string[], first: number) => setup.buildQuery.listOfEachApp(accountId, appIds, first);
    expect(await failure(list(ids, 200))).toMatchObject({ code: 'BAD_USER_INPUT', field: ['first'] });
    expect((await list(ids.slice(1), 200)).flat()).toHaveLength(3);
    expect((await list(ids, 50)).flat()).toHaveLength(4);
  });
});

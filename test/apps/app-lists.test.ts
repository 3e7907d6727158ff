import type { AppListing } from '../../src/apps/app-lists.js';
import type { CreateAppInput } from '../../src/apps/app.input.js';
import type { Principal } from '../../src/auth/principal.js';
import { newId } from '../../src/lib/ids.js';
import { setUpCatalog } from '../builds/catalog-setup.js';
import type { CatalogSetup } from '../builds/catalog-setup.js';
import { onEachDatabase } from '../support/databases.js';

const GROUP = newId();
const APPS: CreateAppInput[] = [
  { name: 'b', description: 'Hello World', inputImageName: 'x/in', outputImageName: 'x/out', groupId: GROUP },
  { name: 'a%a', description: '100%', inputImageName: 'z', labels: { team: 'red', stage: 'live' } },
  { name: 'A_a', outputImageName: 'y/out', labels: { team: 'red', Team: 'red' }, groupId: GROUP.toUpperCase() },
  { name: 'c', description: 'b', labels: { team: 'blue', '["team","red"]': 'x' }, groupId: newId() },
];

onEachDatabase('a list of apps by offset', (kind) => {
  let setup: CatalogSetup;
  let manager: Principal;
  beforeAll(async () => {
    setup = await setUpCatalog(kind);
    manager = await setup.createManager();
    for (const input of APPS) await setup.inTransaction((tx) => setup.apps.create(tx, manager, input));
    const stranger = await setup.createManager();
    const input = { name: 'b', labels: { team: 'red' } };
    await setup.inTransaction((tx) => setup.apps.create(tx, stranger, input));
  });
  afterAll(() => setup.close());

  const page = (listing: Partial<AppListing> = {}) =>
    setup.apps.listByOffset(manager.accountId, {
      ...{ sort: [{ field: 'createdAt', descending: false }], limit: 100, offset: 0 },
      ...listing,
    });
  const names = async (listing: Partial<AppListing>) => (await page(listing)).items.map(({ name }) => name);

  it.each<[string, Partial<AppListing>, string[]]>([
    ['part of a name', { name: 'A' }, ['a%a', 'A_a']],
    ['a name that looks like a pattern', { name: '%a' }, ['a%a']],
    ['part of a description', { description: 'WORLD' }, ['b']],
    ['a name and a description', { name: 'a', description: '%' }, ['a%a']],
    ['a name, a description and a text that do not fit together', { name: 'b', description: '%', text: 'b' }, []],
    ['a text in names and descriptions', { text: 'b' }, ['b', 'c']],
    ['a text in names of images', { text: '/OUT' }, ['b', 'A_a']],
    ['a group, in whatever case', { groupIds: [GROUP] }, ['b', 'A_a']],
    ['several groups', { groupIds: [newId(), GROUP.toUpperCase()] }, ['b', 'A_a']],
    ['no group at all', { groupIds: [] }, []],
  ])('finds them by %s', async (_what, listing, found) => expect(await names(listing)).toEqual(found));

  it.each<[AppListing['sort'], string[]]>([
    [[{ field: 'name', descending: false }], ['A_a', 'a%a', 'b', 'c']],
    [[{ field: 'name', descending: true }], ['c', 'b', 'a%a', 'A_a']],
    [[{ field: 'createdAt', descending: true }], ['c', 'A_a', 'a%a', 'b']],
    [[{ field: 'updatedAt', descending: false }], ['b', 'a%a', 'A_a', 'c']],
    [[], ['b', 'a%a', 'A_a', 'c']],
  ])('is sorted by %j', async (sort, sorted) => expect(await names({ sort })).toEqual(sorted));

  it('comes in pages, with what there is in all and what the filters leave', async () => {
    const { items, ...counts } = await page({ text: 'b', limit: 1, offset: 1 });
    expect(items.map(({ name }) => name)).toEqual(['c']);
    expect(counts).toEqual({ totalCount: 4, filteredCount: 2 });
  });

  it('counts labels over all apps of the account, by key and value', async () => {
    expect(await setup.apps.labelCounts(manager.accountId)).toEqual([
      { key: 'Team', value: 'red', count: 1 },
      { key: '["team","red"]', value: 'x', count: 1 },
      { key: 'stage', value: 'live', count: 1 },
      { key: 'team', value: 'blue', count: 1 },
      { key: 'team', value: 'red', count: 2 },
    ]);
  });

  it('counts the labels of more apps than are read at once', async () => {
    const crowd = await setup.createManager();
    await setup.inTransaction(async (tx) => {
      for (let index = 0; index < 201; index += 1)
        await setup.apps.create(tx, crowd, { name: `${index}`, labels: { all: 'yes' } });
    });
    expect(await setup.apps.labelCounts(crowd.accountId)).toEqual([{ key: 'all', value: 'yes', count: 201 }]);
  });

  it('counts the first 10,000 labels, each over all apps', async () => {
    const crowd = await setup.createManager();
    const label = (index: number) => `${index}`.padStart(5, '0');
    // From the last to the first, so that labels are dropped time and again; two of them come early and late.
    await setup.inTransaction(async (tx) => {
      for (let app = 299; app >= 0; app -= 1) {
        const own = Array.from({ length: 100 }, (_, index) => [label(app * 100 + index), 'x']);
        const labels = Object.fromEntries([...own, [label(0), 'x'], [label(29_999), 'x']]);
        await setup.apps.create(tx, crowd, { name: `${app}`, labels });
      }
    });
    const counts = await setup.apps.labelCounts(crowd.accountId);
    expect(counts.map(({ key }) => key)).toEqual(Array.from({ length: 10_000 }, (_, index) => label(index)));
    expect(counts.slice(0, 2)).toEqual([
      { key: label(0), value: 'x', count: 300 },
      { key: label(1), value: 'x', count: 1 },
    ]);
  });

  it('counts no more labels than 8 Mi characters', async () => {
    const crowd = await setup.createManager();
    const value = 'x'.repeat(4_000);
    await setup.inTransaction(async (tx) => {
      for (let app = 0; app < 70; app += 1) {
        const own = Array.from({ length: 60 }, (_, index) => [`${app}`.padStart(3, '0') + index, value]);
        await setup.apps.create(tx, crowd, { name: `${app}`, labels: Object.fromEntries(own) });
      }
    });
    const counts = await setup.apps.labelCounts(crowd.accountId);
    const characters = counts.reduce((sum, label) => sum + label.key.length + label.value.length, 0);
    expect(characters).toBeLessThanOrEqual(8 * 1024 * 1024);
    expect(characters).toBeGreaterThan(8 * 1024 * 1024 - 4_100);
    expect(counts[0]).toEqual({ key: '0000', value, count: 1 });
  });
});

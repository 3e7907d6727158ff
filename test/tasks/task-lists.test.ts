import type { Principal } from '../../src/auth/principal.js';
import type { TaskListing } from '../../src/tasks/task.service.js';
import type { TaskFilter } from '../../src/tasks/task.input.js';
import { TaskStatus, TaskType } from '../../src/tasks/task.entity.js';
import { another, failure, setUpCatalog } from '../builds/catalog-setup.js';
import type { CatalogSetup } from '../builds/catalog-setup.js';
import { onEachDatabase } from '../support/databases.js';

// Each is a trap: for LIKE, for JSON, or a part of another one or of the document around it.
const NAMES = ['anna', 'Anna', 'ann', 'a%a', 'a_a', 'a\\a', 'a"a', 'a","name":"ann', 'ärger', 'USER', '}', '\u{1f512}'];

onEachDatabase('lists of tasks', (kind) => {
  let setup: CatalogSetup;
  let manager: Principal;
  let people: Principal[];
  /** One per name, oldest first: the first half for builds, the others for apps. */
  const ids: string[] = [];

  beforeAll(async () => {
    setup = await setUpCatalog(kind);
    manager = await setup.createManager();
    people = NAMES.map((name, index) => ({ ...another(manager, name), ownerId: `owner ${index}` }));
    for (const [index, person] of people.entries()) {
      if (index < NAMES.length / 2) {
        ids.push((await setup.createBuild(person)).pendingTaskId!);
      } else {
        const input = { name: `app ${index}`, allowedDomains: ['a.example'] };
        ids.push((await setup.inTransaction((tx) => setup.apps.create(tx, person, input))).pendingTaskId!);
      }
    }
    await setup.createBuild(await setup.createManager());
  });
  afterAll(() => setup.close());

  const list = async (filter: TaskFilter) =>
    (await setup.tasks.list(manager.accountId, {}, filter)).nodes.map(({ id }) => id);
  const page = (listing: Partial<TaskListing>) =>
    setup.tasks.listByOffset(manager.accountId, {
      ...{ sort: [{ field: 'createdAt', descending: false }], limit: 100, offset: 0 },
      ...listing,
    });
  const indexes = async (listing: Partial<TaskListing>) => (await page(listing)).items.map(({ id }) => ids.indexOf(id));
  const namesOf = async (text: string) => (await indexes({ text })).map((index) => NAMES[index]);

  it.each(NAMES)('know a requester by the exact name %j', async (name) => {
    expect(await list({ requester: name })).toEqual([ids[NAMES.indexOf(name)]]);
    expect(await indexes({ requester: name })).toEqual([NAMES.indexOf(name)]);
  });

  it.each(['', 'owner', 'nobody', 'nna', '%', '_nna', 'ANNA', 'Ärger', 'asker"'])(
    'know nobody by what is no exact name: %j',
    async (name) => {
      const all = name === '' ? ids.length : 0;
      expect(await list({ requester: name })).toHaveLength(all);
    },
  );

  it('know an approver by the exact name', async () => {
    await setup.setQuorum(manager.accountId, 3);
    await setup.approve(people[1]!, ids[0]!);
    await setup.approve(people[2]!, ids[0]!);
    await setup.approve(people[6]!, ids[3]!);
    expect(await list({ approver: 'ann' })).toEqual([ids[0]]);
    expect(await indexes({ approver: 'Anna' })).toEqual([0]);
    expect(await indexes({ approver: 'a"a' })).toEqual([3]);
    expect(await indexes({ approver: 'anna' })).toEqual([]);
    expect(await indexes({ approver: 'ann', requester: 'anna' })).toEqual([0]);
    expect(await indexes({ approver: 'ann', requester: 'Anna' })).toEqual([]);
  });

  it.each([
    ['ANN', ['anna', 'Anna', 'ann', 'a","name":"ann']],
    ['%', ['a%a']],
    ['_a', ['a_a']],
    ['\\', ['a\\a']],
    ['"', ['a"a', 'a","name":"ann']],
    ['}', ['}']],
    ['user', ['USER']],
    ['owner', []],
    ['\u{1f512}', ['\u{1f512}']],
    ['build_white', NAMES.slice(0, 6)],
    ['DOMAIN', NAMES.slice(6)],
  ])('find %j in names and types', async (text, names) => expect(await namesOf(text)).toEqual(names));

  it('find the id of what a task is about, or a part of it, in any case', async () => {
    const { items } = await page({});
    for (const { id, subjectId } of [items[0]!, items.at(-1)!]) {
      for (const text of [subjectId, subjectId.toUpperCase(), subjectId.slice(20)])
        expect(await indexes({ text })).toEqual([ids.indexOf(id)]);
      expect(await indexes({ text: id })).toEqual([]);
    }
  });

  it('are taken from a base, beside which nothing is counted', async () => {
    const [builds, domains] = [[TaskType.BUILD_WHITELIST], [TaskType.DOMAIN_WHITELIST]];
    expect(await page({ base: { types: builds } })).toMatchObject({ totalCount: 6, filteredCount: 6 });
    const some = await page({ base: { types: builds, isOpen: true }, text: 'ANN' });
    expect(some).toMatchObject({ totalCount: 6, filteredCount: 3 });
    expect(await page({ base: { types: builds }, types: domains })).toMatchObject({
      ...{ items: [], totalCount: 6, filteredCount: 0 },
    });
    expect(await page({ base: { isOpen: false }, isOpen: true })).toMatchObject({ totalCount: 0, filteredCount: 0 });
    expect(await page({ base: { isOpen: true }, types: domains })).toMatchObject({ totalCount: 12, filteredCount: 6 });
  });

  it('go by type and by status', async () => {
    expect(await indexes({ types: [TaskType.DOMAIN_WHITELIST] })).toEqual([6, 7, 8, 9, 10, 11]);
    expect(await list({ type: [TaskType.DOMAIN_WHITELIST] })).toEqual(ids.slice(6).reverse());
    await setup.deny(manager, ids[11]!);
    expect(await indexes({ isOpen: false })).toEqual([11]);
    expect(await indexes({ isOpen: true })).toHaveLength(11);
    expect(await list({ status: [TaskStatus.DENIED] })).toEqual([ids[11]]);
    expect(await list({ status: [TaskStatus.DENIED, TaskStatus.INPROGRESS] })).toHaveLength(12);
    expect(await list({ status: [] })).toEqual([]);
  });

  it('come in pages, with what there is in all and what the filters leave', async () => {
    const types = [TaskType.BUILD_WHITELIST];
    const first = await page({ types, limit: 4 });
    const second = await page({ types, limit: 4, offset: 4 });
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids.slice(0, 6));
    expect(first).toMatchObject({ totalCount: 12, filteredCount: 6 });
    expect(await page({ types, limit: 0 })).toEqual({ items: [], totalCount: 12, filteredCount: 6 });
    expect(await page({ types, offset: 6 })).toEqual({ items: [], totalCount: 12, filteredCount: 6 });
  });

  it('are sorted by several fields', async () => {
    const sort: TaskListing['sort'] = [
      { field: 'type', descending: true },
      { field: 'createdAt', descending: true },
    ];
    expect(await indexes({ sort })).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    sort[1]!.descending = false;
    expect(await indexes({ sort })).toEqual([6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5]);
    const twice: TaskListing['sort'] = [...sort, { field: 'type', descending: false }];
    expect(await indexes({ sort: twice })).toEqual([6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5]);
  });

  it.each([
    ['limit', { limit: 1001 }],
    ['limit', { limit: -1 }],
    ['limit', { limit: 1.5 }],
    ['offset', { offset: -1 }],
    ['offset', { offset: Number.NaN }],
  ])('refuse a %s of %j', async (field, listing) => {
    expect(await failure(page(listing))).toMatchObject({ code: 'BAD_USER_INPUT', field: [field] });
  });
});

import { App } from '../../src/apps/app.entity.js';
import type { Principal } from '../../src/auth/principal.js';
import { actorOf } from '../../src/auth/principal.js';
import type { BuildListing } from '../../src/builds/build-lists.js';
import { Build } from '../../src/builds/build.entity.js';
import { BuildStatusType, DeploymentStatusType } from '../../src/builds/build-parts.js';
import { NitroHashAlgorithm } from '../../src/builds/image-attributes.js';
import { newId } from '../../src/lib/ids.js';
import { onEachDatabase } from '../support/databases.js';
import { failure, hex, setUpCatalog } from './catalog-setup.js';
import type { CatalogSetup } from './catalog-setup.js';

const GROUP = newId();
const image = (dockerImageName: string) => ({ dockerInfo: { dockerImageName, dockerVersion: '1' } });
const pcrs = { pcr0: hex('01', 48), pcr1: hex('02', 48), pcr2: hex('03', 48) };

onEachDatabase('a list of builds by offset', (kind) => {
  let setup: CatalogSetup;
  let manager: Principal;
  /** Names of the builds, in the order they were made in. */
  const ids = new Map<string, string>();

  beforeAll(async () => {
    setup = await setUpCatalog(kind);
    manager = await setup.createManager();
    const { inTransaction, apps } = setup;
    const app = (name: string, outputImageName: string) =>
      inTransaction((tx) => apps.create(tx, manager, { name, outputImageName }));
    const [shop, odd] = [await app('Shop', 'registry.example/shop-out'), await app('100%_\\', 'odd')];
    const nitroEnclave = { hashAlgorithm: NitroHashAlgorithm.SHA384, ...pcrs };
    const builds = {
      shop: { ...image('registry.example/Shop'), appId: shop.id, groupId: GROUP.toUpperCase() },
      odd: { ...image('a%b_c\\d'), appId: odd.id },
      own: image('127.0.0.1:4000/team/own'),
      sgx: { ...image('zebra'), mrenclave: hex('AB', 32), mrsigner: hex('cd', 32) },
      nitro: { ...image('Zoo'), attributes: [{ nitroEnclave }], groupId: newId() },
      bare: {},
    };
    for (const [name, input] of Object.entries(builds)) ids.set(name, (await setup.createBuild(manager, input)).id);
    await setup.createBuild(await setup.createManager(), image('registry.example/shop'));
  });
  afterAll(() => setup.close());

  const all = ['shop', 'odd', 'own', 'sgx', 'nitro', 'bare'];
  const page = (listing: Partial<BuildListing> = {}) =>
    setup.buildQuery.listByOffset(manager.accountId, {
      ...{ sort: [{ field: 'createdAt', descending: false }], limit: 100, offset: 0 },
      ...listing,
    });
  const found = async (listing: Partial<BuildListing>) => {
    const { items } = await page(listing);
    return items.map(({ id }) => [...ids].find(([, known]) => known === id)?.[0]);
  };

  it.each<[string, Partial<BuildListing>, string[]]>([
    ['a text in the name of the image', { text: 'ZEB' }, ['sgx']],
    ['a text in the name of the app', { text: '100%_\\' }, ['odd']],
    ['a text in the name of the image that the app is converted to', { text: 'shop-OUT' }, ['shop']],
    ['a text in several of them', { text: 'shop' }, ['shop']],
    ['a text that looks like a pattern', { text: '%b_' }, ['odd']],
    ['a text that is in none', { text: 'nobody' }, []],
    ['a whole mrenclave, in any case', { text: hex('Ab', 32) }, ['sgx']],
    ['part of an mrsigner', { text: 'cdcdcd' }, ['sgx']],
    ['part of a PCR', { text: '0303030303' }, ['nitro']],
    ['a text in the name of an image of our own', { text: 'example:4000/team' }, ['own']],
    ['our own image by another name of ours', { text: '127.0.0.1:4000/team/own' }, ['own']],
    ['the path of our own image', { text: '/team/own' }, ['own']],
    ['part of the name of an image', { dockerImageName: 'OO' }, ['nitro']],
    ['part of the name of the image that the app is converted to', { dockerImageName: 'shop-o' }, ['shop']],
    ['part of the name of an image of our own', { dockerImageName: 'catalog.example:4000/' }, ['own']],
    ['no name of an app', { dockerImageName: '100' }, []],
    ['a group, in any case', { groupIds: [GROUP] }, ['shop']],
    ['no group at all', { groupIds: [] }, []],
    ['a text and a name', { text: 'registry', dockerImageName: 'shop' }, ['shop']],
    ['a text and a name that do not fit together', { text: 'zebra', dockerImageName: 'Zoo' }, []],
  ])('finds them by %s', async (_what, listing, names) => expect(await found(listing)).toEqual(names));

  it('finds them by a configuration, whatever its id', async () => {
    const odd = ['a', 'A', 'a%', 'a_', 'a\\', 'a"', '"a":', 'ä', '\u{1f512}'];
    const configure = (name: string, configs: Record<string, object>) =>
      setup.inTransaction((tx) => setup.builds.update(tx, manager, ids.get(name)!, { configs }));
    for (const [index, configId] of odd.entries()) {
      await configure('own', { [configId]: {} });
      await configure('sgx', { [odd[(index + 1) % odd.length]!]: { text: configId, [configId]: { [configId]: {} } } });
      expect(await found({ configId })).toEqual(['own']);
    }
    await configure('own', {});
    await configure('sgx', {});
    expect(await found({ configId: 'a' })).toEqual([]);
  });

  it('takes names of images as long as images may have, and shorter texts', async () => {
    const longest = `registry.example/${'x'.repeat(2_031)}`;
    const { id } = await setup.createBuild(manager, image(longest));
    ids.set('longest', id);
    for (const part of [longest, longest.slice(1), longest.slice(0, -1)])
      expect(await found({ dockerImageName: part })).toEqual(['longest']);
    await setup.inTransaction((tx) => setup.builds.delete(tx, manager, id));
    ids.delete('longest');
    const refused = (listing: Partial<BuildListing>) => failure(page(listing));
    expect(await refused({ dockerImageName: `${longest}x` })).toMatchObject({
      ...{ code: 'BAD_USER_INPUT', field: ['dockerImageName'] },
    });
    // As long as allowed, though longer by the name of ours that stands in for the other.
    const own = `127.0.0.1:4000/${'x'.repeat(240)}`;
    expect(await found({ text: own, dockerImageName: own })).toEqual([]);
    expect(await refused({ text: `${own}x` })).toMatchObject({ code: 'BAD_USER_INPUT', field: ['text'] });
  });

  it('goes by review, where none counts as pending, and by deployment', async () => {
    const { accountId } = manager;
    const review = (name: string) =>
      setup.reader
        .findOneByOrFail(Build, { accountId, id: ids.get(name)! })
        .then(({ pendingTaskId }) => pendingTaskId!);
    await setup.approve(manager, await review('shop'));
    await setup.deny(manager, await review('odd'));
    await setup.inTransaction(async (tx) => {
      await tx.manager.update(Build, { accountId, id: ids.get('own')! }, { statusType: null, statusUpdatedAt: null });
      const status = DeploymentStatusType.DEPLOYED;
      await setup.builds.setDeployment(tx, accountId, ids.get('nitro')!, status, actorOf(manager));
    });
    expect(await found({ status: BuildStatusType.WHITELISTED })).toEqual(['shop']);
    expect(await found({ status: BuildStatusType.REJECTED })).toEqual(['odd']);
    expect(await found({ status: BuildStatusType.PENDING })).toEqual(['own', 'sgx', 'nitro', 'bare']);
    expect(await found({ deploymentStatus: DeploymentStatusType.DEPLOYED })).toEqual(['nitro']);
    expect(await found({ deploymentStatus: DeploymentStatusType.UNDEPLOYED })).toHaveLength(5);
    const both = { status: BuildStatusType.PENDING, deploymentStatus: DeploymentStatusType.UNDEPLOYED };
    expect(await found({ ...both, text: 'z' })).toEqual(['sgx']);

    const byStatus = [{ field: 'statusType' as const, descending: true }];
    expect(await found({ sort: byStatus })).toEqual(['shop', 'odd', 'own', 'sgx', 'nitro', 'bare']);
    const byDeployment = [{ field: 'deploymentStatusType' as const, descending: false }];
    expect((await found({ sort: byDeployment }))[0]).toBe('nitro');
  });

  it.each<[BuildListing['sort'], string[]]>([
    [[{ field: 'createdAt', descending: true }], [...all].reverse()],
    [[{ field: 'dockerImageName', descending: false }], ['bare', 'nitro', 'odd', 'own', 'shop', 'sgx']],
    [[{ field: 'dockerImageName', descending: true }], ['sgx', 'shop', 'own', 'odd', 'nitro', 'bare']],
    [[{ field: 'sortName', descending: false }], ['bare', 'own', 'nitro', 'odd', 'shop', 'sgx']],
    [
      [
        { field: 'appName', descending: false },
        { field: 'createdAt', descending: true },
      ],
      ['bare', 'nitro', 'sgx', 'own', 'odd', 'shop'],
    ],
    [
      [
        { field: 'appName', descending: true },
        { field: 'dockerImageName', descending: false },
      ],
      ['shop', 'odd', 'bare', 'nitro', 'own', 'sgx'],
    ],
    [[], all],
  ])('is sorted by %j', async (sort, names) => expect(await found({ sort })).toEqual(names));

  it('is sorted by the last change', async () => {
    await setup.inTransaction((tx) => setup.builds.update(tx, manager, ids.get('sgx')!, { configs: { last: {} } }));
    const sorted = await found({ sort: [{ field: 'updatedAt', descending: true }], limit: 1 });
    expect(sorted).toEqual(['sgx']);
  });

  it('comes in pages, with what there is in all and what the filters leave', async () => {
    const first = await page({ text: 'o', limit: 2 });
    const second = await page({ text: 'o', limit: 2, offset: 2 });
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(
      ['shop', 'odd', 'own', 'nitro'].map((name) => ids.get(name)),
    );
    expect([first.totalCount, first.filteredCount]).toEqual([6, 4]);
    expect(await page({ text: 'nobody' })).toEqual({ items: [], totalCount: 6, filteredCount: 0 });
  });

  it('shows names of our own with our host', async () => {
    const { items } = await page({ text: 'team/own' });
    expect(items[0]!.dockerInfo!.dockerImageName).toBe('catalog.example:4000/team/own');
  });

  it('does not look into apps of other accounts', async () => {
    const stranger = await setup.createManager();
    const { appId } = await setup.createBuild(manager, { appName: 'Shop' });
    // The same id elsewhere, as nothing but the account tells them apart.
    await setup.inTransaction(async (tx) => {
      const app = await tx.manager.findOneByOrFail(App, { accountId: manager.accountId, id: appId! });
      await tx.manager.insert(App, { ...app, accountId: stranger.accountId, outputImageName: 'secret' });
    });
    expect(await found({ text: 'secret' })).toEqual([]);
    expect(await found({ dockerImageName: 'secret' })).toEqual([]);
  });
});

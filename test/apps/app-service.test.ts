import type { App } from '../../src/apps/app.entity.js';
import type { AppChanges, CreateAppInput } from '../../src/apps/app.input.js';
import type { Principal } from '../../src/auth/principal.js';
import { newId } from '../../src/lib/ids.js';
import { failure, hex, setUpCatalog } from '../builds/catalog-setup.js';
import type { CatalogSetup } from '../builds/catalog-setup.js';
import { onEachDatabase } from '../support/databases.js';

onEachDatabase('an app', (kind) => {
  let setup: CatalogSetup;
  let manager: Principal;
  beforeAll(async () => {
    setup = await setUpCatalog(kind);
  });
  beforeEach(async () => {
    manager = await setup.createManager();
  });
  afterAll(() => setup.close());

  const create = (input: Partial<CreateAppInput> = {}) =>
    setup.inTransaction((tx) => setup.apps.create(tx, manager, { name: newId(), ...input }));
  const update = (app: Pick<App, 'id'>, changes: AppChanges, principal = manager) =>
    setup.inTransaction((tx) => setup.apps.update(tx, principal, app.id, changes));
  const remove = (app: Pick<App, 'id'>) => setup.inTransaction((tx) => setup.deleteApp.delete(tx, manager, app.id));
  const read = async ({ id }: Pick<App, 'id'>) => (await setup.apps.byIds(manager.accountId, [id]))[0]!;
  const taskOf = async ({ pendingTaskId }: App) => (await setup.task(manager.accountId, pendingTaskId!))!;

  describe('that is changed', () => {
    it('has what was given, and all else as before', async () => {
      const app = await create({ description: 'old', labels: { a: '1' }, memSizeMb: 5 });
      const changes: AppChanges = {
        ...{ description: 'new', inputImageName: 'in', outputImageName: 'out', isvsvn: 1, isvprodid: 2, memSizeMb: 3 },
        ...{ threads: 4, defaultBuildSettings: { nitroEnclaves: { cpuCount: 2 } }, labels: { b: '2' } },
        ...{ customMetadata: { c: '3' }, advancedSettings: { rwDirs: ['/x'] }, groupId: newId() },
        certificatePolicy: { requireKnownImage: true, requireKnownSigner: false },
        signers: [{ nitroEnclave: { pcr8: hex('a', 96) } }],
      };
      await update(app, changes);
      const after = await read(app);
      const { updatedAt, ...rest } = { ...app, ...changes };
      expect(after).toEqual({ ...rest, updatedAt: after.updatedAt, __typename: 'App' });
      expect(after.updatedAt.getTime()).toBeGreaterThanOrEqual(updatedAt.getTime());
      await update({ id: app.id.toUpperCase() }, { threads: 9 });
      expect(await read(app)).toMatchObject({ ...changes, threads: 9 });
    });

    it('loses by null what can be null, and nothing else', async () => {
      const given = { description: 'x', advancedSettings: { rwDirs: ['/x'] }, groupId: newId() };
      const policy = { certificatePolicy: { requireKnownImage: true, requireKnownSigner: true } };
      const app = await create({ ...given, ...policy, memSizeMb: 5, labels: { a: '1' }, inputImageName: 'in' });
      const nothing = { description: null, advancedSettings: null, groupId: null, certificatePolicy: null };
      await update(app, { ...nothing, memSizeMb: null, labels: null, inputImageName: null, allowedDomains: null });
      expect(await read(app)).toMatchObject({ ...nothing, memSizeMb: 5, labels: { a: '1' }, inputImageName: 'in' });
    });

    it('is in the log with before and after, but not where nothing changed', async () => {
      const app = await create({ description: 'old', labels: { a: '1', b: '2' } });
      await update(app, {});
      await update(app, { description: 'old', labels: { b: '2', a: '1' } });
      expect(await setup.log(manager.accountId)).toEqual(['CREATED App']);
      expect((await read(app)).updatedAt).toEqual(app.updatedAt);
      await update(app, { description: 'new' });
      const line = await setup.lastLine(manager.accountId, 'App');
      expect(line).toMatchObject({ kind: 'UPDATED', entityId: app.id, actor: { id: manager.tokenId } });
      expect(line).toMatchObject({ before: { description: 'old' }, after: { description: 'new', name: app.name } });
    });

    it.each([
      ['a negative size', { memSizeMb: -1 }, ['memSizeMb']],
      ['a group that is no UUID', { groupId: 'x' }, ['groupId']],
      ['too long a description', { description: 'x'.repeat(4097) }, ['description']],
      ['too long a name of an image', { inputImageName: 'x'.repeat(2049) }, ['inputImageName']],
      ['a label that is no text', { labels: { a: 1 } }, ['labels', 'a']],
      ['a label without a name', { labels: { '': 'x' } }, ['labels']],
      ['a label with too long a name', { labels: { ['x'.repeat(256)]: 'x' } }, ['labels']],
      ['too long a label', { customMetadata: { a: 'x'.repeat(4097) } }, ['customMetadata', 'a']],
      ['129 labels', { labels: Object.fromEntries(Array.from({ length: 129 }, (_, i) => [`k${i}`, ''])) }, ['labels']],
      ['a signer of nothing', { signers: [{}] }, ['signers', '0']],
      ['what is no domain', { allowedDomains: ['a.example', 'no domain'] }, ['allowedDomains', '1']],
    ])('refuses %s, and stays as it was', async (_what, changes, field) => {
      const app = await create();
      expect(await failure(update(app, changes as never))).toMatchObject({ code: 'BAD_USER_INPUT', field });
      expect(await failure(create(changes as never))).toMatchObject({ code: 'BAD_USER_INPUT', field });
      expect(await read(app)).toEqual({ ...app, __typename: 'App' });
      expect(await setup.log(manager.accountId)).toEqual(['CREATED App']);
    });

    it('has at most 256 KiB of documents, however many changes they come in', async () => {
      const texts = (letter: string) =>
        Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`${letter}${index}`, letter.repeat(4_000)]));
      const app = await create({ labels: texts('a') });
      const refused = await failure(update(app, { customMetadata: texts('b') }));
      expect(refused).toMatchObject({ code: 'BAD_USER_INPUT', message: expect.stringContaining('262144') });
      expect((await read(app)).customMetadata).toEqual({});
      await update(app, { customMetadata: texts('b'), labels: {} });
    });

    it('has at most 64 signers', async () => {
      const signers = Array.from({ length: 65 }, () => ({ nitroEnclave: { pcr8: hex('a', 96) } }));
      const app = await create({ signers: signers.slice(1) });
      expect(await failure(update(app, { signers }))).toMatchObject({ code: 'BAD_USER_INPUT', field: ['signers'] });
    });

    it('is not found in another account', async () => {
      const app = await create();
      const stranger = await setup.createManager();
      expect(await failure(update(app, { description: 'x' }, stranger))).toMatchObject({ code: 'NOT_FOUND' });
      expect((await read(app)).description).toBeNull();
    });

    it('keeps every one of many changes that come at once', async () => {
      const app = await create();
      const fields = ['memSizeMb', 'threads', 'isvsvn', 'isvprodid'] as const;
      await Promise.all(fields.map((field, index) => update(app, { [field]: index + 1 })));
      expect(await read(app)).toMatchObject({ memSizeMb: 1, threads: 2, isvsvn: 3, isvprodid: 4 });
      expect(await setup.log(manager.accountId)).toHaveLength(5);
    });
  });

  describe('that asks for domains', () => {
    const a = 'a.example';
    const b = 'b.example';

    it('waits for a task when it is created with some', async () => {
      const app = await create({ allowedDomains: ['A.example', b, a] });
      const asked = { allowedDomains: [a, b], whitelistedDomains: [], domainsAdded: [a, b], domainsRemoved: [] };
      expect(await read(app)).toMatchObject(asked);
      expect(await taskOf(app)).toMatchObject({
        ...{ type: 'DOMAIN_WHITELIST', status: 'INPROGRESS', subjectId: app.id },
        requester: { id: manager.tokenId },
      });
      expect(await create({ allowedDomains: [] })).toMatchObject({ pendingTaskId: null });
    });

    it('has them once they are approved', async () => {
      const app = await create({ allowedDomains: [a] });
      expect(await setup.approve(manager, app.pendingTaskId!)).toMatchObject({ status: 'SUCCESS' });
      const settled = { domainsAdded: [], domainsRemoved: [], pendingTaskId: null };
      expect(await read(app)).toMatchObject({ allowedDomains: [a], whitelistedDomains: [a], ...settled });
      const line = await setup.lastLine(manager.accountId, 'App');
      expect(line).toMatchObject({ kind: 'REVIEWED', before: { whitelistedDomains: [] } });
      expect(line).toMatchObject({ after: { whitelistedDomains: [a], pendingTaskId: null } });
    });

    it('keeps those that were approved while others are asked for, and where these are denied', async () => {
      const app = await create({ allowedDomains: [a] });
      await setup.approve(manager, app.pendingTaskId!);
      const changed = await update(app, { allowedDomains: [b] });
      const asked = { allowedDomains: [b], whitelistedDomains: [a], domainsAdded: [b], domainsRemoved: [a] };
      expect(await read(app)).toMatchObject(asked);
      expect(await setup.deny(manager, changed.pendingTaskId!)).toMatchObject({ status: 'DENIED' });
      const denied = { whitelistedDomains: [a], domainsAdded: [], domainsRemoved: [], pendingTaskId: null };
      expect(await read(app)).toMatchObject(denied);
    });

    it('loses one once that is approved', async () => {
      const app = await create({ allowedDomains: [a, b] });
      await setup.approve(manager, app.pendingTaskId!);
      const changed = await update(app, { allowedDomains: [b] });
      expect(changed).toMatchObject({ domainsAdded: [], domainsRemoved: [a] });
      await setup.approve(manager, changed.pendingTaskId!);
      expect(await read(app)).toMatchObject({ whitelistedDomains: [b], pendingTaskId: null });
    });

    it('may ask for the same again, but for no others while a task is pending', async () => {
      const app = await create({ allowedDomains: [a] });
      expect(await update(app, { allowedDomains: [a] })).toMatchObject({ pendingTaskId: app.pendingTaskId });
      const refused = await failure(update(app, { allowedDomains: [a, b], description: 'x' }));
      expect(refused).toMatchObject({ code: 'CONFLICT', reason: 'INVALID_STATE', field: ['allowedDomains'] });
      expect(await read(app)).toEqual({ ...app, __typename: 'App' });
      expect(await update(app, { description: 'x' })).toMatchObject({ description: 'x' });
    });

    it('opens one task where several ask at once', async () => {
      const app = await create();
      const domains = Array.from({ length: 10 }, (_, index) => [`d${index}.example`]);
      const answers = await Promise.all(domains.map((allowedDomains) => failure(update(app, { allowedDomains }))));
      expect(answers.filter(({ code }) => code === undefined)).toHaveLength(1);
      expect(answers.filter(({ reason }) => reason === 'INVALID_STATE')).toHaveLength(9);
      const { nodes } = await setup.tasks.list(manager.accountId, {}, {});
      expect(nodes.map(({ id }) => id)).toEqual([(await read(app)).pendingTaskId]);
    });
  });

  describe('that is deleted', () => {
    it('is gone, its task has failed, and its builds know only its name', async () => {
      const app = await create({ allowedDomains: ['a.example'] });
      const build = await setup.createBuild(manager, { appId: app.id });
      const other = await setup.createBuild(manager, { appId: (await create()).id });
      await remove({ id: app.id.toUpperCase() });
      expect(await read(app)).toBeUndefined();
      expect(await taskOf(app)).toMatchObject({ status: 'FAILED', approvals: [] });
      expect(await setup.build(build)).toMatchObject({ appId: null, appName: app.name });
      expect((await setup.build(other))!.appId).toBe(other.appId);
      expect((await setup.log(manager.accountId)).slice(-3)).toEqual(['UPDATED Build', 'UPDATED Task', 'DELETED App']);
      const line = await setup.lastLine(manager.accountId, 'App');
      expect(line).toMatchObject({ kind: 'DELETED', entityId: app.id, before: { name: app.name }, after: null });
      expect(await setup.lastLine(manager.accountId, 'Build')).toMatchObject({
        ...{ entityId: build.id, before: { appId: app.id }, after: { appId: null } },
      });
    });

    it('can be deleted once', async () => {
      const app = await create();
      const codes = await Promise.all([1, 2, 3].map(async () => (await failure(remove(app))).code));
      expect(codes.sort()).toEqual(['NOT_FOUND', 'NOT_FOUND', undefined]);
      expect((await setup.log(manager.accountId)).filter((line) => line === 'DELETED App')).toHaveLength(1);
    });

    it('gets no build at the same moment that would belong to nothing', async () => {
      const app = await create();
      const work = Array.from({ length: 8 }, () => failure(setup.createBuild(manager, { appId: app.id })));
      const [deleted, ...created] = await Promise.all([failure(remove(app)), ...work]);
      expect(deleted).toEqual({});
      for (const { code } of created) expect([undefined, 'NOT_FOUND']).toContain(code);
      const { items } = await setup.buildQuery.listByOffset(manager.accountId, { sort: [], limit: 100, offset: 0 });
      expect(items.map(({ appId }) => appId)).toEqual(items.map(() => null));
    });
  });
});

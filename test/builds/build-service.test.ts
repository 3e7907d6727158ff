import type { Principal } from '../../src/auth/principal.js';
import { actorOf } from '../../src/auth/principal.js';
import type { CreateBuildInput } from '../../src/builds/build.input.js';
import { DeploymentStatusType } from '../../src/builds/build-parts.js';
import { NitroHashAlgorithm } from '../../src/builds/image-attributes.js';
import { Measurement } from '../../src/builds/measurements.js';
import { Job, JobKind } from '../../src/jobs/job.entity.js';
import { newId } from '../../src/lib/ids.js';
import { onEachDatabase } from '../support/databases.js';
import { failure, hex, setUpCatalog } from './catalog-setup.js';
import type { CatalogSetup } from './catalog-setup.js';

const nitro = (digit: string) => ({
  nitroEnclave: {
    ...{ hashAlgorithm: NitroHashAlgorithm.SHA384, pcr0: hex(digit, 96), pcr1: hex('b', 96), pcr2: hex('c', 96) },
  },
});

onEachDatabase('a build', (kind) => {
  let setup: CatalogSetup;
  let manager: Principal;
  beforeAll(async () => {
    setup = await setUpCatalog(kind);
  });
  beforeEach(async () => {
    manager = await setup.createManager();
  });
  afterAll(() => setup.close());

  const create = (input: CreateBuildInput = {}) => setup.createBuild(manager, input);
  const update = (id: string, configs?: object, principal = manager) =>
    setup.inTransaction((tx) => setup.builds.update(tx, principal, id, { configs: configs as never }));
  const remove = (id: string, principal = manager) =>
    setup.inTransaction((tx) => setup.deleteBuild.delete(tx, principal, id));
  const deploy = (id: string, status = DeploymentStatusType.DEPLOYED) =>
    setup.inTransaction((tx) => setup.builds.setDeployment(tx, manager.accountId, id, status, actorOf(manager)));

  describe('that is changed', () => {
    it('gets the configurations that are given, all of them, approved or not', async () => {
      const build = await create();
      await update(build.id.toUpperCase(), { one: { port: 1 }, two: {} });
      await setup.approve(manager, build.pendingTaskId!);
      await update(build.id, { three: {} });
      const after = (await setup.build(build))!;
      expect(after).toMatchObject({ statusType: 'WHITELISTED' });
      expect(after.configs).toEqual({ three: {} });
      const line = await setup.lastLine(manager.accountId, 'Build');
      expect(line).toMatchObject({ kind: 'UPDATED', entityId: build.id, actor: { id: manager.tokenId } });
      expect(line).toMatchObject({
        before: { configs: { one: { port: 1 }, two: {} } },
        after: { configs: { three: {} } },
      });
    });

    it('stays as it is where there is no news', async () => {
      const build = await create();
      await update(build.id, { a: {}, b: {} });
      const lines = await setup.log(manager.accountId);
      await update(build.id, { b: {}, a: {} });
      await update(build.id);
      expect(await setup.log(manager.accountId)).toEqual(lines);
    });

    it.each([
      ['what is no object', { a: 1 }, ['configs', 'a']],
      ['a list', { a: [] }, ['configs', 'a']],
      ['null', { a: null }, ['configs', 'a']],
      ['an empty id', { '': {} }, ['configs']],
      ['too long an id', { [hex('a', 256)]: {} }, ['configs']],
      ['too much', { a: { text: hex('a', 256 * 1024) } }, ['configs']],
      ['too many', Object.fromEntries(Array.from({ length: 129 }, (_, id) => [id, {}])), ['configs']],
    ])('refuses %s for a configuration', async (_what, configs, field) => {
      const build = await create();
      expect(await failure(update(build.id, configs))).toMatchObject({ code: 'BAD_USER_INPUT', field });
      expect((await setup.build(build))!.configs).toEqual({});
    });

    it('has at most 256 KiB of documents, configurations and all else together', async () => {
      const half = hex('a', 128 * 1024);
      const build = await create({ launchHint: { azureResourceTemplate: half } });
      const refusal = { code: 'BAD_USER_INPUT', field: ['configs'] };
      expect(await failure(update(build.id, { a: { text: half } }))).toMatchObject(refusal);
      expect((await setup.build(build))!.configs).toEqual({});
      await update(build.id, { a: { text: half.slice(1_024) } });
      expect(await failure(update(build.id, { a: { text: half } }))).toMatchObject(refusal);
      await update(build.id, {});
    });

    it('is not found in another account', async () => {
      const build = await create();
      const stranger = await setup.createManager();
      expect(await failure(update(build.id, { a: {} }, stranger))).toMatchObject({ code: 'NOT_FOUND' });
    });
  });

  describe('that is deleted', () => {
    it('is gone with its measurements, and its review has failed', async () => {
      const build = await create({ attributes: [nitro('a')] });
      const other = await create({ attributes: [nitro('a')] });
      await remove(build.id.toUpperCase());
      expect(await setup.build(build)).toBeUndefined();
      expect(await setup.task(manager.accountId, build.pendingTaskId!)).toMatchObject({ status: 'FAILED' });
      const left = await setup.reader.findBy(Measurement, { accountId: manager.accountId });
      expect(left.map(({ buildId }) => buildId)).toEqual([other.id, other.id, other.id]);
      expect((await setup.log(manager.accountId)).slice(-2)).toEqual(['UPDATED Task', 'DELETED Build']);
      const line = await setup.lastLine(manager.accountId, 'Build');
      expect(line).toMatchObject({ kind: 'DELETED', entityId: build.id, before: { id: build.id }, after: null });
    });

    it.each(['WHITELISTED', 'REJECTED'])('may be %s', async (status) => {
      const build = await create();
      await (status === 'WHITELISTED' ? setup.approve : setup.deny)(manager, build.pendingTaskId!);
      const { status: decided } = (await setup.task(manager.accountId, build.pendingTaskId!))!;
      await remove(build.id);
      expect(await setup.build(build)).toBeUndefined();
      expect(await setup.task(manager.accountId, build.pendingTaskId!)).toMatchObject({ status: decided });
    });

    it('may not be deployed', async () => {
      const build = await create();
      await deploy(build.id);
      const refusal = { code: 'CONFLICT', reason: 'INVALID_STATE', field: ['buildId'] };
      expect(await failure(remove(build.id))).toMatchObject(refusal);
      expect(await setup.task(manager.accountId, build.pendingTaskId!)).toMatchObject({ status: 'INPROGRESS' });
      await deploy(build.id, DeploymentStatusType.UNDEPLOYED);
      await remove(build.id);
      expect(await setup.build(build)).toBeUndefined();
    });

    it('is forgotten by the job that made it', async () => {
      const wanted = { kind: JobKind.NITRO_CONVERSION, input: {}, credentials: {}, outputImage: null };
      const job = await setup.inTransaction(async (tx) => {
        const { job: made } = await setup.jobs.create(tx, manager, wanted);
        const run = (await setup.jobs.start(tx, made.id))!;
        const { id } = await setup.builds.register(tx, manager.accountId, { jobId: run.id }, actorOf(manager));
        return setup.jobs.advance(tx, run, [{ type: 'succeeded', buildId: id, outputImage: null }]);
      });
      await remove(job.buildId!);
      const after = await setup.reader.findOneByOrFail(Job, { accountId: manager.accountId, id: job.id });
      expect(after).toMatchObject({ status: 'SUCCEEDED', buildId: null });
    });

    it('is not found in another account, nor a second time', async () => {
      const build = await create();
      const stranger = await setup.createManager();
      expect(await failure(remove(build.id, stranger))).toMatchObject({ code: 'NOT_FOUND' });
      const codes = await Promise.all([1, 2, 3].map(async () => (await failure(remove(build.id))).code));
      expect(codes.sort()).toEqual(['NOT_FOUND', 'NOT_FOUND', undefined]);
    });
  });

  it('is deployed and undeployed, and the log tells each change once', async () => {
    const build = await create();
    const deployed = await deploy(build.id.toUpperCase());
    expect(deployed).toMatchObject({ deploymentStatusType: 'DEPLOYED', updatedAt: deployed.deploymentStatusUpdatedAt });
    expect(await deploy(build.id)).toMatchObject({ deploymentStatusUpdatedAt: deployed.deploymentStatusUpdatedAt });
    await deploy(build.id, DeploymentStatusType.UNDEPLOYED);
    expect(await setup.build(build)).toMatchObject({ deploymentStatusType: 'UNDEPLOYED', statusType: 'PENDING' });
    expect((await setup.log(manager.accountId)).slice(2)).toEqual(['DEPLOYED Build', 'DEPLOYED Build']);
    expect(await failure(deploy(newId()))).toMatchObject({ code: 'NOT_FOUND' });
  });

  describe('of a curated app', () => {
    const groupId = newId();
    const dockerInfo = { dockerImageName: 'vendor/redis', dockerVersion: '7' };

    it('brings the app along where there is none of that name', async () => {
      const build = await create({ appName: 'redis', groupId, dockerInfo });
      const [app] = await setup.apps.byIds(manager.accountId, [build.appId!]);
      expect(app).toMatchObject({
        ...{ name: 'redis', groupId, inputImageName: 'vendor/redis', outputImageName: 'vendor/redis' },
      });
      expect(build).toMatchObject({ appName: 'redis', groupId });
      expect(await setup.log(manager.accountId)).toEqual(['CREATED App', 'CREATED Task', 'CREATED Build']);
    });

    it('belongs to the app that there is', async () => {
      const first = await create({ appName: 'redis', groupId, dockerInfo });
      const second = await create({ appName: 'redis', groupId: newId() });
      expect(second.appId).toBe(first.appId);
      expect((await setup.apps.byIds(manager.accountId, [first.appId!]))[0]).toMatchObject({ groupId });
    });

    it('makes one app where many come at the same moment', async () => {
      const builds = await Promise.all(Array.from({ length: 10 }, () => create({ appName: 'redis', groupId })));
      expect(new Set(builds.map(({ appId }) => appId)).size).toBe(1);
      const lines = await setup.log(manager.accountId);
      expect(lines.filter((line) => line === 'CREATED App')).toHaveLength(1);
    });

    it('needs a group, and a name that an app can have', async () => {
      expect(await failure(create({ appName: 'redis' }))).toMatchObject({ code: 'NOT_FOUND', field: ['appName'] });
      const nameless = await failure(create({ appName: ' ', groupId }));
      expect(nameless).toMatchObject({ code: 'BAD_USER_INPUT', field: ['appName'] });
      expect(await failure(create({ appId: newId(), appName: 'redis', groupId }))).toMatchObject({
        ...{ code: 'NOT_FOUND', field: ['appId'] },
      });
      expect(await setup.log(manager.accountId)).toEqual([]);
    });
  });

  it('has the group of its app, unless it brings its own', async () => {
    const [ofApp, own] = [newId(), newId()];
    const input = { name: 'grouped', groupId: ofApp };
    const app = await setup.inTransaction((tx) => setup.apps.create(tx, manager, input));
    expect(await create({ appId: app.id })).toMatchObject({ groupId: ofApp });
    expect(await create({ appId: app.id, groupId: own })).toMatchObject({ groupId: own });
    expect(await create({ appName: 'grouped' })).toMatchObject({ groupId: ofApp });
    expect(await create()).toMatchObject({ groupId: null });
  });
});

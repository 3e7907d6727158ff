import { randomUUID } from 'node:crypto';
import { Build } from '../../src/builds/build.entity.js';
import { BuildStatusType } from '../../src/builds/build-parts.js';
import { BuildQuery } from '../../src/builds/build.query.js';
import { BuildService } from '../../src/builds/build.service.js';
import { AppService } from '../../src/apps/app.service.js';
import type { Principal } from '../../src/auth/principal.js';
import { Deployment, DeploymentState } from '../../src/deployments/deployment.entity.js';
import type { ReportDeploymentInput } from '../../src/deployments/deployment.input.js';
import { DeploymentQuery } from '../../src/deployments/deployment.query.js';
import { DeploymentService } from '../../src/deployments/deployment.service.js';
import { NodeQuery } from '../../src/deployments/node.query.js';
import { CatalogLogLine } from '../../src/events/catalog-log.entity.js';
import { OwnNames } from '../../src/lib/own-names.js';
import { TaskService } from '../../src/tasks/task.service.js';
import { openTestDatabase } from '../db/test-database.js';
import type { TestDatabase } from '../db/test-database.js';
import { onEachDatabase } from '../support/databases.js';

const { RUNNING, STOPPED, UNKNOWN } = DeploymentState;

onEachDatabase('deployments', (kind) => {
  let database: TestDatabase;
  let principal: Principal;
  let builds: BuildService;
  let query: DeploymentQuery;
  let nodes: NodeQuery;

  beforeAll(async () => {
    database = await openTestDatabase(kind);
    const tasks = new TaskService(database.reader);
    const names = new OwnNames('localhost');
    builds = new BuildService(new AppService(database.reader, tasks), tasks, names, { uniqueMrenclave: true });
    query = new DeploymentQuery(database.reader);
    nodes = new NodeQuery(database.reader, query);
  });
  beforeEach(async () => {
    principal = await database.createPrincipal();
  });
  afterAll(() => database.close());

  const createBuild = async (statusType: BuildStatusType | null = BuildStatusType.PENDING, who = principal) => {
    const { accountId, id } = await database.inTransaction((tx) => builds.create(tx, who, {}));
    if (statusType !== BuildStatusType.PENDING)
      await database.inTransaction((tx) => tx.manager.update(Build, { accountId, id }, { statusType }));
    return id;
  };
  const report = (buildId: string, more: Partial<ReportDeploymentInput> = {}, who = principal) =>
    database.inTransaction((tx) =>
      new DeploymentService(builds).report(tx, who, { buildId, nodeId: randomUUID(), status: RUNNING, ...more }),
    );
  const statusOf = async (id: string) => {
    const [build] = await new BuildQuery(database.reader, new OwnNames('localhost')).byIds(principal.accountId, [id]);
    return build!.deploymentStatusType;
  };
  const log = async () =>
    (await database.reader.find(CatalogLogLine, { where: { accountId: principal.accountId }, order: { seq: 'ASC' } }))
      .filter(({ kind: what, entityType }) => entityType === 'Deployment' || what === 'DEPLOYED')
      .map(({ kind: what, entityType }) => `${entityType} ${what}`);
  const ids = (list: { id: string }[]) => list.map(({ id }) => id).sort();

  it('make a build deployed while any node runs it', async () => {
    const build = await createBuild();
    const [one, two] = [randomUUID(), randomUUID()];
    const seen = [];
    for (const [nodeId, status] of [
      [one, UNKNOWN],
      [one, RUNNING],
      [two, RUNNING],
      [one, STOPPED],
      [two, UNKNOWN],
    ] as const) {
      await report(build, { nodeId, status });
      seen.push(await statusOf(build));
    }
    expect(seen).toEqual(['UNDEPLOYED', 'DEPLOYED', 'DEPLOYED', 'DEPLOYED', 'UNDEPLOYED']);
    expect(await log()).toEqual([
      'Deployment CREATED',
      ...['Deployment UPDATED', 'Build DEPLOYED', 'Deployment CREATED'],
      ...['Deployment UPDATED', 'Deployment UPDATED', 'Build DEPLOYED'],
    ]);
  });

  it('are one row per node and build, whose status keeps the time at which it changed', async () => {
    const build = await createBuild();
    const nodeId = randomUUID();
    const attestedAt = new Date('2026-01-02T03:04:05Z');
    const first = await report(build, { nodeId, nodeName: 'alpha', attestedAt });
    const again = await report(build.toUpperCase(), { nodeId: nodeId.toUpperCase() });
    expect(again).toMatchObject({ id: first.id, nodeName: 'alpha', attestedAt, createdAt: first.createdAt });
    expect(again.statusUpdatedAt).toEqual(first.statusUpdatedAt);
    expect(again.updatedAt.getTime()).toBeGreaterThanOrEqual(first.updatedAt.getTime());
    const stopped = await report(build, { nodeId, status: STOPPED, nodeName: 'beta' });
    expect(stopped.statusUpdatedAt.getTime()).toBeGreaterThanOrEqual(again.updatedAt.getTime());
    const { items } = await query.listByOffset(principal.accountId, build, { sort: [], limit: 10, offset: 0 });
    expect(items).toMatchObject([{ ...stopped }]);
  });

  it('leave one line in the log however often a node says the same', async () => {
    const build = await createBuild();
    const same = { nodeId: randomUUID(), nodeName: 'alpha', attestedAt: new Date(0) };
    for (let count = 0; count < 5; count++) await report(build, same);
    expect(await log()).toEqual(['Deployment CREATED', 'Build DEPLOYED']);
    await report(build, { ...same, nodeName: 'beta' });
    await report(build, { ...same, nodeName: 'beta', attestedAt: new Date(1) });
    expect((await log()).slice(2)).toEqual(['Deployment UPDATED', 'Deployment UPDATED']);
  });

  it('agree with the build however many nodes report at once', async () => {
    const build = await createBuild();
    const nodeIds = Array.from({ length: 12 }, () => randomUUID());
    const all = (status: DeploymentState) =>
      nodeIds.flatMap((nodeId) => [1, 2].map(() => report(build, { nodeId, status })));
    await Promise.all(all(RUNNING));
    expect(await statusOf(build)).toBe('DEPLOYED');
    await Promise.all(all(STOPPED));
    expect(await statusOf(build)).toBe('UNDEPLOYED');
    expect(await database.reader.countBy(Deployment, { buildId: build })).toBe(12);
    expect((await log()).filter((line) => line === 'Build DEPLOYED')).toHaveLength(2);
  });

  it('are written before a build is deleted or refused after that, never in between', async () => {
    for (let round = 0; round < 5; round++) {
      const build = await createBuild();
      const remove = () => database.inTransaction((tx) => builds.delete(tx, principal, build));
      const reports = Array.from({ length: 6 }, () => () => report(build, { status: STOPPED }));
      const work = [...reports.slice(0, round), remove, ...reports.slice(round)];
      const answers = await Promise.allSettled(work.map((each) => each()));
      for (const answer of answers) {
        if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'NOT_FOUND' });
      }
      expect(answers[round]!.status).toBe('fulfilled');
      expect(await database.reader.countBy(Deployment, { buildId: build })).toBe(0);
    }
  });

  it('are refused for builds that there are not, or are of another account', async () => {
    const foreign = await createBuild(BuildStatusType.PENDING, await database.createPrincipal());
    for (const buildId of [randomUUID(), foreign]) {
      await expect(report(buildId)).rejects.toMatchObject({ code: 'NOT_FOUND', field: ['buildId'] });
    }
  });

  it.each([
    ['nodeId', { nodeId: 'seven' }],
    ['nodeName', { nodeName: 'x'.repeat(256) }],
    ['attestedAt', { attestedAt: new Date(NaN) }],
  ])('are refused with a wrong %s', async (field, input) => {
    const build = await createBuild();
    await expect(report(build, input)).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: [field] });
  });

  it('tell what runs that nobody approved', async () => {
    const reviews = [null, ...Object.values(BuildStatusType)];
    const ran = new Map<BuildStatusType | null, Deployment>();
    for (const review of reviews) {
      const build = await createBuild(review);
      ran.set(review, await report(build));
      await report(build, { status: STOPPED });
    }
    const list = async (review: BuildStatusType[], status?: DeploymentState[]) =>
      ids((await query.list(principal.accountId, {}, { review, status })).nodes);
    const of = (...wanted: (BuildStatusType | null)[]) => ids(wanted.map((review) => ran.get(review)!));
    const { PENDING, REJECTED, WHITELISTED } = BuildStatusType;
    expect(await list([PENDING, REJECTED], [RUNNING])).toEqual(of(null, PENDING, REJECTED));
    expect(await list([REJECTED], [RUNNING])).toEqual(of(REJECTED));
    expect(await list([WHITELISTED], [RUNNING])).toEqual(of(WHITELISTED));
    expect(await list([WHITELISTED])).toHaveLength(2);
    expect(await list([], [RUNNING])).toEqual([]);
    expect(await list([PENDING], [])).toEqual([]);
    const page = await query.list(principal.accountId, { first: 2 }, { review: [PENDING, REJECTED] });
    expect([page.nodes.length, await page.totalCount(), page.pageInfo.hasNextPage]).toEqual([2, 6, true]);
  });

  it('are listed by build and by node', async () => {
    const [one, two] = [await createBuild(), await createBuild()];
    const nodeId = randomUUID();
    const [a, b] = [await report(one, { nodeId }), await report(two, { nodeId })];
    const c = await report(one);
    const { accountId } = principal;
    expect(ids((await query.list(accountId, {}, { buildId: one.toUpperCase() })).nodes)).toEqual(ids([a, c]));
    expect(ids((await query.list(accountId, {}, { nodeId: nodeId.toUpperCase() })).nodes)).toEqual(ids([a, b]));
    const [ofOne, ofTwo] = await query.listOfEach(accountId, [one, two], 1);
    expect([ofOne, ofTwo]).toMatchObject([[{ id: c.id }], [{ id: b.id }]]);
  });

  it('can be paged by offset, sorted, searched and counted', async () => {
    const build = await createBuild();
    for (const nodeName of ['beta', 'alpha', 'gamma']) await report(build, { nodeName });
    await report(build, { nodeName: 'delta', status: STOPPED });
    await report(await createBuild(), { nodeName: 'elsewhere' });
    const sort = [{ field: 'NODE_NAME' as const, descending: true }];
    const list = async (more: object) => {
      const page = await query.listByOffset(principal.accountId, build, { sort, limit: 10, offset: 0, ...more });
      return [page.items.map(({ nodeName }) => nodeName), page.filteredCount, page.totalCount];
    };
    expect(await list({})).toEqual([['gamma', 'delta', 'beta', 'alpha'], 4, 4]);
    expect(await list({ limit: 2, offset: 1 })).toEqual([['delta', 'beta'], 4, 4]);
    expect(await list({ status: RUNNING })).toEqual([['gamma', 'beta', 'alpha'], 3, 4]);
    expect(await list({ text: 'TA' })).toEqual([['delta', 'beta'], 2, 4]);
    expect(await list({ text: 'stop' })).toEqual([['delta'], 1, 4]);
  });

  it('go with their build', async () => {
    const build = await createBuild();
    const node = await report(build, { status: STOPPED });
    await database.inTransaction((tx) => tx.manager.delete(Build, { accountId: principal.accountId, id: build }));
    expect((await query.list(principal.accountId, {}, {})).nodes).toEqual([]);
    await expect(nodes.get(principal.accountId, node.nodeId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('make nodes known, by the name they reported last', async () => {
    const [one, two] = [await createBuild(), await createBuild()];
    const [alpha, beta] = [randomUUID(), randomUUID()];
    const first = await report(one, { nodeId: alpha, nodeName: 'old name', attestedAt: new Date(5_000) });
    await report(one, { nodeId: beta, nodeName: 'beta' });
    const last = await report(two, { nodeId: alpha, nodeName: 'alpha', status: STOPPED, attestedAt: new Date(3_000) });
    await report(one, { nodeId: alpha, nodeName: 'alpha' }, await database.createPrincipal()).catch(() => undefined);
    const node = await nodes.get(principal.accountId, alpha.toUpperCase());
    expect(node).toMatchObject({ id: alpha, name: 'alpha', createdAt: first.createdAt, attestedAt: new Date(5_000) });
    expect(node.updatedAt).toEqual(last.updatedAt);
    expect(node.statusUpdatedAt).toEqual(last.statusUpdatedAt);
    expect(node.isRunning).toBe(true);
    expect(node.deployments.map(({ buildId }) => buildId)).toEqual([two, one]);
    const list = async (more: object) => {
      const sort = [{ field: 'NAME' as const, descending: false }];
      const page = await nodes.listByOffset(principal.accountId, { sort, limit: 10, offset: 0, ...more });
      return [page.items.map(({ name }) => name), page.filteredCount, page.totalCount];
    };
    expect(await list({})).toEqual([['alpha', 'beta'], 2, 2]);
    expect(await list({ name: 'ALP' })).toEqual([['alpha'], 1, 2]);
    expect(await list({ name: 'old' })).toEqual([[], 0, 2]);
    expect(await list({ text: beta })).toEqual([['beta'], 1, 2]);
    expect(await list({ limit: 1, offset: 1 })).toEqual([['beta'], 2, 2]);
    expect(await list({ ids: [beta, randomUUID()] })).toEqual([['beta'], 1, 2]);
    expect(await list({ sort: [{ field: 'CREATED_AT', descending: true }] })).toEqual([['beta', 'alpha'], 2, 2]);
    await report(one, { nodeId: beta, status: UNKNOWN });
    // One of its two builds still runs on alpha.
    expect(await list({ isRunning: true })).toEqual([['alpha'], 1, 2]);
    expect(await list({ isRunning: false })).toEqual([['beta'], 1, 2]);
  });

  it('tell of a node whatever is so of all its builds, not only of the 100 that reported last', async () => {
    const nodeId = randomUUID();
    const attestedAt = new Date(5_000);
    const first = await report(await createBuild(), { nodeId, nodeName: 'busy', attestedAt });
    for (let index = 0; index < 100; index += 1) await report(await createBuild(), { nodeId, status: STOPPED });
    const { accountId } = principal;
    const { items } = await nodes.listByOffset(accountId, { sort: [], limit: 10, offset: 0, isRunning: true });
    expect(items).toMatchObject([{ id: nodeId, isRunning: true, attestedAt, createdAt: first.createdAt }]);
    expect(items[0]!.deployments).toHaveLength(100);
    expect(items[0]!.deployments.map(({ id }) => id)).not.toContain(first.id);
    await report(first.buildId, { nodeId, status: STOPPED });
    expect(await nodes.get(accountId, nodeId)).toMatchObject({ isRunning: false });
  });
});

import { print } from 'graphql';
import { newId } from '../../src/lib/ids.js';
import { hex } from '../builds/catalog-setup.js';
import { onEachDatabaseAtScale } from '../support/databases.js';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import {
  AppBuilds,
  ApproveTask,
  DeleteApp,
  DeleteBuild,
  DeleteTask,
  DenyTask,
  ListTasks,
  Search,
  UpdateApp,
  UpdateBuild,
} from '../support/catalog-operations.js';
import { CreateApp, CreateBuild } from '../support/operations.js';

onEachDatabaseAtScale('apps, builds and their approvals over GraphQL', (kind) => {
  let gateway: TestGateway;
  let strict: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ DATABASE_URL: await kind.create() });
    const environment = { APPROVAL_FOUR_EYES: 'on', UNIQUE_MRENCLAVE: 'off' };
    strict = await startTestGateway({ DATABASE_URL: await kind.create(), ...environment });
  });
  afterAll(async () => {
    await gateway.close();
    await strict.close();
  });

  const createBuild = async (input: object = {}, at = gateway) =>
    (await at.ask(CreateBuild, { input: input as never })).createBuild.build!;
  const createApp = async (input: object = {}) =>
    (await gateway.ask(CreateApp, { input: { name: newId(), ...input } })).createApp.app!;
  const updateApp = async (input: object) => (await gateway.ask(UpdateApp, { input: input as never })).updateApp;

  it('approve a build and show who did', async () => {
    const { id, pendingTask } = await createBuild();
    const { approveTask } = await gateway.ask(ApproveTask, { taskId: pendingTask!.id });
    expect(approveTask).toMatchObject({
      task: { status: 'SUCCESS', subject: { __typename: 'Build', status: { status: 'WHITELISTED' } } },
      userErrors: [],
    });
    const [approval] = approveTask.task!.approvals;
    expect(approval).toMatchObject({ status: 'APPROVED', reason: null, user: { name: 'administrator' } });
    expect(Math.abs(Date.parse(approval!.at) - Date.now())).toBeLessThan(60_000);
    const { body } = await gateway.send(`{ build(id: "${id}") { status { status } pendingTask { id } } }`);
    expect(body.data).toEqual({ build: { status: { status: 'WHITELISTED' }, pendingTask: null } });
  });

  it('deny a build with a reason, and do not decide twice', async () => {
    const { pendingTask } = await createBuild();
    const taskId = pendingTask!.id;
    const { denyTask } = await gateway.ask(DenyTask, { taskId, reason: 'not ours' });
    expect(denyTask.task).toEqual({ status: 'DENIED', approvals: [{ reason: 'not ours' }] });
    const again = await gateway.ask(ApproveTask, { taskId });
    expect(again.approveTask).toEqual({ task: null, userErrors: [{ code: 'CONFLICT', field: ['taskId'] }] });
    const unknown = await gateway.ask(DenyTask, { taskId: newId() });
    expect(unknown.denyTask).toMatchObject({ task: null, userErrors: [{ code: 'NOT_FOUND' }] });
  });

  it('keep whoever asked from approving where four eyes are wanted, and let them deny', async () => {
    const { pendingTask } = await createBuild({ mrenclave: hex('a', 64) }, strict);
    const { body } = await strict.send(print(ApproveTask), { taskId: pendingTask!.id });
    expect(body.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    const { denyTask } = await strict.ask(DenyTask, { taskId: pendingTask!.id });
    expect(denyTask.task).toMatchObject({ status: 'DENIED' });
  });

  it('refuse a second build with the same mrenclave, unless told otherwise', async () => {
    const input = { mrenclave: hex('b', 64) };
    await createBuild(input);
    const { createBuild: second } = await gateway.ask(CreateBuild, { input });
    expect(second).toMatchObject({ build: null, userErrors: [{ code: 'CONFLICT', field: ['mrenclave'] }] });
    const made = [await createBuild(input, strict), await createBuild(input, strict)];
    expect(new Set(made.map(({ id }) => id)).size).toBe(2);
  });

  it('list tasks by what they are about and who asked, page by page', async () => {
    await createBuild();
    const { pendingTask } = (await updateApp({ appId: (await createApp()).id, allowedDomains: ['a.example'] })).app!;
    const filter = { type: ['DOMAIN_WHITELIST' as const], status: ['INPROGRESS' as const] };
    const { tasks } = await gateway.ask(ListTasks, { filter });
    expect(tasks.nodes.map(({ id }) => id)).toEqual([pendingTask!.id]);
    expect(tasks.nodes[0]).toMatchObject({ requester: { name: 'administrator' } });
    const all = await gateway.ask(ListTasks, { filter: { requester: 'administrator' } });
    const { nodes, pageInfo } = (await gateway.ask(ListTasks, { first: 2 })).tasks;
    const rest = (await gateway.ask(ListTasks, { first: 200, after: pageInfo.endCursor })).tasks.nodes;
    expect([...nodes, ...rest]).toEqual(all.tasks.nodes);
    expect(all.tasks.totalCount).toBe(all.tasks.nodes.length);
    const none = await gateway.ask(ListTasks, { filter: { approver: 'nobody' } });
    expect(none.tasks).toMatchObject({ totalCount: 0, nodes: [] });
  });

  it('delete a task that is over', async () => {
    const { pendingTask } = await createBuild();
    const taskId = pendingTask!.id;
    const early = await gateway.ask(DeleteTask, { taskId });
    expect(early.deleteTask).toEqual({ deletedTaskId: null, userErrors: [{ code: 'CONFLICT', field: ['taskId'] }] });
    await gateway.ask(ApproveTask, { taskId });
    const { deleteTask } = await gateway.ask(DeleteTask, { taskId: taskId.toUpperCase() });
    expect(deleteTask).toEqual({ deletedTaskId: taskId, userErrors: [] });
    const { body } = await gateway.send(`{ task(id: "${taskId}") { id } }`);
    expect(body.data).toEqual({ task: null });
  });

  it('change an app, null taking away what it can', async () => {
    const { id: appId } = await createApp({ description: 'old', labels: { a: '1' } });
    const changed = await updateApp({ appId, labels: { b: '2' }, signers: [{ nitroEnclave: { pcr8: hex('a', 96) } }] });
    expect(changed).toMatchObject({ app: { description: 'old', labels: { b: '2' } }, userErrors: [] });
    const cleared = await updateApp({ appId, description: null, labels: null });
    expect(cleared.app).toMatchObject({ description: null, labels: { b: '2' } });
    const wrong = await updateApp({ appId, labels: { c: 3 } });
    expect(wrong).toMatchObject({ app: null, userErrors: [{ code: 'BAD_USER_INPUT', field: ['labels', 'c'] }] });
    expect(await updateApp({ appId: newId(), labels: {} })).toMatchObject({ userErrors: [{ code: 'NOT_FOUND' }] });
  });

  it('let an app have domains once they are approved', async () => {
    const { id: appId } = await createApp({ allowedDomains: ['A.example'] });
    const waiting = await updateApp({ appId, allowedDomains: ['b.example'] });
    expect(waiting).toMatchObject({ app: null, userErrors: [{ code: 'CONFLICT', field: ['allowedDomains'] }] });
    const { app } = await updateApp({ appId });
    expect(app).toMatchObject({ whitelistedDomains: [], domainsAdded: ['a.example'], domainsRemoved: [] });
    const { approveTask } = await gateway.ask(ApproveTask, { taskId: app!.pendingTask!.id });
    expect(approveTask.task!.subject).toEqual({ __typename: 'App', whitelistedDomains: ['a.example'] });
  });

  it('delete an app, whose builds stay', async () => {
    const { id: appId } = await createApp();
    const { id } = await createBuild({ appId });
    const { app } = await gateway.ask(AppBuilds, { id: appId, first: 1 });
    expect(app!.builds).toEqual([{ id }]);
    const { deleteApp } = await gateway.ask(DeleteApp, { appId });
    expect(deleteApp).toEqual({ deletedAppId: appId, userErrors: [] });
    const { body } = await gateway.send(`{ app(id: "${appId}") { id } build(id: "${id}") { id app { id } } }`);
    expect(body.data).toEqual({ app: null, build: { id, app: null } });
    const again = await gateway.ask(DeleteApp, { appId });
    expect(again.deleteApp).toMatchObject({ deletedAppId: null, userErrors: [{ code: 'NOT_FOUND' }] });
  });

  it('change the configurations of a build, and delete it', async () => {
    const { id: buildId, pendingTask } = await createBuild();
    const { updateBuild } = await gateway.ask(UpdateBuild, { input: { buildId, configs: { one: { a: [1] } } } });
    expect(updateBuild).toEqual({ build: { id: buildId, configs: { one: { a: [1] } } }, userErrors: [] });
    const wrong = await gateway.ask(UpdateBuild, { input: { buildId, configs: { one: 1 } } });
    expect(wrong.updateBuild).toMatchObject({ userErrors: [{ code: 'BAD_USER_INPUT', field: ['configs', 'one'] }] });
    const { deleteBuild } = await gateway.ask(DeleteBuild, { buildId });
    expect(deleteBuild).toEqual({ deletedBuildId: buildId, userErrors: [] });
    const query = `{ build(id: "${buildId}") { id } task(id: "${pendingTask!.id}") { status subject { __typename } } }`;
    const { body } = await gateway.send(query);
    expect(body.data).toEqual({ build: null, task: { status: 'FAILED', subject: null } });
  });

  it('find builds and apps together, newest first, page by page', async () => {
    const made: string[] = [];
    for (let index = 0; index < 3; index += 1) {
      made.unshift((await createApp({ description: `needle ${index}` })).id);
      const dockerInfo = { dockerImageName: `example/Needle-${index}`, dockerVersion: '1' };
      made.unshift((await createBuild({ dockerInfo })).id);
    }
    await createApp({ description: 'hay' });
    for (const first of [1, 2, 4, 6, 50]) {
      const found: { id: string }[] = [];
      for (let after: string | null | undefined; ;) {
        const { search } = await gateway.ask(Search, { text: 'NEEDLE', first, after });
        expect(search.totalCount).toBe(6);
        expect(search.pageInfo.hasPreviousPage).toBe(found.length > 0);
        found.push(...search.nodes);
        expect(search.pageInfo.hasNextPage).toBe(found.length < 6);
        if (!search.pageInfo.hasNextPage) break;
        after = search.pageInfo.endCursor;
      }
      expect(found.map(({ id }) => id)).toEqual(made);
    }
    const { id } = await createBuild({ mrenclave: hex('0d', 32) });
    const { search } = await gateway.ask(Search, { text: hex('0D', 20) });
    expect(search.nodes).toEqual([{ __typename: 'Build', id }]);
  });
});

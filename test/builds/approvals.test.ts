import type { Principal } from '../../src/auth/principal.js';
import { actorOf, Role } from '../../src/auth/principal.js';
import { newId } from '../../src/lib/ids.js';
import { onEachDatabase } from '../support/databases.js';
import { another, failure, setUpCatalog, tokenOf } from './catalog-setup.js';
import type { CatalogSetup } from './catalog-setup.js';

onEachDatabase('the review of a build', (kind) => {
  let setup: CatalogSetup;
  let strict: CatalogSetup;
  let manager: Principal;
  beforeAll(async () => {
    setup = await setUpCatalog(kind);
    strict = await setUpCatalog(kind, { fourEyes: true });
  });
  beforeEach(async () => {
    manager = await setup.createManager();
  });
  afterAll(async () => {
    await setup.close();
    await strict.close();
  });

  const task = async (id: string) => (await setup.task(manager.accountId, id))!;
  const remove = (buildId: string) => setup.inTransaction((tx) => setup.deleteBuild.delete(tx, manager, buildId));

  it('is pending at first, and a task asks for it', async () => {
    const build = await setup.createBuild(manager);
    expect(build).toMatchObject({ statusType: 'PENDING' });
    expect(await task(build.pendingTaskId!)).toMatchObject({
      ...{ type: 'BUILD_WHITELIST', status: 'INPROGRESS', subjectId: build.id, approvals: [] },
      requester: { type: 'TOKEN', id: manager.tokenId, name: 'test' },
    });
  });

  it('ends as WHITELISTED by an approval', async () => {
    const build = await setup.createBuild(manager);
    const answer = await setup.approve(manager, build.pendingTaskId!.toUpperCase());
    expect(answer).toMatchObject({ id: build.pendingTaskId, status: 'SUCCESS' });
    const after = (await setup.build(build))!;
    expect(after).toMatchObject({ statusType: 'WHITELISTED', pendingTaskId: null });
    expect(after.statusUpdatedAt).toEqual(after.updatedAt);
    expect(after.updatedAt.getTime()).toBeGreaterThanOrEqual(build.updatedAt.getTime());
    expect(await task(build.pendingTaskId!)).toMatchObject({
      ...{ status: 'SUCCESS', approvals: [{ user: { id: manager.tokenId, name: 'test' }, status: 'APPROVED' }] },
    });
  });

  it('ends as REJECTED by a denial, with its reason', async () => {
    const build = await setup.createBuild(manager);
    await setup.deny(manager, build.pendingTaskId!, 'not ours');
    expect(await setup.build(build)).toMatchObject({ statusType: 'REJECTED', pendingTaskId: null });
    expect(await task(build.pendingTaskId!)).toMatchObject({
      ...{ status: 'DENIED', approvals: [{ status: 'DENIED', reason: 'not ours' }] },
    });
  });

  it('is in the log: of the task and of the build, with before and after', async () => {
    const build = await setup.createBuild(manager);
    await setup.approve(manager, build.pendingTaskId!);
    expect(await setup.log(manager.accountId)).toEqual([
      ...['CREATED Task', 'CREATED Build', 'REVIEWED Task', 'REVIEWED Build'],
    ]);
    const ofBuild = await setup.lastLine(manager.accountId, 'Build');
    expect(ofBuild).toMatchObject({ entityId: build.id, actor: { id: manager.tokenId } });
    expect(ofBuild.before).toMatchObject({ statusType: 'PENDING', pendingTaskId: build.pendingTaskId });
    expect(ofBuild.after).toMatchObject({ statusType: 'WHITELISTED', pendingTaskId: null });
    const ofTask = await setup.lastLine(manager.accountId, 'Task');
    expect(ofTask.before).toMatchObject({ status: 'INPROGRESS', approvals: [] });
    expect(ofTask.after).toMatchObject({ status: 'SUCCESS', approvals: [{ status: 'APPROVED' }] });
  });

  it('is decided once', async () => {
    const build = await setup.createBuild(manager);
    await setup.deny(manager, build.pendingTaskId!);
    const refusal = { code: 'CONFLICT', reason: 'INVALID_STATE' };
    const other = another(manager, 'other');
    expect(await failure(setup.approve(other, build.pendingTaskId!))).toMatchObject(refusal);
    expect(await failure(setup.deny(other, build.pendingTaskId!))).toMatchObject(refusal);
    expect(await setup.build(build)).toMatchObject({ statusType: 'REJECTED' });
    expect(await setup.log(manager.accountId)).toHaveLength(4);
  });

  it('waits for as many managers as the account wants, whatever else they decide in', async () => {
    await setup.setQuorum(manager.accountId, 2);
    const [first, second] = [another(manager, 'first'), another(manager, 'second')];
    const build = await setup.createBuild(manager);
    expect(await setup.approve(first, build.pendingTaskId!)).toMatchObject({ status: 'INPROGRESS' });
    expect(await setup.build(build)).toMatchObject({ statusType: 'PENDING', pendingTaskId: build.pendingTaskId });
    for (const same of [first, tokenOf(first)]) {
      const again = await failure(setup.approve(same, build.pendingTaskId!));
      expect(again).toMatchObject({ code: 'CONFLICT', field: ['taskId'] });
    }
    expect(await setup.approve(second, build.pendingTaskId!)).toMatchObject({ status: 'SUCCESS' });
    expect(await setup.build(build)).toMatchObject({ statusType: 'WHITELISTED' });
    const { approvals } = await task(build.pendingTaskId!);
    expect(approvals.map(({ user }) => user.name)).toEqual(['first', 'second']);
  });

  it('ends by one denial though others approved', async () => {
    await setup.setQuorum(manager.accountId, 3);
    const build = await setup.createBuild(manager);
    await setup.approve(another(manager, 'first'), build.pendingTaskId!);
    expect(await setup.deny(another(manager, 'second'), build.pendingTaskId!)).toMatchObject({ status: 'DENIED' });
    expect(await setup.build(build)).toMatchObject({ statusType: 'REJECTED' });
  });

  it('is of nobody from another account', async () => {
    const build = await setup.createBuild(manager);
    const stranger = await setup.createManager();
    expect(await failure(setup.approve(stranger, build.pendingTaskId!))).toMatchObject({ code: 'NOT_FOUND' });
    expect(await failure(setup.approve(manager, newId()))).toMatchObject({ code: 'NOT_FOUND' });
    expect(await setup.build(build)).toMatchObject({ statusType: 'PENDING' });
  });

  it('is decided by one of many managers at the same moment', async () => {
    const build = await setup.createBuild(manager);
    const people = Array.from({ length: 10 }, (_, index) => another(manager, `${index}`));
    const work = people.map((person, index) =>
      failure((index % 2 ? setup.approve : setup.deny)(person, build.pendingTaskId!)),
    );
    const answers = await Promise.all(work);
    expect(answers.filter(({ code }) => code === undefined)).toHaveLength(1);
    expect(answers.filter(({ reason }) => reason === 'INVALID_STATE')).toHaveLength(9);
    const winner = answers.findIndex(({ code }) => code === undefined);
    const after = await task(build.pendingTaskId!);
    expect(after.approvals).toMatchObject([{ user: { name: `${winner}` } }]);
    expect(after.status).toBe(winner % 2 ? 'SUCCESS' : 'DENIED');
    expect(await setup.build(build)).toMatchObject({ statusType: winner % 2 ? 'WHITELISTED' : 'REJECTED' });
  });

  it('counts every one of the approvals that come at the same moment', async () => {
    await setup.setQuorum(manager.accountId, 5);
    const build = await setup.createBuild(manager);
    const people = Array.from({ length: 5 }, (_, index) => another(manager, `${index}`));
    const answers = await Promise.all(people.map((person) => setup.approve(person, build.pendingTaskId!)));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(4).fill('INPROGRESS'), 'SUCCESS']);
    expect(await setup.build(build)).toMatchObject({ statusType: 'WHITELISTED' });
  });

  it('and the deletion of the build at the same moment both come to an end', async () => {
    for (let round = 0; round < 10; round += 1) {
      const build = await setup.createBuild(manager);
      const decision = failure(setup.approve(manager, build.pendingTaskId!));
      const [decided, deleted] = await Promise.all([decision, failure(remove(build.id))]);
      expect(deleted).toEqual({});
      expect([undefined, 'INVALID_STATE']).toContain(decided.reason);
      const status = decided.code === undefined ? 'SUCCESS' : 'FAILED';
      expect(await task(build.pendingTaskId!)).toMatchObject({ status });
      expect(await setup.build(build)).toBeUndefined();
    }
  });

  it('and the deletion of the app at the same moment both come to an end', async () => {
    for (let round = 0; round < 10; round += 1) {
      const input = { name: `app ${round}`, allowedDomains: ['a.example'] };
      const app = await setup.inTransaction((tx) => setup.apps.create(tx, manager, input));
      const build = await setup.createBuild(manager, { appId: app.id });
      const [ofApp, ofBuild, deleted] = await Promise.all([
        failure(setup.approve(manager, app.pendingTaskId!)),
        failure(setup.approve(manager, build.pendingTaskId!)),
        failure(setup.inTransaction((tx) => setup.deleteApp.delete(tx, manager, app.id))),
      ]);
      expect([deleted, ofBuild]).toEqual([{}, {}]);
      expect([undefined, 'INVALID_STATE']).toContain(ofApp.reason);
      expect(await setup.build(build)).toMatchObject({ statusType: 'WHITELISTED', appId: null });
    }
  });

  describe('with four eyes', () => {
    let asker: Principal;
    beforeEach(async () => {
      asker = another(await strict.createManager(), 'asker');
    });

    it('is not approved by whoever asked, nor by a token of theirs, and stays pending', async () => {
      const build = await strict.createBuild(asker);
      for (const principal of [asker, tokenOf(asker)]) {
        expect(await failure(strict.approve(principal, build.pendingTaskId!))).toMatchObject({ code: 'FORBIDDEN' });
      }
      expect(await strict.build(build)).toMatchObject({ statusType: 'PENDING' });
      expect(await strict.task(asker.accountId, build.pendingTaskId!)).toMatchObject({ approvals: [] });
      expect(await strict.approve(another(asker, 'other'), build.pendingTaskId!)).toMatchObject({ status: 'SUCCESS' });
    });

    it('is not approved by whoever made the token that asked', async () => {
      const build = await strict.createBuild(tokenOf(asker));
      for (const principal of [asker, tokenOf(asker)]) {
        expect(await failure(strict.approve(principal, build.pendingTaskId!))).toMatchObject({ code: 'FORBIDDEN' });
      }
      expect(await strict.approve(another(asker, 'other'), build.pendingTaskId!)).toMatchObject({ status: 'SUCCESS' });
    });

    it('may be denied by whoever asked', async () => {
      const build = await strict.createBuild(asker);
      expect(await strict.deny(asker, build.pendingTaskId!)).toMatchObject({ status: 'DENIED' });
    });

    it('goes for domains too', async () => {
      const input = { name: 'mine', allowedDomains: ['a.example'] };
      const app = await strict.inTransaction((tx) => strict.apps.create(tx, asker, input));
      expect(await failure(strict.approve(asker, app.pendingTaskId!))).toMatchObject({ code: 'FORBIDDEN' });
    });
  });

  describe('that is over', () => {
    it('is not undone where its task is closed', async () => {
      const { pendingTaskId } = await setup.createBuild(manager);
      await setup.approve(manager, pendingTaskId!);
      const lines = await setup.log(manager.accountId);
      const { accountId } = manager;
      await setup.inTransaction((tx) => setup.tasks.close(tx, accountId, pendingTaskId!, actorOf(manager)));
      expect(await task(pendingTaskId!)).toMatchObject({ status: 'SUCCESS' });
      expect(await setup.log(accountId)).toEqual(lines);
    });

    const deleteTask = (id: string, principal = manager) =>
      setup.inTransaction((tx) => setup.tasks.delete(tx, principal, id));

    it('leaves a task that can be deleted, and not before', async () => {
      const build = await setup.createBuild(manager);
      const id = build.pendingTaskId!;
      const refusal = { code: 'CONFLICT', reason: 'INVALID_STATE', field: ['taskId'] };
      expect(await failure(deleteTask(id))).toMatchObject(refusal);
      await setup.approve(manager, id);
      const stranger = await setup.createManager();
      expect(await failure(deleteTask(id, stranger))).toMatchObject({ code: 'NOT_FOUND' });
      await deleteTask(id.toUpperCase());
      expect(await task(id)).toBeUndefined();
      expect(await setup.build(build)).toMatchObject({ statusType: 'WHITELISTED' });
      const line = await setup.lastLine(manager.accountId, 'Task');
      expect(line).toMatchObject({ kind: 'DELETED', entityId: id, before: { status: 'SUCCESS' }, after: null });
      expect(await failure(deleteTask(id, { ...manager, role: Role.WRITER }))).toMatchObject({ code: 'NOT_FOUND' });
    });
  });
});

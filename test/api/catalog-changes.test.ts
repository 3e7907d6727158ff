import { randomUUID } from 'node:crypto';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { ResultOf } from '@graphql-typed-document-node/core';
import { packageRoot } from '../../src/lib/package-root.js';
import { ApproveTask, CatalogChanges, DeleteApp, DeleteBuild, UpdateApp } from '../support/catalog-operations.js';
import { onEachDatabaseAtScale } from '../support/databases.js';
import { temporaryFolder } from '../support/folders.js';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { connect } from '../support/graphql-client.js';
import type { GraphqlClient } from '../support/graphql-client.js';
import { CreateApp, CreateBuild, ListBuilds } from '../support/operations.js';
import { call, newMember } from '../support/people.js';

type Change = ResultOf<typeof CatalogChanges>['catalogChanges'];
type Filter = NonNullable<Parameters<typeof watching>[2]>;

/** What a subscriber is told until it goes. */
async function* watching(client: GraphqlClient, afterSeq?: number, filter?: object): AsyncGenerator<Change> {
  for await (const { data, errors } of client.subscribe(CatalogChanges, { afterSeq, filter: filter as never })) {
    if (errors || !data) throw Object.assign(new Error(JSON.stringify(errors)), { errors });
    yield data.catalogChanges;
  }
}

/** All it is told, up to a change that is as wanted. */
async function until(changes: AsyncGenerator<Change>, isLast: (change: Change) => boolean): Promise<Change[]> {
  const seen: Change[] = [];
  for await (const change of changes) {
    seen.push(change);
    if (isLast(change)) break;
  }
  return seen;
}

/** The catalog as one knows it who followed it. */
function fold(changes: Change[]): Record<string, unknown> {
  const catalog = new Map<string, unknown>();
  for (const { entityId, entry } of changes) {
    if (entry) catalog.set(entityId, entry);
    else catalog.delete(entityId);
  }
  return Object.fromEntries([...catalog].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const shown = ({ kind, entityType }: Change) => `${entityType} ${kind}`;

onEachDatabaseAtScale('catalogChanges', (kind) => {
  let gateway: TestGateway;
  const environment = { DATABASE_URL: '', DATA_DIR: '', SIGN_UP: 'open' };
  beforeAll(async () => {
    Object.assign(environment, { DATABASE_URL: await kind.create(), DATA_DIR: temporaryFolder() });
    gateway = await startTestGateway(environment);
  });
  afterAll(() => gateway.close());

  const lastSeq = async (): Promise<number> =>
    (await gateway.send('{ viewer { catalogSeq } }')).body.data.viewer.catalogSeq;
  const createApp = async (name: string) => (await gateway.ask(CreateApp, { input: { name } })).createApp.app!.id;
  const deleteApp = (appId: string) => gateway.ask(DeleteApp, { appId });
  const createBuild = async (appName: string) => {
    const input = { appName, mrenclave: randomUUID().replaceAll('-', '').repeat(2) };
    return (await gateway.ask(CreateBuild, { input })).createBuild.build!;
  };
  const report = async (buildId: string, status: string) => {
    const input = { buildId, nodeId: randomUUID(), status };
    const query = `mutation ($input: ReportDeploymentInput!) { reportDeployment(input: $input) { userErrors { code } } }`;
    expect((await gateway.send(query, { input })).body.data.reportDeployment.userErrors).toEqual([]);
  };
  const failure = (client: GraphqlClient, afterSeq?: number, filter?: Filter) =>
    until(watching(client, afterSeq, filter), () => true).then(
      () => 'no error',
      (error: any) => (error.errors ?? error)[0]?.extensions?.code ?? error,
    );

  it('tells what happens in order: live, replayed, and after a lost connection, to the same end', async () => {
    const start = await lastSeq();
    const live = watching(gateway, start);
    const told: Change[] = [];
    const next = async () => {
      const { value } = await live.next();
      told.push(value as Change);
      return shown(value as Change);
    };
    const appId = await createApp('followed');
    // From here on it is live.
    expect(await next()).toBe('App CREATED');
    await gateway.ask(UpdateApp, { input: { appId, description: 'changed' } });
    expect(await next()).toBe('App UPDATED');
    expect(told.at(-1)!.entry).toMatchObject({ id: appId, description: 'changed' });
    const build = await createBuild('followed');
    expect(await next()).toBe('Build CREATED');
    await gateway.ask(ApproveTask, { taskId: build.pendingTask!.id });
    expect(await next()).toBe('Build REVIEWED');
    expect(told.at(-1)!.entry).toMatchObject({ id: build.id, status: { status: 'WHITELISTED' } });
    await report(build.id, 'RUNNING');
    expect(await next()).toBe('Build DEPLOYED');
    expect(told.at(-1)!.entry).toMatchObject({ deploymentStatus: { status: 'DEPLOYED' } });
    const kept = await createBuild('followed');
    const gone = await createBuild('followed');
    await gateway.ask(DeleteBuild, { buildId: gone.id });
    expect([await next(), await next(), await next()]).toEqual(['Build CREATED', 'Build CREATED', 'Build DELETED']);
    expect(told.at(-1)).toMatchObject({ entityId: gone.id, entry: null, actor: { name: 'administrator' } });
    await deleteApp(appId);
    expect([await next(), await next(), await next()]).toEqual(['Build UPDATED', 'Build UPDATED', 'App DELETED']);
    await live.return(undefined);

    const isLast = ({ seq }: Change) => seq === told.at(-1)!.seq;
    const replayed = await until(watching(gateway, start), isLast);
    expect(replayed.map(({ seq }) => seq)).toEqual(told.map(({ seq }) => seq));
    expect(replayed.map(shown)).toEqual(told.map(shown));
    const before = told.slice(0, 4);
    const reconnected = [...before, ...(await until(watching(gateway, before.at(-1)!.seq), isLast))];
    expect(reconnected.map(({ seq }) => seq)).toEqual(told.map(({ seq }) => seq));
    expect(Object.keys(fold(told))).toEqual([build.id, kept.id].sort());
    expect([fold(replayed), fold(reconnected)]).toEqual([fold(told), fold(told)]);
    const { builds } = await gateway.ask(ListBuilds, {});
    expect(Object.keys(fold(await until(watching(gateway, 0), isLast)))).toEqual(
      builds.edges.map(({ node }) => node.id).sort(),
    );
  });

  it('begins now where it is not told otherwise, and knows no number that is yet to come', async () => {
    const last = await lastSeq();
    const first = watching(gateway).next();
    let isTold = false;
    void first.finally(() => (isTold = true));
    for (let count = 0; !isTold && count < 1_000; count += 1) await createApp(`until told ${count}`);
    const { seq, kind: what } = (await first).value as Change;
    expect([seq > last, what]).toEqual([true, 'CREATED']);
    expect(await failure(gateway, (await lastSeq()) + 1)).toBe('BAD_USER_INPUT');
  });

  it('tells another account nothing', async () => {
    const person = { user_email: `${randomUUID()}@example.com`, user_password: 'correct horse battery' };
    await call(gateway, 'POST', '/v1/users', { body: person });
    const authorization = `Basic ${Buffer.from(`${person.user_email}:${person.user_password}`).toString('base64')}`;
    const { body: session } = await call(gateway, 'POST', '/v1/sys/auth', { headers: { authorization } });
    const token = session.access_token as string;
    const { body: account } = await call(gateway, 'POST', '/v1/accounts', { token, body: { name: 'other' } });
    await call(gateway, 'POST', `/v1/sys/session/select_account/${account.acct_id}`, { token });
    const stranger = connect(gateway.url, token);
    await createApp('not theirs');
    const own = (await stranger.ask(CreateApp, { input: { name: 'theirs' } })).createApp.app!.id;
    await createApp('not theirs either');
    await stranger.ask(DeleteApp, { appId: own });
    const seen = await until(watching(stranger, 0), ({ kind: what }) => what === 'DELETED');
    expect(seen.map(({ entityId }) => entityId)).toEqual([own, own]);
    await stranger.dispose();
  });

  it('filters without inventing gaps', async () => {
    const start = await lastSeq();
    const appId = await createApp('filtered');
    const other = await createApp('not filtered');
    const build = await createBuild('filtered');
    await createBuild('not filtered');
    await gateway.ask(ApproveTask, { taskId: build.pendingTask!.id });
    await deleteApp(appId);
    await deleteApp(other);
    const end = await createApp('end of filtered');
    await deleteApp(end);
    // The last thing told is the end, whatever else is; it is seen by a subscriber of everything.
    const all = await until(
      watching(gateway, start),
      ({ entityId, kind: what }) => entityId === end && what === 'DELETED',
    );
    const told = async (filter: Filter, last: (change: Change) => boolean) =>
      (await until(watching(gateway, start, filter), last)).map((change) => `${shown(change)} ${change.seq}`);
    const expected = (isTold: (change: Change) => boolean) =>
      all.filter(isTold).map((change) => `${shown(change)} ${change.seq}`);
    const isDeletionOf = (id: string) => (change: Change) => change.entityId === id && change.kind === 'DELETED';

    expect(await told({ kind: ['DELETED'] }, isDeletionOf(end))).toEqual(expected((one) => one.kind === 'DELETED'));
    expect(await told({ entityId: appId.toUpperCase() }, isDeletionOf(appId))).toEqual(
      expected((one) => one.entityId === appId),
    );
    // Its builds too, also the one change that takes them off the app.
    expect(await told({ appId }, isDeletionOf(appId))).toEqual(
      expected(({ entityId }) => entityId === appId || entityId === build.id),
    );
    expect(await told({ status: ['WHITELISTED'] }, () => true)).toEqual(expected((one) => one.kind === 'REVIEWED'));
    const tasks = await until(watching(gateway, start, { entityType: ['Task'], kind: ['REVIEWED'] }), () => true);
    expect(tasks).toMatchObject([{ entityType: 'Task', entityId: build.pendingTask!.id, entry: null }]);
  });

  it('shows readers entries alone, and what a manager follows only while it is one', async () => {
    const reader = connect(gateway.url, (await newMember(gateway, 'reader@example.com')).token);
    for (const entityType of [['User'], ['Build', 'Task'], ['CatalogLog'], ['build']])
      expect(await failure(reader, 0, { entityType })).toBe('FORBIDDEN');
    const end = await createApp('for readers');
    const seen = await until(watching(reader, 0), ({ entityId }) => entityId === end);
    expect([...new Set(seen.map(({ entityType }) => entityType))].sort()).toEqual(['App', 'Build']);
    await reader.dispose();

    // The last manager stays one.
    await newMember(gateway, 'other.manager@example.com', 'MANAGER');
    const { id, token } = await newMember(gateway, 'manager@example.com', 'MANAGER');
    const manager = connect(gateway.url, token);
    const changes = watching(manager, await lastSeq(), { entityType: ['User'] });
    const first = changes.next();
    await newMember(gateway, 'newcomer@example.com');
    expect(((await first).value as Change).entityType).toBe('User');
    const rest = until(changes, () => false);
    const lowered = { token: gateway.token, body: { roles: ['READER'] } };
    expect((await call(gateway, 'PATCH', `/v1/users/${id}`, lowered)).status).toBe(200);
    await expect(rest).rejects.toMatchObject({ code: 4403 });
    await manager.dispose();
  });

  it('tells of a gap where the log was pruned, goes on behind it, and the chain holds', async () => {
    const start = await lastSeq();
    await gateway.close();
    gateway = await startTestGateway({ ...environment, CATALOG_LOG_LINES: '10' });
    // The first run is at the start: whoever comes too late for its checkpoint reads it.
    const isCheckpoint = ({ kind: what }: Change) => what === 'CHECKPOINT';
    const [checkpoint] = (await until(watching(gateway, start, { entityType: ['CatalogLog'] }), isCheckpoint)).slice(
      -1,
    );
    const appId = await createApp('behind the gap');
    const seen = await until(watching(gateway, 0, { kind: ['CREATED'] }), ({ entityId }) => entityId === appId);
    expect(seen[0]).toMatchObject({ kind: 'GAP', entry: null, actor: { type: 'SYSTEM' } });
    expect(seen[0]!.seq).toBeGreaterThan(20);
    expect(seen.at(-1)!.seq).toBeGreaterThan(checkpoint!.seq);
    expect(seen.filter(({ kind: what }) => what === 'GAP')).toHaveLength(1);
    const filter = { kind: ['CHECKPOINT'] };
    const query = 'query ($filter: CatalogLogFilter) { catalogLog(filter: $filter) { nodes { seq after } } }';
    const { body } = await gateway.send(query, { filter });
    expect(body.data.catalogLog.nodes).toMatchObject([{ seq: checkpoint!.seq, after: { prunedSeq: seen[0]!.seq } }]);
    expect(await verify(environment)).toMatch(
      new RegExp(`: \\d+ lines after ${seen[0]!.seq} that were pruned, chain intact`),
    );
  });
});

/** What `npm run audit:verify` says, where it finds nothing broken. */
function verify(environment: object): Promise<string> {
  const script = join(packageRoot, 'dist', 'src', 'audit-verify.js');
  const env = { PATH: process.env.PATH, ...environment };
  return new Promise((resolve, reject) =>
    execFile(process.execPath, [script], { env }, (error, stdout) =>
      error ? reject(new Error(stdout)) : resolve(stdout),
    ),
  );
}

import { randomUUID } from 'node:crypto';
import { AccessToken } from '../../src/auth/access-token.entity.js';
import { Account } from '../../src/auth/account.entity.js';
import { Membership, newMembership } from '../../src/auth/membership.entity.js';
import { Role } from '../../src/auth/principal.js';
import { SignIn, SignInMethod } from '../../src/auth/sign-in.entity.js';
import { hashToken } from '../../src/auth/tokens.js';
import { User, UserStatus } from '../../src/auth/user.entity.js';
import { ENTITIES } from '../../src/app-database.js';
import { createDataSource } from '../../src/db/database.js';
import { newHexId, newId } from '../../src/lib/ids.js';
import { finished, startConversion, startConvertingGateway, storeSampleImage } from '../support/conversions.js';
import { onEachDatabaseAtScale } from '../support/databases.js';
import type { TestGateway } from '../support/gateway.js';

const LOG = `query ($first: Int, $after: String, $last: Int, $before: String, $filter: CatalogLogFilter) {
  catalogLog(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
    totalCount
    nodes { seq at kind entityType entityId actor { type id name ownerId } before after hash }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

interface Line {
  seq: number;
  at: string;
  kind: string;
  entityType: string;
  entityId: string;
  actor: { type: string; id: string | null; name: string };
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  hash: string;
}

onEachDatabaseAtScale('the audit trail', (kind) => {
  let gateway: TestGateway;
  let databaseUrl: string;
  let accountId: string;

  beforeAll(async () => {
    databaseUrl = await kind.create();
    gateway = await startConvertingGateway({ DATABASE_URL: databaseUrl });
    ({ id: accountId } = (await ask('{ viewer { account { id } } }')).viewer.account);
  });
  afterAll(() => gateway.close());

  const ask = async (query: string, variables: object = {}) => {
    const { body } = await gateway.send(query, variables);
    if (body.errors) throw new Error(JSON.stringify(body.errors));
    return body.data;
  };
  /** Does a mutation, which must change something. */
  const change = async (name: string, input: object, selection: string) => {
    const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
    const query = `mutation ($input: ${type}!) { ${name}(input: $input) { ${selection} userErrors { code message } } }`;
    const { [name]: payload } = await ask(query, { input });
    expect(payload.userErrors).toEqual([]);
    return payload;
  };
  const log = async (variables: object = {}) =>
    (await ask(LOG, variables)).catalogLog as {
      totalCount: number;
      nodes: Line[];
      pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string };
    };
  const insert = async (rows: [new () => object, object][]) => {
    const source = await createDataSource({ url: databaseUrl, entities: ENTITIES, migrations: [] }).initialize();
    try {
      for (const [entity, row] of rows) await source.manager.insert(entity, row);
    } finally {
      await source.destroy();
    }
  };

  it('has for every change of the catalog who did it, what was before and what is after', async () => {
    const newest = (await log({ first: 1 })).nodes[0]?.seq ?? 0;
    const { app } = await change('createApp', { name: 'audited' }, 'app { id }');
    await change('updateApp', { appId: app.id, description: 'changed' }, 'app { id }');
    const image = await storeSampleImage(gateway, 'acme/audited', 2);
    const job = await finished(gateway, await startConversion(gateway, { appId: app.id, inputImage: { name: image } }));
    const buildId = job.build!.id;
    await change('approveTask', { taskId: job.build!.pendingTask!.id }, 'task { id }');
    const report = { buildId, nodeId: randomUUID() };
    await change('reportDeployment', { ...report, status: 'RUNNING' }, 'deployment { id }');
    await change('reportDeployment', { ...report, status: 'RUNNING' }, 'deployment { id }');
    await change('reportDeployment', { ...report, status: 'STOPPED' }, 'deployment { id }');
    await change('deleteApp', { appId: app.id }, 'deletedId: __typename');
    const login = { url: 'quay.io', username: 'me', password: 'hunter2' };
    const { registryCredential } = await change('createRegistryCredential', login, 'registryCredential { id }');
    await change('deleteRegistryCredential', { registryCredentialId: registryCredential.id }, '__typename');

    const lines = (await log({ first: 200 })).nodes.filter(({ seq }) => seq > newest).reverse();
    expect(lines.map(({ entityType, kind: what }) => `${entityType} ${what}`)).toEqual([
      ...['App CREATED', 'App UPDATED', 'Task CREATED', 'Build CREATED', 'Task REVIEWED', 'Build REVIEWED'],
      ...['Deployment CREATED', 'Build DEPLOYED', 'Deployment UPDATED', 'Build DEPLOYED'],
      ...['Build UPDATED', 'App DELETED', 'RegistryCredential CREATED', 'RegistryCredential DELETED'],
    ]);
    for (const line of lines) {
      const what = `${line.entityType} ${line.kind}`;
      // Also what a job made: who asked for it.
      expect([what, line.actor]).toMatchObject([
        what,
        { type: 'TOKEN', id: expect.any(String), name: 'administrator' },
      ]);
      expect([what, line.before === null, line.after === null]).toEqual([
        ...[what, line.kind === 'CREATED', line.kind === 'DELETED'],
      ]);
      expect([what, line.before]).not.toEqual([what, line.after]);
      for (const document of [line.before, line.after]) {
        if (document) expect([what, document.id]).toEqual([what, line.entityId]);
      }
      expect(line.hash).toMatch(/^[0-9a-f]{64}$/);
    }
    expect(lines.filter(({ entityId }) => entityId === buildId)[1]).toMatchObject({
      ...{ kind: 'REVIEWED', before: { statusType: 'PENDING' }, after: { statusType: 'WHITELISTED' } },
    });
    expect(JSON.stringify(lines)).not.toContain('hunter2');
  });

  it('pages in both directions, newest first, without losing or repeating a line', async () => {
    for (let count = 0; count < 4; count++) await change('createApp', { name: `paged ${count}` }, 'app { id }');
    const all = (await log({ first: 200 })).nodes.map(({ seq }) => seq);
    expect(all).toEqual(Array.from({ length: all.length }, (_, index) => all.length - index));
    const walk = async (page: object, direction: 'after' | 'before') => {
      const seen: number[] = [];
      for (let cursor: string | null = null; ;) {
        const { nodes, pageInfo, totalCount } = await log({ ...page, [direction]: cursor });
        expect(totalCount).toBe(all.length);
        const seqs = nodes.map(({ seq }) => seq);
        if (direction === 'after') seen.push(...seqs);
        else seen.unshift(...seqs);
        if (!(direction === 'after' ? pageInfo.hasNextPage : pageInfo.hasPreviousPage)) return seen;
        cursor = direction === 'after' ? pageInfo.endCursor : pageInfo.startCursor;
      }
    };
    expect(await walk({ first: 3 }, 'after')).toEqual(all);
    expect(await walk({ last: 3 }, 'before')).toEqual(all);
    // What is added meanwhile moves nothing.
    const first = await log({ first: 3 });
    await change('createApp', { name: 'meanwhile' }, 'app { id }');
    const rest = await log({ first: 200, after: first.pageInfo.endCursor });
    expect(rest.nodes.map(({ seq }) => seq)).toEqual(all.slice(3));
  });

  it('can be narrowed down to an entity, a kind, an actor and a time', async () => {
    const { app } = await change('createApp', { name: 'narrow' }, 'app { id }');
    const { app: other } = await change('createApp', { name: 'narrow too' }, 'app { id }');
    await change('updateApp', { appId: app.id, description: 'x' }, 'app { id }');
    const seqs = async (filter: object) => (await log({ filter })).nodes.map(({ seq }) => seq);
    const [updated, created] = (await log({ filter: { entityId: app.id.toUpperCase() } })).nodes as [Line, Line];
    expect([updated.kind, created.kind]).toEqual(['UPDATED', 'CREATED']);
    expect(await seqs({ entityId: other.id })).toEqual([created.seq + 1]);
    expect(await seqs({ entityId: app.id, kind: ['UPDATED', 'DELETED'] })).toEqual([updated.seq]);
    expect(await seqs({ entityId: app.id, kind: [] })).toEqual([]);
    expect(await seqs({ entityId: app.id, entityType: 'Build' })).toEqual([]);
    expect(await seqs({ entityId: app.id, entityType: 'App' })).toHaveLength(2);
    expect(await seqs({ entityId: app.id, actorId: created.actor.id!.toUpperCase() })).toHaveLength(2);
    expect(await seqs({ actorId: randomUUID() })).toEqual([]);
    // A part of an id, or what looks like JSON, is not an id.
    expect(await seqs({ actorId: created.actor.id!.slice(0, 8) })).toEqual([]);
    expect(await seqs({ actorId: '","name":"administrator' })).toEqual([]);
    expect(await seqs({ entityId: app.id, since: updated.at })).toContain(updated.seq);
    expect(await seqs({ entityId: app.id, until: created.at })).toEqual([]);
    const later = new Date(Date.parse(updated.at) + 1).toISOString();
    expect(await seqs({ entityId: app.id, since: created.at, until: later })).toHaveLength(2);
    expect(await seqs({ since: later, until: later })).toEqual([]);
  });

  it.each([
    ['a cursor of another list', () => Buffer.from('["CREATED_AT DESC",1,"x"]').toString('base64url')],
    ['a cursor with text for a number', () => Buffer.from('["SEQ DESC","x",""]').toString('base64url')],
  ])('refuses %s', async (_what, after) => {
    const { body } = await gateway.send(LOG, { after: after() });
    expect(body.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  });

  it('tells managers who signed in or failed to, of the members of their account only', async () => {
    const [member, stranger, otherAccount] = [newId(), newId(), newId()];
    const now = Date.now();
    const user = (id: string) => ({ id, email: `${id}@example.com`, status: UserStatus.ACTIVE, createdAt: new Date() });
    const signIn = (userId: string | null, isSuccess: boolean, at: number) => ({
      ...{ id: newId(), at: new Date(now + at), email: `${userId ?? 'nobody'}@example.com`, userId, isSuccess },
      ...{ method: SignInMethod.PASSWORD, address: '192.0.2.1' },
    });
    const of = (account: string, userId: string) => ({
      ...newMembership({ accountId: account, userId, role: Role.READER }),
      createdAt: new Date(now),
    });
    const other = { id: otherAccount, name: 'other', hubId: newHexId(), awsAccountId: '123456789012' };
    await insert([
      [User, user(member)],
      [User, user(stranger)],
      [Account, { ...other, createdAt: new Date() }],
      [Membership, of(accountId, member)],
      [Membership, of(otherAccount, member)],
      [Membership, of(otherAccount, stranger)],
      ...[signIn(member, false, 1), signIn(member, true, 2), signIn(stranger, true, 3), signIn(null, false, 4)].map(
        (row): [typeof SignIn, object] => [SignIn, row],
      ),
    ]);
    const selection = '{ totalCount nodes { email method isSuccess address } pageInfo { hasNextPage endCursor } }';
    const { signIns } = await ask(`{ signIns(first: 1) ${selection} }`);
    const known = { email: `${member}@example.com`, method: 'PASSWORD', address: '192.0.2.1' };
    expect(signIns).toMatchObject({ totalCount: 2, nodes: [{ ...known, isSuccess: true }] });
    const rest = await ask(`query ($after: String) { signIns(after: $after) ${selection} }`, {
      after: signIns.pageInfo.endCursor,
    });
    expect(rest.signIns.nodes).toEqual([{ ...known, isSuccess: false }]);
  });

  it('is for managers', async () => {
    const token = `bc_${newHexId()}${newHexId()}`;
    const row = { accountId, id: newId(), name: 'writer', hash: hashToken(token), role: Role.WRITER, userId: null };
    await insert([[AccessToken, { ...row, createdBy: null, createdAt: new Date() }]]);
    for (const query of ['{ catalogLog { totalCount } }', '{ signIns { totalCount } }']) {
      const { body } = await gateway.send(query, {}, { authorization: `Bearer ${token}` });
      expect([body.errors[0].extensions.code, body.data]).toEqual(['FORBIDDEN', null]);
    }
  });
});

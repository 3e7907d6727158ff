// What callers do over GraphQL with the session and the user they are; signing in is REST.
import { onEachDatabaseAtScale } from '../support/databases.js';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { call, newMember, PASSWORD, signIn } from '../support/people.js';

const END = 'mutation { endSession { userErrors { code } } }';
const REFRESH = 'mutation { refreshSession { session { expiresAt tokenExpiresAt } userErrors { code } } }';
const DELETE = 'mutation { deleteOwnUser { userErrors { code message } } }';
const VIEWER = '{ viewer { user { email } roles } }';
const DAY_MS = 24 * 60 * 60 * 1000;
const HOUR_MS = 60 * 60 * 1000;

onEachDatabaseAtScale('over GraphQL, who is signed in', (kind) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ DATABASE_URL: await kind.create(), SIGN_UP: 'open' });
  });
  afterAll(() => gateway.close());

  const as = async (token: string, query: string) =>
    (await gateway.send(query, {}, { authorization: `Bearer ${token}` })).body;
  const codeOf = ({ errors }: { errors?: { extensions: { code: string } }[] }) => errors?.[0]?.extensions.code;
  const anotherToken = async (email: string) => (await signIn(gateway, email)).body.access_token as string;

  it('ends the own session and no other', async () => {
    const { token } = await newMember(gateway, 'leaver@acme.example');
    const other = await anotherToken('leaver@acme.example');
    expect(await as(token, END)).toEqual({ data: { endSession: { userErrors: [] } } });
    expect(codeOf(await as(token, VIEWER))).toBe('UNAUTHENTICATED');
    expect((await as(other, VIEWER)).data.viewer).toEqual({
      user: { email: 'leaver@acme.example' },
      roles: ['READER'],
    });
  });

  it('moves the end of the token, and not that of the session', async () => {
    const { token } = await newMember(gateway, 'fresh@acme.example');
    const refresh = async () => (await as(token, REFRESH)).data.refreshSession;
    const first = await refresh();
    const second = await refresh();
    expect(first.userErrors).toEqual([]);
    expect(second.session.expiresAt).toBe(first.session.expiresAt);
    expect(Date.parse(second.session.tokenExpiresAt)).toBeGreaterThan(Date.parse(first.session.tokenExpiresAt));
    const left = Date.parse(second.session.tokenExpiresAt) - Date.now();
    expect(left).toBeGreaterThan(HOUR_MS - 60_000);
    expect(left).toBeLessThanOrEqual(HOUR_MS);
    const { body } = await call(gateway, 'POST', '/v1/sys/session/refresh', { token });
    const expiresAt = Date.parse(second.session.expiresAt);
    expect(body.session_info.session_expires_at).toBe(Math.floor(expiresAt / 1000));
  });

  it('is asked to sign in again where the session ended within the same operation', async () => {
    const { token } = await newMember(gateway, 'both@acme.example');
    const selections = '{ endSession { userErrors { code } } refreshSession { userErrors { code } } }';
    expect(codeOf(await as(token, `mutation ${selections}`))).toBe('UNAUTHENTICATED');
    expect(codeOf(await as(token, REFRESH))).toBe('UNAUTHENTICATED');
  });

  it('forgets the own user, everywhere, so that the address is free again', async () => {
    const email = 'forgotten@acme.example';
    const { id, token } = await newMember(gateway, email, 'WRITER');
    const other = await anotherToken(email);
    await as(token, 'mutation { createAccount(input: { name: "own" }) { userErrors { code } } }');
    const { body } = await call(gateway, 'GET', '/v1/accounts', { token });
    const own = body.items.find(({ name }: { name: string }) => name === 'own');
    const conflict = (await as(token, DELETE)).data.deleteOwnUser;
    expect(conflict.userErrors).toEqual([{ code: 'CONFLICT', message: expect.stringContaining('last manager') }]);
    expect((await as(token, VIEWER)).data.viewer.roles).toEqual(['WRITER']);

    await as(token, `mutation { deleteAccount(input: { accountId: "${own.acct_id}" }) { userErrors { code } } }`);
    expect(await as(token, DELETE)).toEqual({ data: { deleteOwnUser: { userErrors: [] } } });
    for (const void_ of [token, other]) expect(codeOf(await as(void_, VIEWER))).toBe('UNAUTHENTICATED');
    expect((await signIn(gateway, email)).status).toBe(401);
    const { body: log } = await gateway.send(
      `{ catalogLog(filter: { entityId: "${id}" }, first: 1) { nodes { kind actor { id } before after } } }`,
    );
    expect(log.data.catalogLog.nodes[0]).toMatchObject({ kind: 'DELETED', actor: { id }, before: { email } });
    const again = { user_email: email, user_password: PASSWORD };
    expect((await call(gateway, 'POST', '/v1/users', { body: again })).status).toBe(201);
  });

  it('may go without an account too', async () => {
    await call(gateway, 'POST', '/v1/users', {
      body: { user_email: 'alone@acme.example', user_password: PASSWORD },
    });
    const token = await anotherToken('alone@acme.example');
    expect((await as(token, REFRESH)).data.refreshSession.userErrors).toEqual([]);
    expect(await as(token, DELETE)).toEqual({ data: { deleteOwnUser: { userErrors: [] } } });
    expect(codeOf(await as(token, END))).toBe('UNAUTHENTICATED');
  });

  describe('is, with the token of a machine,', () => {
    it('never signed out, and told of an end a day ahead', async () => {
      const { session, userErrors } = (await as(gateway.token, REFRESH)).data.refreshSession;
      expect(userErrors).toEqual([]);
      expect(Date.parse(session.tokenExpiresAt) - Date.now()).toBeGreaterThan(DAY_MS - 60_000);
      expect(await as(gateway.token, END)).toEqual({ data: { endSession: { userErrors: [] } } });
      expect((await as(gateway.token, VIEWER)).data.viewer).toEqual({ user: null, roles: ['MANAGER'] });
    });

    it('no user to forget', async () => {
      expect(codeOf(await as(gateway.token, DELETE))).toBe('FORBIDDEN');
      expect((await as(gateway.token, VIEWER)).data.viewer.roles).toEqual(['MANAGER']);
    });
  });
});

// What hostile or unlucky callers did to signing in before: each was possible once.
import { onEachDatabaseAtScale } from '../support/databases.js';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { basic, call, newMember, PASSWORD, signIn } from '../support/people.js';

const CREATE_TOKEN = `mutation { createAccessToken(input: { name: "ci", roles: [MANAGER] }) { secret } }`;
const CHANGE_PASSWORD = `mutation ($input: ChangePasswordInput!) {
  changePassword(input: $input) { userErrors { code message } }
}`;

onEachDatabaseAtScale('attacks on signing in', (kind) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({
      DATABASE_URL: await kind.create(),
      SIGN_UP: 'open',
      TRUSTED_PROXIES: '127.0.0.1',
    });
  });
  afterAll(() => gateway.close());

  const builds = async (token: string) => (await call(gateway, 'GET', '/v1/builds', { token })).status;
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  it('do not stop the gateway by many changes of an account at once', async () => {
    const { body } = await gateway.send('{ viewer { account { id } } }');
    const path = `/v1/accounts/${body.data.viewer.account.id}`;
    const rename = (name: string) => call(gateway, 'PATCH', path, { token: gateway.token, body: { name } });
    const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => rename(`default ${index}`)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200);
  });

  it('do not make failures of more right passwords at once than may be wrong', async () => {
    await newMember(gateway, 'matrix@acme.example');
    const answers = await Promise.all(Array.from({ length: 11 }, () => signIn(gateway, 'matrix@acme.example')));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 11 }, () => 200));
  });

  it('find no session of the former password after it was changed', async () => {
    const { token } = await newMember(gateway, 'race@acme.example');
    const input = { currentPassword: PASSWORD, newPassword: 'a new password' };
    const [changed, ...started] = await Promise.all([
      gateway.send(CHANGE_PASSWORD, { input }, bearer(token)),
      ...Array.from({ length: 4 }, () => signIn(gateway, 'race@acme.example')),
    ]);
    expect(changed.body.data.changePassword.userErrors).toEqual([]);
    for (const { body } of started) if (body.access_token) expect(await builds(body.access_token)).toBe(401);
  });

  it('get nothing from a token whose maker was demoted, or has left', async () => {
    const { id, token } = await newMember(gateway, 'maker@acme.example', 'MANAGER');
    const { body } = await gateway.send(CREATE_TOKEN, undefined, bearer(token));
    const { secret } = body.data.createAccessToken;
    const roles = async () =>
      (await gateway.send('{ viewer { roles } }', undefined, bearer(secret))).body.data.viewer.roles;
    expect(await roles()).toEqual(['MANAGER']);
    // Another manager, or the last one could not go.
    await newMember(gateway, 'stays@acme.example', 'MANAGER');
    await call(gateway, 'PATCH', `/v1/users/${id}`, { token: gateway.token, body: { roles: ['READER'] } });
    expect(await roles()).toEqual(['READER']);
    await call(gateway, 'DELETE', `/v1/users/${id}/accounts`, { token: gateway.token });
    expect(await builds(secret)).toBe(401);
  });

  it("sign no browser in from another site's page", async () => {
    await newMember(gateway, 'victim@acme.example');
    const headers = { ...basic('victim@acme.example'), 'sec-fetch-site': 'cross-site' };
    const answer = await call(gateway, 'POST', '/v1/sys/auth', { headers });
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([200, null]);
  });

  it('make no error of the gateway by what no address can be', async () => {
    for (const email of ['a\0b@c.d', '', 'x'.repeat(4_000), "' OR 1=1 --"]) {
      expect((await signIn(gateway, email, 'wrong')).status).toBe(401);
    }
    const { id, token } = await newMember(gateway, 'long@acme.example');
    const name = 'x'.repeat(300);
    const mutation = `mutation { updateUser(input: { userId: "${id}", firstName: "${name}" }) { userErrors { field } } }`;
    const { body } = await gateway.send(mutation, undefined, bearer(token));
    expect(body.data.updateUser.userErrors).toEqual([{ field: ['firstName'] }]);
  });

  it('can not be hidden: a new password and a new address are in the log', async () => {
    const { id, token } = await newMember(gateway, 'before@acme.example');
    await call(gateway, 'PATCH', `/v1/users/${id}`, { token, body: { user_email: 'after@acme.example' } });
    const input = { currentPassword: PASSWORD, newPassword: 'a new password' };
    await gateway.send(CHANGE_PASSWORD, { input }, bearer(token));
    const query = `{ catalogLog(first: 2, filter: { entityId: "${id}" }) { nodes { before after } } }`;
    const { nodes } = (await gateway.send(query)).body.data.catalogLog;
    expect(nodes).toMatchObject([
      { after: { email: 'after@acme.example', hasNewPassword: true } },
      { before: { email: 'before@acme.example' }, after: { email: 'after@acme.example' } },
    ]);
  });
});

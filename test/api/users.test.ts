import { onEachDatabaseAtScale } from '../support/databases.js';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { call, newMember, PASSWORD, signIn } from '../support/people.js';

const CHANGE_PASSWORD = `mutation ($input: ChangePasswordInput!) {
  changePassword(input: $input) { userErrors { code field message } }
}`;
const INVITE = `mutation ($input: InviteUserInput!) {
  inviteUser(input: $input) { secret member { role user { email status } } userErrors { code } }
}`;

onEachDatabaseAtScale('the users of an account', (kind) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ DATABASE_URL: await kind.create() });
  });
  afterAll(() => gateway.close());

  const as = (token: string) => ({ authorization: `Bearer ${token}` });
  const manager = (method: string, path: string, body?: object) =>
    call(gateway, method, path, { token: gateway.token, body });
  const changePassword = async (token: string, currentPassword: string, newPassword: string) => {
    const { body } = await gateway.send(CHANGE_PASSWORD, { input: { currentPassword, newPassword } }, as(token));
    return body.data.changePassword.userErrors;
  };

  it('are made by its managers only, as sign-up is closed', async () => {
    const body = { user_email: 'new@acme.example', user_password: PASSWORD };
    expect((await call(gateway, 'POST', '/v1/users', { body })).status).toBe(403);
    const reader = await newMember(gateway, 'reader@acme.example');
    expect((await call(gateway, 'POST', '/v1/users', { body, token: reader.token })).status).toBe(403);
    const made = await manager('POST', '/v1/users', body);
    expect([made.status, made.body]).toMatchObject([201, { user_email: 'new@acme.example', roles: ['READER'] }]);
    const again = await manager('POST', '/v1/users', { ...body, user_email: 'NEW@acme.example' });
    expect([again.status, again.body.code]).toEqual([400, 'USER_ALREADY_EXISTS']);
  });

  it('are made once, though twenty invite at the same time, and the newest invitation counts', async () => {
    const body = { user_email: 'race@acme.example', roles: ['READER'] };
    const answers = await Promise.all(Array.from({ length: 20 }, () => manager('POST', '/v1/users/invite', body)));
    const invited = answers.filter(({ status }) => status === 201);
    expect(invited.length).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => ![201, 400].includes(status))).toEqual([]);
    expect(new Set(invited.map((answer) => answer.body.user_id)).size).toBe(1);
    const { body: last } = await manager('POST', '/v1/users/invite', body);
    expect((await signIn(gateway, 'race@acme.example', last.invitation)).status).toBe(200);
    expect(await manager('POST', '/v1/users/invite', body)).toMatchObject({ status: 400 });
  });

  it('come by an invitation, whose password is for the first sign-in', async () => {
    const input = { email: 'guest@acme.example', roles: ['READER', 'WRITER'] };
    const { body } = await gateway.send(INVITE, { input });
    const { secret, member } = body.data.inviteUser;
    expect(member).toEqual({ role: 'WRITER', user: { email: 'guest@acme.example', status: 'PENDING' } });
    const { access_token: token } = (await signIn(gateway, input.email, secret)).body;
    const [wrong] = await changePassword(token, 'not the secret', 'my own password');
    expect(wrong).toMatchObject({ code: 'BAD_USER_INPUT', field: ['currentPassword'] });
    const [short] = await changePassword(token, secret, 'short');
    expect(short).toMatchObject({ code: 'BAD_USER_INPUT', field: ['newPassword'] });
    expect(await changePassword(token, secret, 'my own password')).toEqual([]);
    expect((await signIn(gateway, input.email, secret)).status).toBe(401);
    expect((await signIn(gateway, input.email, 'my own password')).status).toBe(200);
    expect((await call(gateway, 'GET', '/v1/user', { token })).body).toMatchObject({
      status: 'ACTIVE',
      roles: ['WRITER'],
    });
  });

  it('end their other sessions with a new password', async () => {
    const { token } = await newMember(gateway, 'twice@acme.example');
    const { access_token: other } = (await signIn(gateway, 'twice@acme.example')).body;
    expect(await changePassword(token, PASSWORD, 'another password')).toEqual([]);
    expect((await call(gateway, 'GET', '/v1/user', { token })).status).toBe(200);
    expect((await call(gateway, 'GET', '/v1/user', { token: other })).status).toBe(401);
  });

  it('change their own names and nobody else their rights', async () => {
    const { id, token } = await newMember(gateway, 'names@acme.example');
    const own = await call(gateway, 'PATCH', `/v1/users/${id}`, { token, body: { first_name: 'Ada' } });
    expect([own.status, own.body.first_name]).toEqual([200, 'Ada']);
    const rights = await call(gateway, 'PATCH', `/v1/users/${id}`, { token, body: { roles: ['MANAGER'] } });
    expect([rights.status, rights.body.code]).toEqual([403, 'FORBIDDEN']);
    const foreign = await manager('PATCH', `/v1/users/${id}`, { first_name: 'Eve' });
    expect(foreign.status).toBe(403);
    expect((await call(gateway, 'GET', `/v1/users/${id}`, { token })).body).toMatchObject({
      first_name: 'Ada',
      roles: ['READER'],
    });
  });

  it('are found by address or name, and sorted', async () => {
    const { body } = await manager('GET', '/v1/users?all_search=ACME.example&sort_by=user_email:ASC&limit=2');
    const emails = body.items.map((user: { user_email: string }) => user.user_email);
    expect(emails).toEqual([...emails].sort());
    expect(emails).toHaveLength(2);
    expect(body.metadata.filtered_count).toBeGreaterThan(2);
    expect((await manager('GET', '/v1/users?all_search=Ada')).body.items).toHaveLength(1);
  });

  it('always have a manager among them, also where two remove each other', async () => {
    const [one, two] = [
      await newMember(gateway, 'one@acme.example', 'MANAGER'),
      await newMember(gateway, 'two@acme.example', 'MANAGER'),
    ];
    const answers = await Promise.all([
      call(gateway, 'DELETE', `/v1/users/${two.id}/accounts`, { token: one.token }),
      call(gateway, 'DELETE', `/v1/users/${one.id}/accounts`, { token: two.token }),
    ]);
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    const left = answers[0].status === 204 ? one : two;
    for (const body of [{ roles: ['READER'] }, { user_account_status: 'DISABLED' }]) {
      const refused = await manager('PATCH', `/v1/users/${left.id}`, body);
      expect([refused.status, refused.body.code]).toEqual([400, 'INVALID_STATE']);
    }
    expect((await call(gateway, 'DELETE', `/v1/users/${left.id}`, { token: left.token })).body.code).toBe(
      'INVALID_STATE',
    );
  });

  it('may go, and are forgotten', async () => {
    const { id, token } = await newMember(gateway, 'gone@acme.example');
    expect((await call(gateway, 'DELETE', `/v1/users/${id}`, { token })).status).toBe(204);
    expect((await call(gateway, 'GET', '/v1/user', { token })).status).toBe(401);
    expect((await signIn(gateway, 'gone@acme.example')).status).toBe(401);
    expect((await manager('GET', `/v1/users/${id}`)).status).toBe(404);
  });

  it('make no account where sign-up is closed, unless they manage one, and machines make none', async () => {
    const [reader, another] = [
      await newMember(gateway, 'small@acme.example'),
      await newMember(gateway, 'big@acme.example', 'MANAGER'),
    ];
    const make = (token: string) => call(gateway, 'POST', '/v1/accounts', { token, body: { name: 'mine' } });
    expect((await make(reader.token)).status).toBe(403);
    expect((await make(gateway.token)).status).toBe(403);
    const made = await make(another.token);
    expect([made.status, made.body.roles]).toEqual([200, ['MANAGER']]);
    const path = `/v1/accounts/${made.body.acct_id}`;
    const renamed = await call(gateway, 'PATCH', path, { token: another.token, body: { name: 'ours' } });
    expect(renamed.body.name).toBe('ours');
    expect((await call(gateway, 'GET', path, { token: reader.token })).status).toBe(404);
    expect((await call(gateway, 'DELETE', path, { token: another.token })).status).toBe(204);
    expect((await call(gateway, 'GET', path, { token: another.token })).status).toBe(404);
  });

  it("can not delete the administrator's account", async () => {
    const { body } = await gateway.send('{ viewer { account { id } } }');
    const refused = await manager('DELETE', `/v1/accounts/${body.data.viewer.account.id}`);
    expect([refused.status, refused.body.code]).toEqual([400, 'INVALID_STATE']);
  });

  it('accept an invitation by selecting the account, if they are users of another already', async () => {
    const other = await newMember(gateway, 'host@acme.example', 'MANAGER');
    const { body: made } = await call(gateway, 'POST', '/v1/accounts', {
      token: other.token,
      body: { name: 'theirs' },
    });
    const path = `/v1/sys/session/select_account/${made.acct_id}`;
    await call(gateway, 'POST', path, { token: other.token });
    const { id, token } = await newMember(gateway, 'elsewhere@acme.example');
    await call(gateway, 'PATCH', `/v1/users/${id}`, { token, body: { first_name: 'Grace' } });
    const theirs = (method: string, at: string, body?: object) =>
      call(gateway, method, at, { token: other.token, body });

    const invite = { user_email: 'elsewhere@acme.example', roles: ['WRITER'] };
    const invited = await theirs('POST', '/v1/users/invite', invite);
    expect(invited).toMatchObject({ status: 201, body: { user_id: id, user_account_status: 'PENDING' } });
    for (const answer of [invited.body, (await theirs('GET', `/v1/users/${id}`)).body]) {
      expect(answer).not.toHaveProperty('first_name');
      expect(answer).not.toHaveProperty('last_logged_in_at');
    }
    expect((await theirs('GET', '/v1/users?all_search=Grace')).body.items).toEqual([]);
    const forced = await theirs('PATCH', `/v1/users/${id}`, { user_account_status: 'ACTIVE' });
    expect([forced.status, forced.body.code]).toEqual([400, 'INVALID_STATE']);

    const { body: again } = await signIn(gateway, 'elsewhere@acme.example');
    expect(again.session_info).toHaveProperty('selected_account_id');
    const { body: open } = await call(gateway, 'GET', '/v1/accounts', { token: again.access_token });
    expect(open.items.map(({ status }: { status: string }) => status).sort()).toEqual(['ACTIVE', 'PENDING']);
    const accept = (invitation?: string) =>
      call(gateway, 'POST', path, { token: again.access_token, body: invitation ? { invitation } : undefined });
    // Whoever has the address here may not be whom the manager meant.
    expect(await accept()).toMatchObject({ status: 403 });
    expect(await accept('guessed')).toMatchObject({ status: 403 });
    expect((await accept(invited.body.invitation)).status).toBe(200);
    expect((await accept()).status).toBe(200);
    expect((await theirs('GET', `/v1/users/${id}`)).body).toMatchObject({ first_name: 'Grace', roles: ['WRITER'] });
  });
});

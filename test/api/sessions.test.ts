import { onEachDatabaseAtScale } from '../support/databases.js';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { call, newMember, PASSWORD, signIn } from '../support/people.js';

onEachDatabaseAtScale('signing in', (kind) => {
  let gateway: TestGateway;
  let url: string;
  beforeAll(async () => {
    url = await kind.create();
    gateway = await startTestGateway({ DATABASE_URL: url, SIGN_UP: 'open' });
  });
  afterAll(() => gateway.close());

  const signUp = (email: string) =>
    call(gateway, 'POST', '/v1/users', { body: { user_email: email, user_password: PASSWORD } });
  const builds = (token: string) => call(gateway, 'GET', '/v1/builds', { token });
  const signInsOf = async (email: string) => {
    const { body } = await gateway.send('{ signIns(first: 200) { nodes { email isSuccess method address } } }');
    return body.data.signIns.nodes.filter((attempt: { email: string }) => attempt.email === email);
  };

  it('answers a token and a cookie that scripts can not read and other sites can not send', async () => {
    const { token } = await newMember(gateway, 'cookie@acme.example');
    const { status, headers, body } = await signIn(gateway, 'Cookie@ACME.example ');
    expect(status).toBe(200);
    expect(body).toEqual({
      access_token: expect.stringMatching(/^bs_[\w-]{43}$/),
      session_info: {
        subject_id: expect.any(String),
        session_expires_at: expect.any(Number),
        session_token_expires_at: expect.any(Number),
        selected_account_id: expect.any(String),
      },
    });
    expect(body.access_token).not.toBe(token);
    const cookie = headers.get('set-cookie')!;
    expect(cookie).toContain(`build_catalog_session=${body.access_token};`);
    for (const word of ['HttpOnly', 'SameSite=Strict', 'Path=/']) expect(cookie).toContain(word);
  });

  it('says the same of a wrong password as of an unknown address, and remembers both', async () => {
    await newMember(gateway, 'known@acme.example');
    const wrong = await signIn(gateway, 'known@acme.example', 'wrong password');
    const unknown = await signIn(gateway, 'unknown@acme.example', 'wrong password');
    expect([wrong.status, wrong.body]).toEqual([401, { code: 'AUTH_FAILED', message: expect.any(String) }]);
    expect([unknown.status, unknown.body]).toEqual([wrong.status, wrong.body]);
    const attempts = await signInsOf('known@acme.example');
    expect(attempts.map(({ isSuccess }: { isSuccess: boolean }) => isSuccess)).toEqual([false, true]);
    expect(attempts[0]).toMatchObject({ method: 'PASSWORD', address: expect.stringContaining('127.0.0.1') });
  });

  it('is locked after ten failures, with the right password too, also after a restart, whoever exists', async () => {
    await newMember(gateway, 'locked@acme.example');
    for (const email of ['locked@acme.example', 'nobody@acme.example']) {
      const guesses = await Promise.all(Array.from({ length: 12 }, () => signIn(gateway, email, 'a guess')));
      const statuses = guesses.map(({ status }) => status).sort();
      expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(10);
      expect(new Set(statuses)).toEqual(new Set([401, 429]));
    }
    const environment = { DATABASE_URL: url, SIGN_UP: 'open' };
    await gateway.close();
    gateway = await startTestGateway({ ...environment, DATA_DIR: gateway.dataDir });
    const [known, unknown] = await Promise.all([
      signIn(gateway, 'locked@acme.example'),
      signIn(gateway, 'nobody@acme.example'),
    ]);
    expect([known.status, known.body.code]).toEqual([429, 'LOCKED_ACCOUNT']);
    expect([unknown.status, unknown.body.code]).toEqual([429, 'LOCKED_ACCOUNT']);
    expect(Number(known.headers.get('retry-after'))).toBeGreaterThan(60);
  });

  it('leads to no account but one that is selected', async () => {
    await signUp('alone@acme.example');
    const { body } = await signIn(gateway, 'alone@acme.example');
    expect(body.session_info).not.toHaveProperty('selected_account_id');
    const token = body.access_token as string;
    expect(await builds(token)).toMatchObject({ status: 403, body: { code: 'NO_ACCOUNT_SELECTED' } });
    const made = await Promise.all(
      ['one', 'two'].map((name) => call(gateway, 'POST', '/v1/accounts', { token, body: { name } })),
    );
    const [one, two] = made.map((answer) => answer.body.acct_id as string);
    for (const [path, id] of [
      ['/v1/sys/session/select_account', one],
      ['/v1/accounts/select_account', two],
    ]) {
      const selected = await call(gateway, 'POST', `${path}/${id}`, { token });
      expect(selected.body.session_info.selected_account_id).toBe(id);
      expect((await builds(token)).status).toBe(200);
    }
    const { body: viewer } = await gateway.send('{ viewer { account { name } accounts { name } roles } }', undefined, {
      authorization: `Bearer ${token}`,
    });
    expect(viewer.data.viewer.account).toEqual({ name: 'two' });
    expect(viewer.data.viewer.accounts).toHaveLength(2);
  });

  it('finds no account of others, whether or not there is one', async () => {
    await signUp('curious@acme.example');
    const { access_token: token } = (await signIn(gateway, 'curious@acme.example')).body;
    const { body } = await gateway.send('{ viewer { account { id } } }');
    for (const id of [body.data.viewer.account.id, crypto.randomUUID()]) {
      const selected = await call(gateway, 'POST', `/v1/sys/session/select_account/${id}`, { token });
      expect(selected).toMatchObject({ status: 404, body: { message: expect.stringContaining(id) } });
    }
  });

  it('ends when asked to, at once', async () => {
    const { token } = await newMember(gateway, 'leaving@acme.example');
    expect((await call(gateway, 'POST', '/v1/sys/session/refresh', { token })).status).toBe(200);
    const ended = await call(gateway, 'POST', '/v1/sys/session/terminate', { token });
    expect([ended.status, ended.headers.get('set-cookie')]).toEqual([204, expect.stringContaining('Max-Age=0')]);
    expect((await builds(token)).status).toBe(401);
  });

  it('is over where a manager closes the account to the user, or the user is removed', async () => {
    const { id, token } = await newMember(gateway, 'closed@acme.example', 'WRITER');
    expect((await builds(token)).status).toBe(200);
    const change = (user_account_status: string) =>
      call(gateway, 'PATCH', `/v1/users/${id}`, { token: gateway.token, body: { user_account_status } });
    await change('DISABLED');
    expect((await builds(token)).status).toBe(403);
    await change('ACTIVE');
    expect((await builds(token)).status).toBe(200);
    await call(gateway, 'DELETE', `/v1/users/${id}/accounts`, { token: gateway.token });
    expect((await builds(token)).status).toBe(403);
  });

  it('works with the token of a machine too, for clients that must sign in', async () => {
    const { status, body } = await signIn(gateway, 'anything', gateway.token);
    expect([status, body.access_token]).toEqual([200, gateway.token]);
    const account = body.session_info.selected_account_id;
    const token = gateway.token;
    for (const path of ['refresh', `select_account/${account}`]) {
      const answer = await call(gateway, 'POST', `/v1/sys/session/${path}`, { token });
      expect([answer.status, answer.body.session_info.selected_account_id]).toEqual([200, account]);
    }
    const other = await call(gateway, 'POST', `/v1/sys/session/select_account/${crypto.randomUUID()}`, { token });
    expect(other.status).toBe(404);
    expect((await signIn(gateway, 'anything', 'bc_made-up')).status).toBe(401);
  });

  it('refuses a code where no issuer is configured', async () => {
    const body = { oauth_auth_code: { idp_id: 'eA==', code: 'x' } };
    const refused = await call(gateway, 'POST', '/v1/sys/auth', { body });
    expect([refused.status, refused.body.code]).toEqual([501, 'FEATURE_NOT_SUPPORTED']);
  });

  it('keeps no password and no token that could be read', async () => {
    await newMember(gateway, 'hashed@acme.example');
    const { body } = await signIn(gateway, 'hashed@acme.example');
    const { body: log } = await gateway.send('{ catalogLog(first: 200) { nodes { after before } } }');
    expect(JSON.stringify(log)).toContain('hashed@acme.example');
    expect(JSON.stringify(log)).not.toMatch(/scrypt|passwordHash|correct horse/);
    expect(JSON.stringify(log)).not.toContain(body.access_token);
  });
});

// Sessions, accounts and users.
import { randomUUID } from 'node:crypto';
import { basic, PASSWORD } from './people.js';
import { signIn, signUp } from './ccm-story.js';
import type { CcmPart } from './ccm-story.js';

export const sessions: CcmPart = (story) => {
  it('tells its version and how to sign in, to anybody', async () => {
    const { nobody, accountId } = story();
    expect(await nobody.ask('GET', '/v1/sys/version')).toEqual({ version: expect.stringMatching(/^\d+\.\d+/) });
    const methods = { auth_methods: [{ password: {} }] };
    expect(await nobody.ask('POST', '/v1/sys/auth/discover', { user_email: 'a@b.example' })).toEqual(methods);
    expect(await nobody.ask('POST', `/v1/sys/auth/discover?acct_id=${accountId}`)).toEqual(methods);
  });

  it('signs somebody in who has no account yet, who makes and selects some', async () => {
    const { nobody } = story();
    const id = await signUp(nobody, 'newcomer@story.example');
    const newcomer = await signIn(nobody, 'newcomer@story.example');
    expect(await newcomer.ask('GET', '/v1/accounts')).toEqual({ items: [] });
    expect(await newcomer.refusal('GET', '/v1/builds')).toEqual([403, 'NO_ACCOUNT_SELECTED']);
    const [one, two] = [
      await newcomer.ask('POST', '/v1/accounts', { name: 'one of a newcomer' }),
      await newcomer.ask('POST', '/v1/accounts', { name: 'two of a newcomer', component: 'CONFIDENTIAL_AI' }),
    ];
    expect(two).toMatchObject({ roles: ['MANAGER'], component: 'CONFIDENTIAL_AI', account_status: 'Active' });
    for (const path of [
      `/v1/sys/session/select_account/${one.acct_id}`,
      `/v1/accounts/select_account/${two.acct_id}`,
    ]) {
      const { session_info } = await newcomer.ask('POST', path);
      expect(session_info).toMatchObject({ subject_id: id, selected_account_id: path.split('/').at(-1) });
      expect(await newcomer.ask('GET', '/v1/builds')).toMatchObject({ items: [] });
    }
    const { session_info } = await newcomer.ask('POST', '/v1/sys/session/refresh');
    expect(session_info.session_token_expires_at).toBeLessThanOrEqual(session_info.session_expires_at);
    expect(await newcomer.refusal('POST', `/v1/sys/session/select_account/${randomUUID()}`)).toEqual([
      404,
      'NOT_FOUND',
    ]);
  });

  it('refuses a wrong password and a code of an issuer that nobody configured', async () => {
    const { nobody, email } = story();
    const wrong = await nobody.post('/v1/sys/auth', undefined, basic(email, 'a wrong password'));
    expect([wrong.status, wrong.body.code]).toEqual([401, 'AUTH_FAILED']);
    const code = { oauth_auth_code: { idp_id: 'eA==', code: 'x' } };
    expect(await nobody.refusal('POST', '/v1/sys/auth', code)).toEqual([501, 'FEATURE_NOT_SUPPORTED']);
  });

  it('declares the answer to somebody who guesses passwords', async () => {
    const { nobody } = story();
    const guess = () => nobody.post('/v1/sys/auth', undefined, basic('guessed@story.example', 'a guess'));
    for (let count = 0; count < 10; count += 1) expect((await guess()).status).toBe(401);
    expect(await guess()).toMatchObject({ status: 429, headers: { 'retry-after': expect.stringMatching(/^\d+$/) } });
  });

  it('ends a session at once', async () => {
    const { nobody } = story();
    await signUp(nobody, 'leaving@story.example');
    const leaving = await signIn(nobody, 'leaving@story.example');
    expect((await leaving.post('/v1/sys/session/terminate')).status).toBe(204);
    expect((await leaving.get('/v1/user')).status).toBe(401);
  });
};

export const accounts: CcmPart = (story) => {
  it('lists accounts in pages and sorted, and shows what one has', async () => {
    const { nobody } = story();
    await signUp(nobody, 'landlord@story.example');
    const landlord = await signIn(nobody, 'landlord@story.example');
    const made: string[] = [];
    for (const name of ['a house', 'b house', 'c house']) {
      made.push((await landlord.ask('POST', '/v1/accounts', { name })).acct_id);
    }
    const list = async (query: string) =>
      (await landlord.ask('GET', `/v1/accounts?${query}`)).items.map(({ acct_id }: { acct_id: string }) => acct_id);
    expect(await list('sort_by=name:DESC&scope=USER')).toEqual([...made].reverse());
    expect(await list('sort_by=name:ASC&limit=1')).toEqual([made[0]]);
    expect(await list(`sort_by=name:ASC&limit=5000&previous_id=${made[0]}`)).toEqual(made.slice(1));
    expect(await landlord.refusal('GET', '/v1/accounts?sort_by=size:ASC')).toEqual([400, 'INVALID_QUERY_PARAMETER']);
    const shown = await landlord.ask('GET', `/v1/accounts/${made[0]}?with_totals=true`);
    expect(shown).toMatchObject({ name: 'a house', totals: { datasets: 0, final_workflows: 0, nodes: 0 } });
    expect(await landlord.ask('GET', `/v1/accounts/${made[0]}`)).not.toHaveProperty('totals');
    await landlord.ask('POST', `/v1/sys/session/select_account/${made[2]}`);
    expect((await landlord.delete(`/v1/accounts/${made[2]}`)).status).toBe(204);
    expect(await landlord.refusal('GET', `/v1/accounts/${made[2]}`)).toEqual([404, 'NOT_FOUND']);
  });

  it('changes an account and keeps what is left out', async () => {
    const { me, accountId } = story();
    const azure_cvm_pcr_priority = Array.from({ length: 23 }, (_, index) => 22 - index);
    const change = { name: 'the story goes on', custom_logo: 'bG9nbw==', azure_cvm_pcr_priority };
    expect(await me.ask('PATCH', `/v1/accounts/${accountId}`, change)).toMatchObject(change);
    const group = { default_group_id: randomUUID(), marketplace_group_id: randomUUID() };
    const changed = await me.ask('PATCH', `/v1/accounts/${accountId}`, group);
    expect(changed).toMatchObject({ ...change, ...group });
    expect(await me.ask('GET', `/v1/accounts/${accountId}`)).toEqual(changed);
    expect((await me.patch(`/v1/accounts/${randomUUID()}`, change)).status).toBe(404);
  });

  it('refuses registers of a TPM that are in the order twice', async () => {
    const { me, accountId } = story();
    const twice = { azure_cvm_pcr_priority: Array.from({ length: 23 }, (_, index) => Math.max(1, index)) };
    expect(await me.refusal('PATCH', `/v1/accounts/${accountId}`, twice)).toEqual([400, 'INVALID_BODY_PARAMETER']);
  });

  it('changes an account once one is selected', async () => {
    const { nobody } = story();
    await signUp(nobody, 'elsewhere@story.example');
    const elsewhere = await signIn(nobody, 'elsewhere@story.example');
    const { acct_id } = await elsewhere.ask('POST', '/v1/accounts', { name: 'not selected' });
    const path = `/v1/accounts/${acct_id}`;
    expect(await elsewhere.refusal('PATCH', path, { name: 'renamed' })).toEqual([403, 'NO_ACCOUNT_SELECTED']);
    await elsewhere.ask('POST', `/v1/sys/session/select_account/${acct_id}`);
    expect(await elsewhere.ask('PATCH', path, { name: 'renamed' })).toMatchObject({ name: 'renamed' });
    expect((await elsewhere.delete(path)).status).toBe(204);
  });
};

export const users: CcmPart = (story) => {
  it('invites somebody, who is listed, changes roles and goes', async () => {
    const { me, accountId, userId } = story();
    const guest = { user_email: 'guest@story.example', roles: ['WRITER'], first_name: 'Grace', last_name: 'Guest' };
    const invited = await me.post('/v1/users/invite', guest);
    expect(invited).toMatchObject({ status: 201, body: { user_email: 'guest@story.example', status: 'PENDING' } });
    const path = `/v1/users/${invited.body.user_id}`;
    // Again while nobody came: a new secret for the same user.
    const again = await me.post('/v1/users/invite', guest);
    expect([again.status, again.body.user_id]).toEqual([201, invited.body.user_id]);
    expect(again.body.invitation).not.toBe(invited.body.invitation);
    const { items } = await me.ask('GET', '/v1/users?all_search=GRACE&sort_by=user_email:ASC,created_at:DESC&limit=5');
    expect(items).toMatchObject([{ first_name: 'Grace', roles: ['WRITER'], user_account_status: 'ACTIVE' }]);
    const { metadata } = await me.ask('GET', '/v1/users?limit=1&offset=1');
    expect(metadata).toEqual({ page: 2, pages: 2, limit: 1, total_count: 2, filtered_count: 2 });
    expect(await me.ask('PATCH', path, { roles: ['READER'] })).toMatchObject({ roles: ['READER'] });
    expect(await me.ask('GET', path)).toMatchObject({ first_name: 'Grace', roles: ['READER'] });
    const closed = await me.ask('PATCH', path, { user_account_status: 'DISABLED' });
    expect(closed).toMatchObject({ user_account_status: 'DISABLED' });
    expect(Object.keys(await me.ask('GET', `/v1/users/${userId}/accounts`))).toContain(accountId);
    expect((await me.delete(`${path}/accounts`)).status).toBe(204);
    expect(await me.refusal('GET', path)).toEqual([404, 'NOT_FOUND']);
  });

  it('tells a manager what somebody else is in the account', async () => {
    const { me, accountId } = story();
    const { user_id } = await me.ask('POST', '/v1/users', {
      user_email: 'made@story.example',
      user_password: PASSWORD,
    });
    const told = await me.ask('GET', `/v1/users/${user_id}/accounts`);
    expect(told).toEqual({ [accountId]: { roles: ['READER'], status: 'ACTIVE' } });
  });

  it('lets people change themselves and leave for good', async () => {
    const { nobody } = story();
    const id = await signUp(nobody, 'ada@story.example');
    const ada = await signIn(nobody, 'ada@story.example');
    expect(await ada.ask('GET', '/v1/user')).toMatchObject({ user_id: id, user_email: 'ada@story.example' });
    const names = { first_name: 'Ada', last_name: 'Lovelace' };
    expect(await ada.ask('PATCH', `/v1/users/${id}`, names)).toMatchObject(names);
    expect((await ada.delete(`/v1/users/${id}`)).status).toBe(204);
    expect((await ada.get('/v1/user')).status).toBe(401);
    const again = { user_email: 'ADA@story.example', user_password: PASSWORD };
    expect((await nobody.post('/v1/users', again)).status).toBe(201);
    expect(await nobody.refusal('POST', '/v1/users', again)).toEqual([400, 'USER_ALREADY_EXISTS']);
  });
};

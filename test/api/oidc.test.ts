import { createHmac, createPublicKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateKeyPair } from 'jose';
import { onEachDatabaseAtScale } from '../support/databases.js';
import { temporaryFolder } from '../support/folders.js';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { AUDIENCE, CLIENT_ID, startIssuer } from '../support/issuer.js';
import type { Issuer } from '../support/issuer.js';
import { call, newMember } from '../support/people.js';

const RULES = [
  { claim: 'groups', value: 'managers', account: 'default', role: 'MANAGER' },
  { claim: 'realm.roles', value: 'reader', account: 'default', role: 'READER' },
  { claim: 'groups', value: 'lost', account: '00000000-0000-7000-8000-000000000000', role: 'MANAGER' },
];

onEachDatabaseAtScale('tokens of an OIDC issuer', (kind) => {
  let issuer: Issuer;
  let gateway: TestGateway;
  beforeAll(async () => {
    issuer = await startIssuer();
    gateway = await startTestGateway({
      DATABASE_URL: await kind.create(),
      UPSTREAM_ALLOW: issuer.host,
      OIDC_ISSUER: issuer.url,
      OIDC_AUDIENCE: AUDIENCE,
      OIDC_KEYS: `${issuer.url}/keys`,
      OIDC_RULES: JSON.stringify(RULES),
      OIDC_CLIENT_ID: CLIENT_ID,
      OIDC_CLIENT_SECRET: 'hush',
      OIDC_AUTHORIZATION_URL: `${issuer.url}/authorize`,
      OIDC_TOKEN_URL: `${issuer.url}/token`,
      OIDC_REDIRECT_URL: 'https://console.example/callback',
    });
  });
  afterAll(async () => {
    await gateway.close();
    await issuer.close();
  });

  const viewer = async (token: string) => {
    const query = '{ viewer { roles account { name } user { id email } } }';
    return (await gateway.send(query, undefined, { authorization: `Bearer ${token}` })).body;
  };
  const statusOf = async (token: string) => (await call(gateway, 'GET', '/v1/builds', { token })).status;

  it('stand for a user with the rights of its claims', async () => {
    const claims = { sub: 'ada', email: 'Ada@acme.example', email_verified: true, groups: ['x', 'managers'] };
    const { data } = await viewer(await issuer.sign(claims));
    expect(data.viewer).toMatchObject({
      roles: ['MANAGER'],
      account: { name: 'default' },
      user: { email: 'ada@acme.example' },
    });
    const again = await viewer(await issuer.sign({ ...claims, groups: [], realm: { roles: ['reader'] } }));
    expect(again.data.viewer).toMatchObject({ roles: ['READER'], user: { id: data.viewer.user.id } });
    const nothing = await issuer.sign({ sub: 'ada', groups: ['lost'] });
    expect(await call(gateway, 'GET', '/v1/builds', { token: nothing })).toMatchObject({
      status: 403,
      body: { code: 'NO_ACCOUNT_SELECTED' },
    });
    const { body } = await gateway.send('{ catalogLog(first: 50) { nodes { kind entityType actor { type name } } } }');
    const system = { entityType: 'User', actor: { type: 'SYSTEM', name: 'OIDC' } };
    const kinds = body.data.catalogLog.nodes.filter((line: object) => JSON.stringify(line).includes('OIDC'));
    expect(kinds).toEqual(['DELETED', 'UPDATED', 'CREATED'].map((changed) => ({ kind: changed, ...system })));
  });

  it('do not take over the address of somebody here, and none that the issuer did not verify', async () => {
    await newMember(gateway, 'bob@acme.example');
    const rights = { realm: { roles: ['reader'] } };
    for (const [sub, email_verified] of [
      ['mallory', true],
      ['trudy', false],
    ] as const) {
      const token = await issuer.sign({ sub, email: 'bob@acme.example', email_verified, ...rights });
      expect((await viewer(token)).data.viewer.user.email).toBe(`${sub}@${issuer.host}`);
    }
  });

  it('are one user, though many come at the same time', async () => {
    const tokens = await Promise.all(
      Array.from({ length: 10 }, (_, index) => issuer.sign({ sub: 'many', realm: { roles: ['reader'] }, index })),
    );
    const answers = await Promise.all(tokens.map(viewer));
    expect(new Set(answers.map(({ data }) => data.viewer.user.id)).size).toBe(1);
  });

  it('have the rights of their own claims, which an older one does not bring back', async () => {
    const strong = await issuer.sign({ sub: 'demoted', groups: ['managers'] }, { issuedAgo: 60 });
    const weak = await issuer.sign({ sub: 'demoted', realm: { roles: ['reader'] } });
    expect((await viewer(weak)).data.viewer.roles).toEqual(['READER']);
    expect((await viewer(strong)).data.viewer.roles).toEqual(['MANAGER']);
    expect((await viewer(weak)).data.viewer.roles).toEqual(['READER']);
    const { body } = await call(gateway, 'GET', '/v1/users?all_search=demoted', { token: gateway.token });
    expect(body.items[0].roles).toEqual(['READER']);
  });

  it('leave alone what managers gave, and never follow the name of an account', async () => {
    const claims = { sub: 'maker', groups: ['managers'] };
    const token = await issuer.sign(claims);
    const { body: made } = await call(gateway, 'POST', '/v1/accounts', { token, body: { name: 'default' } });
    const again = await issuer.sign({ ...claims, realm: { roles: ['reader'] } });
    const { body } = await gateway.send('{ viewer { account { id } accounts { id } roles } }', undefined, {
      authorization: `Bearer ${again}`,
    });
    expect(body.data.viewer.roles).toEqual(['MANAGER']);
    expect(body.data.viewer.account.id).not.toBe(made.acct_id);
    expect(body.data.viewer.accounts.map(({ id }: { id: string }) => id)).toContain(made.acct_id);
  });

  it('tell people apart whose names differ in their case', async () => {
    const rights = { realm: { roles: ['reader'] } };
    const [one, two] = await Promise.all(['ABC', 'abc'].map((sub) => issuer.sign({ sub, ...rights })));
    const [a, b] = [await viewer(one!), await viewer(two!)];
    expect(a.data.viewer.user.id).not.toBe(b.data.viewer.user.id);
  });

  it('are refused of another audience, issuer or key, and after their end', async () => {
    const claims = { sub: 'eve', groups: ['managers'] };
    const { privateKey: key } = await generateKeyPair('ES256');
    const wrong = [{ audience: 'other' }, { issuer: 'https://evil.example' }, { key }, { seconds: -60 }];
    for (const options of wrong) expect(await statusOf(await issuer.sign(claims, options))).toBe(401);
  });

  it('are refused without a signature, and with one made of the public key', async () => {
    const good = await issuer.sign({ sub: 'eve', groups: ['managers'] });
    const [, payload] = good.split('.');
    const head = (alg: string) => Buffer.from(JSON.stringify({ alg, kid: 'one' })).toString('base64url');
    expect(await statusOf(`${head('none')}.${payload}.x`)).toBe(401);
    const { keys } = (await (await fetch(`${issuer.url}/keys`)).json()) as { keys: object[] };
    const pem = createPublicKey({ key: keys[0] as never, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    const text = `${head('HS256')}.${payload}`;
    expect(await statusOf(`${text}.${createHmac('sha256', pem).update(text).digest('base64url')}`)).toBe(401);
    expect(await statusOf(good)).toBe(200);
  });

  it('are verified once, with keys that are fetched once', async () => {
    const before = issuer.keyRequests();
    const token = await issuer.sign({ sub: 'often', realm: { roles: ['reader'] } });
    for (let asked = 0; asked < 5; asked += 1) expect(await statusOf(token)).toBe(200);
    expect(issuer.keyRequests() - before).toBe(0);
  });

  it('come by a code too, which makes a session', async () => {
    const discovered = await call(gateway, 'POST', '/v1/sys/auth/discover', { body: {} });
    const grant = discovered.body.auth_methods[1].oauth_code_grant;
    expect(grant).toMatchObject({ client_id: CLIENT_ID, authorization_url: `${issuer.url}/authorize` });
    const code = issuer.code({ sub: 'coder', realm: { roles: ['reader'] } });
    const signIn = (idp_id: string, given: string) =>
      call(gateway, 'POST', '/v1/sys/auth', { body: { oauth_auth_code: { idp_id, code: given } } });
    const { status, body } = await signIn(grant.idp_id, code);
    expect([status, body.session_info.selected_account_id]).toEqual([200, expect.any(String)]);
    expect(await statusOf(body.access_token)).toBe(200);
    expect((await signIn(grant.idp_id, 'made up')).status).toBe(401);
    expect((await signIn('b3RoZXI=', code)).status).toBe(400);
  });

  it('tell an issuer that is away from a token that is wrong', async () => {
    issuer.isBroken = true;
    const body = { oauth_auth_code: { idp_id: Buffer.from(issuer.url).toString('base64'), code: 'x' } };
    const refused = await call(gateway, 'POST', '/v1/sys/auth', { body });
    issuer.isBroken = false;
    expect([refused.status, refused.body.code]).toEqual([502, 'BAD_GATEWAY']);
  });
});

it('takes a public key from a file, and says which variable is wrong', async () => {
  const issuer = await startIssuer();
  const { keys } = (await (await fetch(`${issuer.url}/keys`)).json()) as { keys: object[] };
  const file = join(temporaryFolder(), 'issuer.pem');
  const key = createPublicKey({ key: keys[0] as never, format: 'jwk' });
  writeFileSync(file, key.export({ type: 'spki', format: 'pem' }));
  const environment = { OIDC_ISSUER: issuer.url, OIDC_AUDIENCE: AUDIENCE, OIDC_RULES: JSON.stringify(RULES) };
  const gateway = await startTestGateway({ ...environment, OIDC_KEYS: file });
  const token = await issuer.sign({ sub: 'ada', groups: ['managers'] });
  expect((await call(gateway, 'GET', '/v1/builds', { token })).status).toBe(200);
  await gateway.close();
  await issuer.close();
  for (const [name, value] of [
    ['OIDC_ISSUER', 'not a url'],
    ['OIDC_AUDIENCE', ''],
    ['OIDC_KEYS', '/no/such/file'],
    ['OIDC_RULES', '[{"account": "default", "role": "OWNER"}]'],
    ['OIDC_RULES', '[{"account": "a name", "role": "READER"}]'],
    ['OIDC_RULES', '{'],
  ] as const) {
    const wrong = { ...environment, OIDC_KEYS: file, [name]: value };
    await expect(startTestGateway(wrong)).rejects.toThrow(name);
  }
});

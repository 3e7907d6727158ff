import { AccessToken } from '../../src/auth/access-token.entity.js';
import { AccessTokenService } from '../../src/auth/access-token.service.js';
import { Role } from '../../src/auth/principal.js';
import { RightsChanges } from '../../src/auth/rights-changes.js';
import { Tokens } from '../../src/auth/tokens.js';
import { InProcessWaker } from '../../src/events/waker.js';
import { openTestDatabase } from '../db/test-database.js';
import { onEachDatabase } from '../support/databases.js';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { call, newMember } from '../support/people.js';

const CREATE = `mutation ($input: CreateAccessTokenInput!) {
  createAccessToken(input: $input) { secret accessToken { id name roles expiresAt lastUsedAt } userErrors { code field } }
}`;
const REVOKE = `mutation ($id: ID!) {
  revokeAccessToken(input: { accessTokenId: $id }) { revokedAccessTokenId userErrors { code } }
}`;
const LIST = '{ viewer { accessTokens { id name roles lastUsedAt } } }';

onEachDatabase('tokens for machines', (kind) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ DATABASE_URL: await kind.create() });
  });
  afterAll(() => gateway.close());

  const create = async (input: object, token = gateway.token) => {
    const { body } = await gateway.send(CREATE, { input }, { authorization: `Bearer ${token}` });
    return body;
  };
  const list = async (token = gateway.token) => {
    const { body } = await gateway.send(LIST, undefined, { authorization: `Bearer ${token}` });
    return body.data.viewer.accessTokens;
  };

  it('are shown once, and listed without their text', async () => {
    const { data } = await create({ name: 'ci', roles: ['READER', 'WRITER'] });
    const { secret, accessToken } = data.createAccessToken;
    expect(secret).toMatch(/^bc_[\w-]{43}$/);
    expect(accessToken).toMatchObject({ name: 'ci', roles: ['WRITER'], expiresAt: null, lastUsedAt: null });
    expect(JSON.stringify(await list())).not.toContain(secret);
    expect((await list()).map(({ name }: { name: string }) => name)).toEqual(['ci', 'administrator']);
  });

  it('tell when they were last used', async () => {
    const { secret, accessToken } = (await create({ name: 'used', roles: ['READER'] })).data.createAccessToken;
    await call(gateway, 'GET', '/v1/builds', { token: secret });
    const find = async () => (await list()).find(({ id }: { id: string }) => id === accessToken.id);
    // Written behind the request's back: asked until it is there.
    let found = await find();
    for (let asked = 0; found.lastUsedAt === null && asked < 100; asked += 1) found = await find();
    expect(Date.now() - Date.parse(found.lastUsedAt)).toBeLessThan(60_000);
  });

  it('are void at once when revoked', async () => {
    const { secret, accessToken } = (await create({ name: 'old', roles: ['READER'] })).data.createAccessToken;
    const ask = () => call(gateway, 'GET', '/v1/builds', { token: secret });
    expect((await ask()).status).toBe(200);
    const { body } = await gateway.send(REVOKE, { id: accessToken.id });
    expect(body.data.revokeAccessToken).toEqual({ revokedAccessTokenId: accessToken.id, userErrors: [] });
    expect((await ask()).status).toBe(401);
    const again = await gateway.send(REVOKE, { id: accessToken.id });
    expect(again.body.data.revokeAccessToken.userErrors).toEqual([{ code: 'NOT_FOUND' }]);
  });

  it.each([
    [{ name: ' ', roles: ['READER'] }, 'name'],
    [{ name: 'x'.repeat(256), roles: ['READER'] }, 'name'],
    [{ name: 'administrator', roles: ['MANAGER'] }, 'name'],
    [{ name: 'none', roles: [] }, 'roles'],
    [{ name: 'over', roles: ['READER'], expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
  ])('are not made of %j', async (input, field) => {
    const { data } = await create(input);
    expect(data.createAccessToken).toEqual({
      secret: null,
      accessToken: null,
      userErrors: [{ code: 'BAD_USER_INPUT', field: [field] }],
    });
  });

  it("leave the administrator's to its file", async () => {
    const administrator = (await list()).find(({ name }: { name: string }) => name === 'administrator');
    const { body } = await gateway.send(REVOKE, { id: administrator.id });
    expect(body.data.revokeAccessToken.userErrors).toEqual([{ code: 'CONFLICT' }]);
    expect((await call(gateway, 'GET', '/v1/builds', { token: gateway.token })).status).toBe(200);
  });

  it('are for managers to make and to see', async () => {
    const { token } = await newMember(gateway, 'writer@acme.example', 'WRITER');
    expect((await create({ name: 'mine', roles: ['READER'] }, token)).errors[0].extensions.code).toBe('FORBIDDEN');
    expect(await list(token)).toEqual([]);
  });
});

onEachDatabase('a token with an end', (kind) => {
  it('is void from then on, and acts in the name of who made it', async () => {
    const database = await openTestDatabase(kind);
    const principal = { ...(await database.createPrincipal()), role: Role.MANAGER };
    const service = new AccessTokenService(database.reader, new RightsChanges(new InProcessWaker()));
    const tokens = new Tokens(database.reader, database.inTransaction);
    const input = { name: 'short', roles: [Role.READER], expiresAt: new Date(Date.now() + 60_000) };
    const { secret, accessToken } = await database.inTransaction((tx) => service.create(tx, principal, input));
    expect(await tokens.authenticate(secret)).toMatchObject({ role: 'READER', ownerId: principal.tokenId });
    const over = { expiresAt: new Date(Date.now() - 1) };
    await database.inTransaction((tx) => tx.manager.update(AccessToken, { id: accessToken.id }, over));
    await expect(tokens.authenticate(secret)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await database.close();
  });
});

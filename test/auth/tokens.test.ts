import { AccessToken } from '../../src/auth/access-token.entity.js';
import { Role } from '../../src/auth/principal.js';
import { tokenFrom } from '../../src/auth/request-token.js';
import { hashToken, Tokens } from '../../src/auth/tokens.js';
import { newId } from '../../src/lib/ids.js';
import { openTestDatabase } from '../db/test-database.js';
import type { TestDatabase } from '../db/test-database.js';
import { onEachDatabase } from '../support/databases.js';

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('the token of a request', () => {
  it.each([
    [{ authorization: 'Bearer abc' }, 'abc'],
    [{ authorization: 'bearer abc' }, 'abc'],
    [{ authorization: 'BEARER   a.b-c_d~e+f/g=  ' }, 'a.b-c_d~e+f/g='],
    [{ authentication: 'abc' }, 'abc'],
    [{ authentication: 'Bearer abc' }, 'abc'],
    [{ authentication: ' bearer  abc ' }, 'abc'],
    [{ authentication: ['first', 'second'] }, 'first'],
    [{ authorization: 'Bearer one', authentication: 'two' }, 'one'],
    [{ authorization: 'Digest one', authentication: 'two' }, 'two'],
    [{}, undefined],
    [{ authorization: '' }, undefined],
    [{ authorization: 'Bearer' }, undefined],
    [{ authorization: 'Bearer ' }, undefined],
    [{ authorization: 'Bearer a b' }, undefined],
    [{ authorization: 'abc' }, 'abc'],
    [{ authorization: 'a b' }, undefined],
    [{ authentication: '  ' }, undefined],
    [{ authentication: [] as string[] }, undefined],
    [{ authorization: basic('user:abc') }, undefined],
  ])('in %j is %j', (headers, token) => expect(tokenFrom(headers)).toBe(token));

  it.each([
    [basic('user:abc'), 'abc'],
    [basic('user:a:b:ä'), 'a:b:ä'],
    [basic(':abc'), 'abc'],
    [basic('user:'), ''],
    [basic('user'), ''],
    ['Basic %%%', undefined],
    ['Bearer abc', 'abc'],
  ])('is the password of %j where Basic is accepted: %j', (authorization, token) =>
    expect(tokenFrom({ authorization }, true)).toBe(token),
  );
});

onEachDatabase('a token', (kind) => {
  let database: TestDatabase;
  let tokens: Tokens;
  beforeAll(async () => {
    database = await openTestDatabase(kind);
    tokens = new Tokens(database.reader, database.inTransaction);
  });
  afterAll(() => database.close());

  const register = async (token: string, role: Role) => {
    const { accountId } = await database.createPrincipal();
    const row = { accountId, id: newId(), name: 'ci', hash: hashToken(token), role, userId: null };
    await database.inTransaction((tx) => tx.manager.insert(AccessToken, { ...row, createdAt: new Date() }));
    return row;
  };

  it('stands for its role in its account', async () => {
    const { accountId, id } = await register('of a reader', Role.READER);
    expect(await tokens.authenticate('of a reader')).toEqual({
      ...{ accountId, userId: null, tokenId: id, name: 'ci', role: 'READER' },
    });
  });

  it('is kept as a hash alone', async () => {
    const { hash } = await register('never in the database', Role.WRITER);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    const rows = await database.reader.query<unknown[]>('SELECT * FROM access_token');
    expect(JSON.stringify(rows)).not.toContain('never in the database');
  });

  it.each(['', 'nobody', 'OF A READER', 'of a reader ', 'x'.repeat(1_000_000), "' OR 1=1 --", '\0'])(
    'that is not known stands for nobody',
    async (token) => {
      const refusal = { code: 'UNAUTHENTICATED', message: 'The token is not known here, or is at its end.' };
      await expect(tokens.authenticate(token)).rejects.toMatchObject(refusal);
    },
  );

  it('is not known by its hash', async () => {
    const { hash } = await register('hashed', Role.MANAGER);
    await expect(tokens.authenticate(hash)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

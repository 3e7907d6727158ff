import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AccessToken } from '../../src/auth/access-token.entity.js';
import { Account } from '../../src/auth/account.entity.js';
import { ensureAdministrator, readAdministratorToken } from '../../src/auth/administrator.js';
import { Tokens } from '../../src/auth/tokens.js';
import { openTestDatabase } from '../db/test-database.js';
import type { TestDatabase } from '../db/test-database.js';
import { onEachDatabase } from '../support/databases.js';
import { temporaryFolder } from '../support/folders.js';

onEachDatabase("the administrator's token", (kind) => {
  let database: TestDatabase;
  let file: string;
  beforeEach(async () => {
    database = await openTestDatabase(kind);
    file = join(temporaryFolder(), 'admin.token');
  });
  afterEach(() => database.close());

  /** What every start of the gateway does. */
  const start = async () => {
    const token = readAdministratorToken(file);
    await database.inTransaction((tx) => ensureAdministrator(tx, token));
    return token;
  };
  const authenticate = (token: string) => new Tokens(database.reader, database.inTransaction).authenticate(token);

  it('is made once, with the account that it manages', async () => {
    const token = await start();
    expect(token).toMatch(/^bc_[\w-]{43}$/);
    expect(readFileSync(file, 'utf8').trim()).toBe(token);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const [account] = await database.reader.find(Account);
    expect(account).toMatchObject({
      hubId: expect.stringMatching(/^[0-9a-f]{24}$/),
      awsAccountId: expect.stringMatching(/^\d{12}$/),
    });
    const administrator = { accountId: account!.id, name: 'administrator', role: 'MANAGER' };
    expect(await authenticate(token)).toMatchObject(administrator);
    expect(await start()).toBe(token);
    expect(await authenticate(token)).toMatchObject(administrator);
    expect([await database.reader.count(Account), await database.reader.count(AccessToken)]).toEqual([1, 1]);
  });

  it('is what the file says: another content, and the old token is void', async () => {
    const old = await start();
    const { tokenId } = await authenticate(old);
    const chosen = 'chosen by the operator, long enough';
    writeFileSync(file, `${chosen}\n`);
    expect(await start()).toBe(chosen);
    await expect(authenticate(old)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await authenticate(chosen)).toMatchObject({ tokenId, role: 'MANAGER' });
    rmSync(file);
    const made = await start();
    await expect(authenticate(chosen)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await authenticate(made)).toMatchObject({ tokenId });
  });

  it('manages the oldest account where there are some', async () => {
    const { accountId } = await database.createPrincipal();
    await database.inTransaction((tx) => tx.manager.update(Account, { id: accountId }, { createdAt: new Date(0) }));
    await database.createPrincipal();
    expect(await authenticate(await start())).toMatchObject({ accountId });
    expect(await database.reader.count(Account)).toBe(2);
  });
});

describe("the administrator's token", () => {
  it.each(['', 'short', 'x'.repeat(31)])('must be hard to guess: the file may not hold %j', (content) => {
    const file = join(temporaryFolder(), 'admin.token');
    writeFileSync(file, content);
    expect(() => readAdministratorToken(file)).toThrow(/admin\.token holds less than 32 characters/);
  });
});

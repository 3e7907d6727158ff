import { randomBytes } from 'node:crypto';
import { Role } from '../../src/auth/principal.js';
import type { Principal } from '../../src/auth/principal.js';
import { RightsChanges } from '../../src/auth/rights-changes.js';
import { AccessKey } from '../../src/credentials/access-key.entity.js';
import { AccessKeyQuery } from '../../src/credentials/access-key.query.js';
import { AccessKeyService } from '../../src/credentials/access-key.service.js';
import { InProcessWaker } from '../../src/events/waker.js';
import { Seal } from '../../src/lib/seal.js';
import { openTestDatabase } from '../db/test-database.js';
import type { TestDatabase } from '../db/test-database.js';
import { onEachDatabase } from '../support/databases.js';

onEachDatabase('an access key', (kind) => {
  const [former, present] = [randomBytes(32), randomBytes(32)];
  let database: TestDatabase;
  let principal: Principal;
  const serviceWith = (seal: Seal) => new AccessKeyService(seal, new RightsChanges(new InProcessWaker()));
  const find = (id: string, seal = new Seal(former)) =>
    new AccessKeyQuery(database.reader, seal, database.inTransaction).find(id);
  const create = (input: object = {}) =>
    database.inTransaction((tx) =>
      serviceWith(new Seal(former)).create(tx, principal, { name: 'ci', roles: [Role.READER], ...input }),
    );
  beforeAll(async () => {
    database = await openTestDatabase(kind);
    principal = { ...(await database.createPrincipal()), role: Role.MANAGER };
  });
  afterAll(() => database.close());

  it('is known by its id, acts in the name of who made it, and is kept sealed', async () => {
    const { accessKey, secret } = await create();
    expect(await find(accessKey.accessKeyId)).toMatchObject({
      ...{ secret, principal: { accountId: principal.accountId, role: 'READER', name: 'ci', userId: null } },
    });
    expect((await find(accessKey.accessKeyId))!.principal.ownerId).toBe(principal.tokenId);
    const rows: object[] = await database.reader.find(AccessKey);
    expect(JSON.stringify(rows)).not.toContain(secret);
    expect(await find(accessKey.accessKeyId.toLowerCase())).toBeUndefined();
  });

  it('is void from its end on', async () => {
    const { accessKey } = await create({ expiresAt: new Date(Date.now() + 60_000) });
    const { id, accessKeyId } = accessKey;
    expect(await find(accessKeyId)).toBeDefined();
    const over = { expiresAt: new Date(Date.now() - 1) };
    await database.inTransaction((tx) => tx.manager.update(AccessKey, { id }, over));
    expect(await find(accessKeyId)).toBeUndefined();
    await expect(create(over)).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: ['expiresAt'] });
  });

  it('is bound to its row', async () => {
    const [one, other] = [(await create()).accessKey, (await create()).accessKey];
    const { sealedSecret } = other;
    await database.inTransaction((tx) => tx.manager.update(AccessKey, { id: one.id }, { sealedSecret }));
    expect(await find(one.accessKeyId)).toBeUndefined();
    await database.inTransaction((tx) => tx.manager.delete(AccessKey, { id: one.id }));
  });

  it('is sealed anew after the key of secrets was changed', async () => {
    const { accessKey, secret } = await create();
    const both = new Seal(present, former);
    expect(await find(accessKey.accessKeyId, new Seal(present))).toBeUndefined();
    const counts = await database.inTransaction((tx) => serviceWith(both).sealAnew(tx));
    expect(counts).toEqual({ sealed: expect.any(Number), unreadable: 0 });
    expect(await find(accessKey.accessKeyId, new Seal(present))).toMatchObject({ secret });
    const lost = await database.inTransaction((tx) => serviceWith(new Seal(former)).sealAnew(tx));
    expect(lost).toEqual({ sealed: 0, unreadable: counts.sealed });
  });
});

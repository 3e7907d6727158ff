import { randomBytes } from 'node:crypto';
import type { Principal } from '../../src/auth/principal.js';
import { RegistryCredential } from '../../src/credentials/registry-credential.entity.js';
import type { CreateRegistryCredentialInput } from '../../src/credentials/registry-credential.input.js';
import { RegistryCredentialService } from '../../src/credentials/registry-credential.service.js';
import { CatalogLogLine } from '../../src/events/catalog-log.entity.js';
import { Seal } from '../../src/lib/seal.js';
import { parseReference } from '../../src/oci/reference.js';
import { openTestDatabase } from '../db/test-database.js';
import type { TestDatabase } from '../db/test-database.js';
import { onEachDatabase } from '../support/databases.js';

const PASSWORD = 'correct horse battery staple';
const [KEY, OTHER_KEY] = [randomBytes(32), randomBytes(32)] as const;

onEachDatabase('stored registry logins', (kind) => {
  let database: TestDatabase;
  let principal: Principal;
  const service = (...keys: [Buffer, ...Buffer[]]) =>
    new RegistryCredentialService(database.reader, new Seal(...keys), parseReference);

  beforeAll(async () => {
    database = await openTestDatabase(kind);
  });
  beforeEach(async () => {
    principal = await database.createPrincipal();
  });
  afterAll(() => database.close());

  const create = (url: string, more: Partial<CreateRegistryCredentialInput> = {}, who = principal) =>
    database.inTransaction((tx) =>
      service(KEY).create(tx, who, { url, username: 'tester', password: PASSWORD, ...more }),
    );
  const scopeFor = async (name: string) => (await service(KEY).forImage(principal.accountId, name))?.scope;
  const log = () => database.reader.find(CatalogLogLine, { where: { accountId: principal.accountId } });

  it('are found by the longest scope that covers an image, in whole parts of its name', async () => {
    for (const url of ['quay.io', 'quay.io/acme', 'quay.io/acme/team', 'localhost:5000', 'docker.io/library'])
      await create(url);
    const expected = {
      'quay.io/other/hello:1': 'quay.io',
      'quay.io/acme/hello': 'quay.io/acme',
      'quay.io/acmeco/hello': 'quay.io',
      'QUAY.io/acme/team/hello:2': 'quay.io/acme/team',
      'quay.io/acme/teams': 'quay.io/acme',
      'quay.io/acme/team': 'quay.io/acme/team',
      'localhost:5000/acme/hello': 'localhost:5000',
      'localhost:5001/acme/hello': undefined,
      'localhost/acme/hello': undefined,
      'quay.io.evil.example/acme/hello': undefined,
      'evil.quay.io/acme/hello': undefined,
      nginx: 'docker.io/library',
      'index.docker.io/nginx:1': 'docker.io/library',
      'acme/hello': undefined,
    };
    const found = Object.keys(expected).map(async (name) => [name, await scopeFor(name)]);
    expect(Object.fromEntries(await Promise.all(found))).toEqual(expected);
  });

  it('belong to one account', async () => {
    const stranger = await database.createPrincipal();
    const row = await create('quay.io', {}, stranger);
    expect(await scopeFor('quay.io/acme/hello')).toBeUndefined();
    expect(await service(KEY).byIds(principal.accountId, [row.id])).toEqual([]);
    const change = database.inTransaction((tx) => service(KEY).update(tx, principal, row.id, { username: 'me' }));
    await expect(change).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const removal = database.inTransaction((tx) => service(KEY).delete(tx, principal, row.id));
    await expect(removal).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await create('quay.io');
    expect(await service(KEY).listAll(stranger.accountId)).toHaveLength(1);
  });

  it('are one per scope, also where several ask at the same moment', async () => {
    const urls = ['docker.io', 'https://index.docker.io/v1/', 'hub.docker.com', 'docker.io'];
    const answers = await Promise.allSettled(urls.map((url) => create(url)));
    const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as object] : []));
    expect(refused).toHaveLength(3);
    for (const reason of refused) expect(reason).toMatchObject({ code: 'CONFLICT', field: ['url'] });
    expect(await service(KEY).listAll(principal.accountId)).toMatchObject([{ scope: 'docker.io' }]);
  });

  it('change but for their scope, and what is left out stays', async () => {
    const { id } = await create('quay.io', { description: 'of the team' });
    const update = (input: object, key = id) =>
      database.inTransaction((tx) => service(KEY).update(tx, principal, key, input));
    await update({ username: 'another' }, id.toUpperCase());
    expect(await service(KEY).get(principal.accountId, id.toUpperCase())).toMatchObject({
      ...{ url: 'quay.io', scope: 'quay.io', username: 'another', description: 'of the team' },
    });
    await update({ password: 'a new one', description: null });
    const row = await service(KEY).get(principal.accountId, id);
    expect([service(KEY).passwordOf(row), row.username, row.description]).toEqual(['a new one', 'another', null]);
    await update({ password: '' });
    expect(service(KEY).passwordOf(await service(KEY).get(principal.accountId, id))).toBe('');
  });

  it.each([
    ['username', { username: '' }],
    ['username', { username: 'a:b' }],
    ['username', { username: 'x'.repeat(256) }],
    ['password', { password: 'x'.repeat(16_385) }],
    ['description', { description: 'x'.repeat(4_097) }],
  ])('have a bounded %s', async (field, input) => {
    const refusal = { code: 'BAD_USER_INPUT', field: [field] };
    await expect(create('quay.io', input)).rejects.toMatchObject(refusal);
    const { id } = await create('quay.io');
    const change = database.inTransaction((tx) => service(KEY).update(tx, principal, id, input));
    await expect(change).rejects.toMatchObject(refusal);
  });

  it('tell the log who did what to them, but no password, sealed or not', async () => {
    const { id } = await create('quay.io');
    await database.inTransaction((tx) => service(KEY).update(tx, principal, id, { password: 'hunter2' }));
    await database.inTransaction((tx) => service(KEY).update(tx, principal, id, { username: 'another' }));
    await database.inTransaction((tx) => service(KEY).delete(tx, principal, id));
    const lines = await log();
    const actor = { type: 'TOKEN', id: principal.tokenId, name: 'test' };
    const known = { entityType: 'RegistryCredential', entityId: id, actor };
    expect(lines).toMatchObject([
      { ...known, kind: 'CREATED', before: null, after: { scope: 'quay.io', username: 'tester' } },
      { ...known, kind: 'UPDATED', before: { username: 'tester' }, after: { hasNewPassword: true } },
      { ...known, kind: 'UPDATED', before: { username: 'tester' }, after: { username: 'another' } },
      { ...known, kind: 'DELETED', before: { username: 'another' }, after: null },
    ]);
    expect(lines[2]!.after).not.toHaveProperty('hasNewPassword');
    expect(JSON.stringify(lines)).not.toMatch(/sealedPassword|hunter2|correct horse/);
  });

  it('keep a password where it belongs: moved to another row it can not be read', async () => {
    const [{ id: from }, { id: to }] = [await create('quay.io'), await create('ghcr.io')];
    const { sealedPassword } = await database.reader.findOneByOrFail(RegistryCredential, { id: from });
    await database.inTransaction((tx) => tx.manager.update(RegistryCredential, { id: to }, { sealedPassword }));
    const moved = await service(KEY).get(principal.accountId, to);
    expect(() => service(KEY).passwordOf(moved)).toThrow(/ghcr\.io can not be read/);
  });

  it('are sealed anew with another key, and say what to do where no key fits', async () => {
    const { id } = await create('quay.io');
    const read = async (...keys: [Buffer, ...Buffer[]]) =>
      service(...keys).passwordOf(await service(...keys).get(principal.accountId, id));
    expect(await read(OTHER_KEY, KEY)).toBe(PASSWORD);
    const hint = expect.stringMatching(/SECRETS_KEY_PREVIOUS.*updateRegistryCredential/);
    await expect(read(OTHER_KEY)).rejects.toMatchObject({ code: 'CREDENTIALS_UNREADABLE', hint });
    const counts = await database.inTransaction((tx) => service(OTHER_KEY, KEY).sealAnew(tx));
    expect(counts.sealed).toBeGreaterThan(0);
    expect(await read(OTHER_KEY)).toBe(PASSWORD);
    await expect(read(KEY)).rejects.toMatchObject({ code: 'CREDENTIALS_UNREADABLE' });
  });

  it('stay as they are where neither key can read them', async () => {
    const { id } = await create('quay.io');
    const before = await service(KEY).get(principal.accountId, id);
    const { unreadable } = await database.inTransaction((tx) => service(randomBytes(32), randomBytes(32)).sealAnew(tx));
    expect(unreadable).toBeGreaterThan(0);
    expect(await service(KEY).get(principal.accountId, id)).toEqual(before);
  });
});

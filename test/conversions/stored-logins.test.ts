import { randomBytes } from 'node:crypto';
import type { Principal } from '../../src/auth/principal.js';
import { conversionRequest } from '../../src/conversions/conversion-request.js';
import { withStoredLogins } from '../../src/conversions/stored-logins.js';
import { RegistryCredentialService } from '../../src/credentials/registry-credential.service.js';
import { OwnNames } from '../../src/lib/own-names.js';
import { Seal } from '../../src/lib/seal.js';
import { parseReference } from '../../src/oci/reference.js';
import { openTestDatabase } from '../db/test-database.js';
import type { TestDatabase } from '../db/test-database.js';
import { onEachDatabase } from '../support/databases.js';

onEachDatabase('the credentials of a run', (kind) => {
  let database: TestDatabase;
  let principal: Principal;
  let logins: RegistryCredentialService;
  let id: string;

  beforeAll(async () => {
    database = await openTestDatabase(kind);
    logins = new RegistryCredentialService(database.reader, new Seal(randomBytes(32)), parseReference);
  });
  beforeEach(async () => {
    principal = await database.createPrincipal();
    ({ id } = await store('quay.io', 'of the host'));
  });
  afterAll(() => database.close());

  const store = (url: string, password: string) =>
    database.inTransaction((tx) => logins.create(tx, principal, { url, username: 'stored', password }));
  const request = (input: string, output: string) =>
    conversionRequest(
      { inputImage: { name: input }, outputImage: { name: output } },
      {
        names: new OwnNames('localhost:4000'),
        canSign: false,
      },
    );
  const credentials = (of: ReturnType<typeof request>, given = {}) =>
    withStoredLogins(logins, principal.accountId, of, given);
  const stored = (password: string) => ({ username: 'stored', password });

  it('are what the request brought, each image by itself, and else what is stored for it', async () => {
    await store('ghcr.io/acme', 'of acme');
    const images = request('quay.io/acme/hello', 'ghcr.io/acme/out');
    expect(await credentials(images)).toEqual({ input: stored('of the host'), output: stored('of acme') });
    const given = { username: 'given', password: '' };
    expect(await credentials(images, { input: given })).toEqual({ input: given, output: stored('of acme') });
    expect(await credentials(images, { output: given })).toEqual({ input: stored('of the host'), output: given });
  });

  it('are none where nothing is stored, and for the store of the gateway itself', async () => {
    await store('localhost:4000', 'for nobody');
    expect(await credentials(request('localhost:4000/acme/hello', 'ghcr.io/acme/out'))).toEqual({});
  });

  it('are looked up for each run, so that a job that runs again uses what was changed meanwhile', async () => {
    const images = request('quay.io/acme/hello', 'localhost:4000/out');
    expect(await credentials(images)).toEqual({ input: stored('of the host') });
    await database.inTransaction((tx) => logins.update(tx, principal, id, { password: 'changed' }));
    expect(await credentials(images)).toEqual({ input: stored('changed') });
    await database.inTransaction((tx) => logins.delete(tx, principal, id));
    expect(await credentials(images)).toEqual({});
  });
});

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { writeDevelopmentBlobs } from '../../src/demo/development-blobs.js';
import { writeSampleImage } from '../../src/demo/sample-image.js';
import { Upstream } from '../../src/lib/upstream.js';
import { RegistryClient } from '../../src/oci/registry-client.js';
import { finished, startConversion } from '../support/conversions.js';
import { onEachDatabaseAtScale } from '../support/databases.js';
import { everythingIn } from '../support/everything.js';
import { temporaryFolder } from '../support/folders.js';
import { startGatewayProcess } from '../support/gateway-process.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import { startHttpFake } from '../support/http-fake.js';
import { REGISTRY_USER, startRegistry } from '../support/registry.js';
import type { TestRegistry } from '../support/registry.js';
import { describeWith } from '../support/requirements.js';

const { username, password } = REGISTRY_USER;
const basic = Buffer.from(`${username}:${password}`).toString('base64');
const [KEY, NEXT_KEY, WRONG_KEY] = [1, 2, 3].map(() => randomBytes(32).toString('hex')) as [string, string, string];

const CREATE = `mutation ($input: CreateRegistryCredentialInput!) {
  createRegistryCredential(input: $input) {
    registryCredential { id url scope username description createdAt updatedAt }
    userErrors { code message field }
  }
}`;
const UPDATE = `mutation ($input: UpdateRegistryCredentialInput!) {
  updateRegistryCredential(input: $input) { registryCredential { id username description } userErrors { code field } }
}`;
const DELETE = `mutation ($id: ID!) {
  deleteRegistryCredential(input: { registryCredentialId: $id }) { registryCredential { id } userErrors { code } }
}`;
const LIST = '{ registryCredentials(first: 10) { totalCount nodes { id scope username } } }';

describeWith(['docker-registry'], 'with a registry that wants a password', () => {
  let registry: TestRegistry;

  beforeAll(async () => {
    registry = await startRegistry({ auth: 'password' });
    const upstream = new Upstream({ allow: [registry.host] });
    const repository = { host: registry.host, repository: 'acme/hello' };
    await writeSampleImage(new RegistryClient(upstream).repository(repository, REGISTRY_USER), '1', 2);
    await upstream.close();
  });
  afterAll(() => registry.stop());

  onEachDatabaseAtScale('a gateway that keeps logins', (kind) => {
    let environment: Record<string, string>;
    let gateway: GatewayProcess;
    let outputs = 0;
    let output = '';

    beforeAll(async () => {
      const dataDir = temporaryFolder();
      const blobs = join(dataDir, 'blobs');
      await writeDevelopmentBlobs(blobs);
      const folders = { DATA_DIR: dataDir, NITRO_BLOBS_DIR: blobs, DATABASE_URL: await kind.create() };
      environment = { ...folders, UPSTREAM_ALLOW: '127.0.0.1', LOG_LEVEL: 'trace' };
      gateway = await startGatewayProcess({ ...environment, SECRETS_KEY: KEY });
    });
    afterAll(() => gateway.kill('SIGKILL'));

    const restart = async (keys: Record<string, string>) => {
      output += gateway.output();
      await gateway.kill('SIGTERM');
      gateway = await startGatewayProcess({ ...environment, ...keys });
    };
    const ask = async (query: string, variables: object = {}) => {
      const { body } = await gateway.send(query, variables);
      if (body.errors) throw new Error(JSON.stringify(body.errors));
      return body.data;
    };
    const store = async (url: string, more: object = {}) =>
      (await ask(CREATE, { input: { url, username, password, ...more } })).createRegistryCredential;
    const forget = async () => {
      for (const { id } of (await ask(LIST)).registryCredentials.nodes) await ask(DELETE, { id });
    };
    /** Without a login of its own, unless told otherwise. */
    const convert = async (inputImage: object = {}) => {
      const outputImage = { name: `${registry.host}/acme/out-${kind.name.toLowerCase()}:${(outputs += 1)}` };
      const input = { inputImage: { name: `${registry.host}/acme/hello:1`, ...inputImage }, outputImage };
      return finished(gateway, await startConversion(gateway, input));
    };
    const refused = { status: 'FAILED', failure: { code: 'REGISTRY_UNAUTHORIZED' } };

    it('pulls and pushes with them where a conversion brings none', async () => {
      expect(await convert()).toMatchObject(refused);
      const { registryCredential, userErrors } = await store(`https://${registry.host}/v2/`, { description: 'ours' });
      expect(userErrors).toEqual([]);
      expect(registryCredential).toMatchObject({ scope: registry.host, username, description: 'ours' });
      expect(await convert()).toMatchObject({ status: 'SUCCEEDED', failure: null });
    });

    it('prefers what a conversion brings', async () => {
      expect(await convert({ auth: { username, password: 'wrong' } })).toMatchObject(refused);
    });

    it('looks at what it keeps when the conversion runs, and uses a changed password', async () => {
      const [{ id }] = (await ask(LIST)).registryCredentials.nodes;
      const update = (change: object) => ask(UPDATE, { input: { registryCredentialId: id, ...change } });
      await update({ password: 'wrong' });
      expect(await convert()).toMatchObject(refused);
      expect(await update({ password })).toEqual({
        updateRegistryCredential: { registryCredential: { id, username, description: 'ours' }, userErrors: [] },
      });
      expect(await convert()).toMatchObject({ status: 'SUCCEEDED' });
    });

    it('shows no login to another host, or to a repository that it is not for', async () => {
      await forget();
      const other = await startHttpFake((_request, response) => response.writeHead(404).end());
      await store(`${registry.host}/other`);
      expect(await convert()).toMatchObject(refused);
      await forget();
      await store(registry.host);
      const job = await convert({ name: `${other.host}/acme/hello:1` });
      expect(job).toMatchObject({ status: 'FAILED', failure: { code: 'IMAGE_NOT_FOUND' } });
      expect(other.requests.length).toBeGreaterThan(0);
      for (const { headers } of other.requests) expect(headers.authorization).toBeUndefined();
      await other.close();
    });

    it('answers what is wrong with a login, and not what was given', async () => {
      expect(await store(registry.host)).toMatchObject({
        ...{ registryCredential: null, userErrors: [{ code: 'CONFLICT', field: ['url'] }] },
      });
      const { userErrors } = await store(`https://${username}:${password.replace(' ', '')}@registry.example.com`);
      expect(userErrors).toMatchObject([{ code: 'BAD_USER_INPUT', field: ['url'] }]);
      expect(JSON.stringify(userErrors)).not.toContain(password.replace(' ', ''));
      const id = '0190b0c4-5b3a-7000-8000-000000000001';
      const unknown = await ask(DELETE, { id });
      expect(unknown.deleteRegistryCredential).toMatchObject({ userErrors: [{ code: 'NOT_FOUND' }] });
    });

    it('goes on with them after its key was changed, at first with the former key beside it', async () => {
      await restart({ SECRETS_KEY: NEXT_KEY, SECRETS_KEY_PREVIOUS: KEY });
      expect(gateway.output()).toMatch(/"sealed":1,.*stored registry logins are sealed with SECRETS_KEY/);
      expect(await convert()).toMatchObject({ status: 'SUCCEEDED' });
      await restart({ SECRETS_KEY: NEXT_KEY });
      expect(await convert()).toMatchObject({ status: 'SUCCEEDED' });
    });

    it('starts with a wrong key, and says what to do when a login is needed', async () => {
      await restart({ SECRETS_KEY: WRONG_KEY });
      const { failure } = await convert();
      expect(failure).toMatchObject({
        ...{ code: 'CREDENTIALS_UNREADABLE', message: expect.stringContaining(registry.host) },
        hint: expect.stringMatching(/SECRETS_KEY_PREVIOUS/),
      });
      await restart({ SECRETS_KEY: WRONG_KEY, SECRETS_KEY_PREVIOUS: KEY });
      expect(gateway.output()).toMatch(/"unreadable":1,.*neither with SECRETS_KEY nor with the previous one/);
      await restart({ SECRETS_KEY: NEXT_KEY });
      expect(await convert()).toMatchObject({ status: 'SUCCEEDED' });
    });

    it('leaves no password in the database, in what it writes and in what it answers', async () => {
      const known = await everythingIn(environment.DATABASE_URL!);
      expect(known).toContain(`"scope":"${registry.host}"`);
      expect(known).toContain('hasNewPassword');
      const { body } = await gateway.send(
        '{ registryCredentials { nodes { id } } jobs { nodes { id events { message } } } catalogLog { nodes { before after } } }',
      );
      expect(body.data.jobs.nodes.length).toBeGreaterThan(5);
      for (const text of [known, output + gateway.output(), JSON.stringify(body)]) {
        for (const secret of [password, basic, KEY, NEXT_KEY]) expect(text).not.toContain(secret);
      }
      expect(output).toContain('job failed');
      expect(JSON.stringify(body)).not.toContain('sealedPassword');
    });

    it('has no field for a password in what it shows', async () => {
      const { body } = await gateway.send('{ __type(name: "RegistryCredential") { fields { name } } }');
      expect(body.data.__type.fields.map(({ name }: { name: string }) => name).sort()).toEqual(
        ['createdAt', 'description', 'id', 'scope', 'updatedAt', 'url', 'username'].sort(),
      );
    });
  });
});

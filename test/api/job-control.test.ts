import { readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeSampleImage } from '../../src/demo/sample-image.js';
import { Upstream } from '../../src/lib/upstream.js';
import { RegistryClient } from '../../src/oci/registry-client.js';
import { rest } from '../support/authorization-content.js';
import { signUp } from '../support/authorization-world.js';
import { eventsOf, finished, startConversion, startConvertingGateway } from '../support/conversions.js';
import { startCountingProxy } from '../support/counting-proxy.js';
import type { CountingProxy } from '../support/counting-proxy.js';
import { onEachDatabaseAtScale } from '../support/databases.js';
import { everythingIn } from '../support/everything.js';
import type { TestGateway } from '../support/gateway.js';
import { connect } from '../support/graphql-client.js';
import type { GraphqlClient } from '../support/graphql-client.js';
import { startHttpFake } from '../support/http-fake.js';
import { REGISTRY_USER, startRegistry } from '../support/registry.js';
import type { TestRegistry } from '../support/registry.js';
import { describeWith } from '../support/requirements.js';

/** Of which every form is another text. */
const SECRET = 'hunter+2/ü secret?';
const LAYERS = 3;
const LOG = `query ($id: ID!, $first: Int, $afterSeq: SafeInt) {
  job(id: $id) {
    status retryOf { id } attempt failure { code message } warnings { code } build { warnings { code } }
    log(first: $first, afterSeq: $afterSeq) { seq kind code message }
  }
}`;

const asker = (client: GraphqlClient) => async (query: string, variables: object) => {
  const { body } = await client.send(query, variables);
  if (body.errors) throw new Error(JSON.stringify(body.errors));
  return Object.values(body.data as Record<string, any>)[0];
};
const logOf = (client: GraphqlClient, id: string, first = 200, afterSeq = 0) =>
  asker(client)(LOG, { id, first, afterSeq });
const retry = (client: GraphqlClient, input: object) =>
  asker(client)('mutation ($input: RetryJobInput!) { retryJob(input: $input) { job { id } userErrors { code } } }', {
    input,
  });

describeWith(['docker-registry'], 'with a registry that wants a password', () => {
  let registry: TestRegistry;
  let proxy: CountingProxy;

  beforeAll(async () => {
    registry = await startRegistry({ auth: 'password' });
    proxy = await startCountingProxy(registry.host);
    const upstream = new Upstream({ allow: [registry.host] });
    const repository = { host: registry.host, repository: 'acme/hello' };
    await writeSampleImage(new RegistryClient(upstream).repository(repository, REGISTRY_USER), '1', 4);
    await upstream.close();
  });
  afterAll(() => Promise.all([proxy.close(), registry.stop()]));

  onEachDatabaseAtScale('a job', (kind) => {
    let gateway: TestGateway;
    let databaseUrl: string;
    /** Pulled all layers. */
    let first: any;

    beforeAll(async () => {
      databaseUrl = await kind.create();
      gateway = await startConvertingGateway({
        ...{ DATABASE_URL: databaseUrl, UPSTREAM_ALLOW: '127.0.0.1', SIGN_UP: 'open' },
      });
      first = await convert(image(REGISTRY_USER));
    });
    afterAll(() => gateway.close());

    const image = (auth?: object) => ({ inputImage: { name: `${proxy.host}/acme/hello:1`, auth } });
    const convert = async (input: object, client: GraphqlClient = gateway) => {
      const id = await startConversion(client, input);
      await finished(client, id);
      return { id, ...(await logOf(client, id)) };
    };
    const linesOf = (job: { log: { message: string }[] }) => job.log.map(({ message }) => message);

    it('that failed is done again with credentials that are given again, once at a time', async () => {
      const failed = await convert(image({ ...REGISTRY_USER, password: SECRET }));
      expect(failed).toMatchObject({ status: 'FAILED', failure: { code: 'REGISTRY_UNAUTHORIZED' } });
      const input = { jobId: failed.id.toUpperCase(), inputAuth: REGISTRY_USER };
      const retries = await Promise.all([retry(gateway, input), retry(gateway, input)]);
      expect(retries.flatMap(({ userErrors }) => userErrors)).toEqual([]);
      const [id] = retries.map(({ job }) => job.id) as [string];
      expect(retries[1].job.id).toBe(id);
      expect(id).not.toBe(failed.id);
      expect((await finished(gateway, id)).status).toBe('SUCCEEDED');
      expect(await logOf(gateway, id)).toMatchObject({ retryOf: { id: failed.id }, attempt: 1 });
      // That one is final: the failed one may be done again, and without credentials it fails as it would have then.
      const { job } = await retry(gateway, { jobId: failed.id });
      expect(job.id).not.toBe(id);
      expect((await finished(gateway, job.id)).failure!.code).toBe('REGISTRY_UNAUTHORIZED');
      expect((await retry(gateway, { jobId: id })).userErrors).toEqual([{ code: 'CONFLICT' }]);
      expect((await retry(gateway, { jobId: 'f'.repeat(24) })).userErrors).toEqual([{ code: 'NOT_FOUND' }]);
    });

    it('that was cancelled is done again', async () => {
      const id = await startConversion(gateway, image(REGISTRY_USER));
      await gateway.send(`mutation { cancelJob(input: { jobId: "${id}" }) { job { id } } }`);
      const { job } = await retry(gateway, { jobId: id, inputAuth: REGISTRY_USER });
      expect((await finished(gateway, job.id)).status).toBe('SUCCEEDED');
    });

    it('has a log, by pages and live, of what it did', async () => {
      const id = await startConversion(gateway, image(REGISTRY_USER));
      const events = await eventsOf(gateway, id);
      const { log, warnings, build } = await logOf(gateway, id);
      const live = events.filter(({ kind }) => kind === 'LOG' || kind === 'WARNING');
      expect(log).toEqual(live.map(({ seq, kind, code, message }) => ({ seq, kind, code, message })));
      const text = linesOf({ log }).join('\n');
      for (const line of [
        /^Image sha256:/m,
        /^Layer 1 of 3 sha256:.* unpacked/m,
        /^PCR0 [0-9a-f]{96}$/m,
        /^Pushed as/m,
      ])
        expect(text).toMatch(line);
      const pages = [];
      for (let after = 0, page = []; ; after = page.at(-1).seq) {
        page = (await logOf(gateway, id, 2, after)).log;
        if (page.length === 0) break;
        pages.push(...page);
      }
      expect(pages).toEqual(log);
      expect(build.warnings).toEqual(warnings);
      const codes = warnings.map(({ code }: { code: string }) => code);
      expect(codes).toEqual(['NOT_BOOTABLE', 'WORKDIR_IGNORED']);
    });

    it('pulls no layer that another one of the account has pulled', async () => {
      proxy.pulledBlobs();
      const again = await convert(image(REGISTRY_USER));
      expect(again.status).toBe('SUCCEEDED');
      // Its config only.
      expect(proxy.pulledBlobs()).toHaveLength(1);
      expect(linesOf(again).filter((line) => /^Layer .* from the cache/.test(line))).toHaveLength(LAYERS);
    });

    it('pulls a layer again that is damaged in the cache', async () => {
      const cache = join(gateway.dataDir, 'cache');
      const [account] = readdirSync(cache) as [string];
      const files = readdirSync(join(cache, account)).map((name) => join(cache, account, name));
      const [largest] = [...files].sort((a, b) => statSync(b).size - statSync(a).size) as [string];
      truncateSync(largest, 1000);
      for (const file of files) if (file !== largest) writeFileSync(file, 'x');
      proxy.pulledBlobs();
      const after = await convert(image(REGISTRY_USER));
      expect(after.status).toBe('SUCCEEDED');
      expect(proxy.pulledBlobs()).toHaveLength(LAYERS + 1);
      expect(linesOf(after).filter((line) => /is damaged in the cache/.test(line))).toHaveLength(LAYERS);
      const measured = (job: { log: { message: string }[] }) => linesOf(job).filter((line) => line.startsWith('PCR'));
      expect(measured(after)).toEqual(measured(first));
    });

    it('of another account gets nothing that was pulled for this one', async () => {
      const other = await signUp(gateway.url, `other-${kind.name}@example.com`);
      const { acct_id } = await rest(gateway.url, other.token, '/v1/accounts', { name: `other ${kind.name}` });
      await rest(gateway.url, other.token, `/v1/sys/session/select_account/${acct_id}`);
      const client = connect(gateway.url, other.token);
      try {
        expect((await convert(image(), client)).failure.code).toBe('REGISTRY_UNAUTHORIZED');
        proxy.pulledBlobs();
        expect((await convert(image(REGISTRY_USER), client)).status).toBe('SUCCEEDED');
        expect(proxy.pulledBlobs()).toHaveLength(LAYERS + 1);
      } finally {
        await client.dispose();
      }
    });

    it('ends when the time is up that its request gives it', async () => {
      const silent = await startHttpFake(() => undefined);
      const slow = await convert({ inputImage: { name: `${silent.host}/acme/hello:1` }, timeoutSeconds: 1 });
      await silent.close();
      expect(slow).toMatchObject({ status: 'FAILED', failure: { code: 'DEADLINE_EXCEEDED' } });
      expect(slow.failure.message).toContain('1 seconds');
    });

    it('shows no password, whatever a registry makes of it', async () => {
      const forms = [SECRET, `somebody:${SECRET}`].flatMap((text) => [
        ...[text, Buffer.from(text).toString('base64'), encodeURIComponent(text)],
      ]);
      const message = `you sent ${forms.join(' or ')}`;
      const echo = await startHttpFake((request, response) => {
        const isAsked = request.headers.authorization !== undefined;
        response.writeHead(isAsked ? 403 : 401, { 'www-authenticate': 'Basic realm="echo"' });
        response.end(JSON.stringify({ errors: [{ code: 'DENIED', message }] }));
      });
      const auth = { username: 'somebody', password: SECRET };
      const job = await convert({ inputImage: { name: `${echo.host}/acme/hello:1`, auth } });
      await echo.close();
      expect(echo.requests.some(({ headers }) => headers.authorization)).toBe(true);
      expect(job).toMatchObject({ status: 'FAILED', failure: { code: 'REGISTRY_UNAUTHORIZED' } });
      const known = [
        await everythingIn(databaseUrl),
        JSON.stringify(job),
        JSON.stringify(await eventsOf(gateway, job.id)),
      ];
      const rightForms = [REGISTRY_USER.password, `${REGISTRY_USER.username}:${REGISTRY_USER.password}`].flatMap(
        (text) => [...[text, Buffer.from(text).toString('base64'), encodeURIComponent(text)]],
      );
      for (const text of known) for (const form of [...forms, ...rightForms]) expect(text).not.toContain(form);
    });
  });
});

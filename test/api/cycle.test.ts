// The life of images of Cycle with a real registry: fetched from it, served by the store, pruned and deleted.
import { mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeSampleImage } from '../../src/demo/sample-image.js';
import { Upstream } from '../../src/lib/upstream.js';
import { RegistryClient } from '../../src/oci/registry-client.js';
import { relayed, relayFaults } from '../support/cycle-relay.js';
import { cycleClient } from '../support/cycle-client.js';
import type { Cycle } from '../support/cycle-client.js';
import { onEachDatabaseAtScale } from '../support/databases.js';
import { everythingIn } from '../support/everything.js';
import { run, temporaryFolder } from '../support/folders.js';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { startHttpFake } from '../support/http-fake.js';
import type { HttpFake } from '../support/http-fake.js';
import { WatchJob } from '../support/operations.js';
import { REGISTRY_USER, startRegistry } from '../support/registry.js';
import type { TestRegistry } from '../support/registry.js';
import { describeWith } from '../support/requirements.js';
import { buildCornerCaseImage, pushImage } from '../support/umoci-image.js';

const { username, password } = REGISTRY_USER;
const MINUTE_MS = 60_000;
/** Everything of the clock but what time it is. */
const REAL_TIMERS = [
  ...['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate'],
  ...['nextTick', 'queueMicrotask', 'performance', 'hrtime'],
] as never[];

const NODE = '0193e4a0-0000-7000-8000-000000000001';

async function deploy(gateway: TestGateway, imageId: string, status = 'RUNNING'): Promise<void> {
  const { body } = await gateway.send('{ builds(first: 50) { nodes { id dockerInfo { dockerVersion } } } }');
  const build = body.data.builds.nodes.find((one: any) => one.dockerInfo?.dockerVersion === imageId);
  const report =
    'mutation ($input: ReportDeploymentInput!) { reportDeployment(input: $input) { userErrors { message } } }';
  const input = { buildId: build.id, nodeId: NODE, status };
  expect((await gateway.send(report, { input })).body.data.reportDeployment.userErrors).toEqual([]);
}

describeWith(['docker-registry', 'umoci', 'skopeo'], 'with a registry that wants a password', () => {
  let registry: TestRegistry;
  let relay: HttpFake;
  let image: string;

  beforeAll(async () => {
    registry = await startRegistry({ auth: 'password' });
    image = await buildCornerCaseImage(temporaryFolder());
    await pushImage(image, `${registry.host}/acme/corner:1`, REGISTRY_USER);
    const upstream = new Upstream({ allow: [registry.host] });
    const hello = { host: registry.host, repository: 'acme/hello' };
    await writeSampleImage(new RegistryClient(upstream).repository(hello, REGISTRY_USER), '1', 2);
    await upstream.close();
    relay = await startHttpFake((request, answer) => void relayed(registry.host, request, answer));
  });
  afterAll(async () => {
    await relay.close();
    await registry.stop();
  });

  onEachDatabaseAtScale("Cycle's images", (kind) => {
    let gateway: TestGateway;
    let databaseUrl: string;
    let cycle: Cycle & { hubId: string; accountId: string };
    let sourceId: string;
    let imageId: string;

    const data = async (line: string, body?: object) => (await cycle(line, body)).body.data;
    const newSource = async (origin: object, more: object = {}): Promise<string> =>
      (await data('POST /v1/images/sources', { name: 'corner', type: 'direct', origin, ...more })).id;
    const newImage = async (source: string, more: object = {}): Promise<string> =>
      (await data('POST /v1/images', { source_id: source, ...more })).id;
    /** States that its image went through, and the job at its end. */
    const ended = async (jobId: string) => {
      for await (const { errors } of gateway.subscribe(WatchJob, { jobId })) expect(errors).toBeUndefined();
      return data(`GET /v1/jobs/${jobId}`);
    };
    const importing = async (id: string) => {
      const { status, body } = await cycle(`POST /v1/images/${id}/tasks`, { action: 'import' });
      expect(status).toBe(200);
      return body.data.job.id as string;
    };
    const imported = async (id: string) => ended(await importing(id));
    const inStore = (name: string) => `docker://${new URL(gateway.url).host}/${name}`;
    const inspected = async (name: string, ...more: string[]) =>
      run('skopeo', 'inspect', ...more, '--tls-verify=false', '--creds', `any:${gateway.token}`, inStore(name));
    const storedBlobs = () => {
      const folder = join(gateway.dataDir, 'store', 'blobs', 'sha256');
      return readdirSync(folder).flatMap((part) => readdirSync(join(folder, part))).length;
    };

    beforeAll(async () => {
      databaseUrl = await kind.create();
      gateway = await startTestGateway({ DATABASE_URL: databaseUrl, UPSTREAM_ALLOW: '127.0.0.1' });
      cycle = await cycleClient(gateway);
      const details = { target: 'acme/corner:1', url: `http://${registry.host}`, username, password };
      sourceId = await newSource({ type: 'docker-registry', details });
      imageId = await newImage(sourceId, { name: 'first' });
    });
    afterAll(() => gateway.close());

    it('are fetched, measured and pullable from the store', async () => {
      const job = await imported(imageId);
      expect(job).toMatchObject({
        ...{ caption: "Importing image 'acme/corner:1'", state: { current: 'completed', error: null } },
        tasks: [{ header: 'image.import', input: { id: imageId }, state: { current: 'completed' } }],
      });
      expect(job.tasks[0].steps.map((step: any) => step.caption)).toEqual([
        ...['Preparing', 'Importing', 'Building', 'Verifying', 'Saving', 'Cleaning'],
      ]);
      expect(job.tasks[0].steps.every((step: any) => !step.completed.startsWith('0001'))).toBe(true);

      const live = await data(`GET /v1/images/${imageId}`);
      const manifest = JSON.parse(await inspected(`cycle/corner:${imageId}`));
      expect(live).toMatchObject({
        state: { current: 'live' },
        backend: { provider: 'build-catalog', file_name: `cycle/corner:${imageId}`, file_id: manifest.Digest },
        config: {
          ports: [{ host: 8080, container: 8080, type: 'tcp' }],
          env: { PATH: '/bin', GREETING: 'hello' },
          labels: { purpose: 'test' },
          ...{ command: ['echo', 'hello world'], entrypoint: ['/bin/busybox'], workdir: '/data' },
        },
      });
      expect(live.state.error).toBeUndefined();
      const { layers } = JSON.parse(await inspected(`cycle/corner:${imageId}`, '--raw'));
      expect(live.size).toBe(layers.reduce((sum: number, layer: any) => sum + layer.size, 0));
      expect(layers).toHaveLength(3);
      await run(
        ...['skopeo', 'copy', '--quiet', '--src-tls-verify=false', '--src-creds', `any:${gateway.token}`],
        ...[inStore(`cycle/corner:${imageId}`), `dir:${mkdtempSync(join(temporaryFolder(), 'copy-'))}`],
      );
    });

    it('are builds like any other', async () => {
      const { body } = await gateway.send(
        '{ builds(first: 1) { nodes { name phase architecture dockerInfo { dockerImageName dockerVersion dockerImageSha exposedPorts { port } } } } }',
      );
      expect(body.data.builds.nodes[0]).toMatchObject({
        ...{ name: 'first', phase: 'AVAILABLE', architecture: 'AMD64' },
        dockerInfo: {
          dockerImageName: `${new URL(gateway.url).host}/cycle/corner`,
          ...{ dockerVersion: imageId, dockerImageSha: expect.stringMatching(/^[0-9a-f]{64}$/) },
          exposedPorts: [{ port: 8080 }],
        },
      });
    });

    it('have a log of how they came, and are imported once', async () => {
      const { log, image_id, events } = await data(`GET /v1/images/${imageId}/build-log`);
      expect(image_id).toBe(imageId);
      expect(log).toMatch(/Pulling 127[^\n]*\n[^]*Layer 3 of 3 [^\n]*pulled[^]*Stored as cycle\/corner:[^]*is live/);
      expect(events.updated >= events.created).toBe(true);
      const again = await cycle(`POST /v1/images/${imageId}/tasks`, { action: 'import' });
      expect([again.status, again.body.error.code]).toEqual([403, '403.invalid-state']);
    });

    it('share what they have in common, by an override too', async () => {
      await pushImage(image, `${registry.host}/acme/corner:2`, REGISTRY_USER);
      const before = storedBlobs();
      const second = await newImage(sourceId, { override: { target: 'acme/corner:2' } });
      expect((await imported(second)).state.current).toBe('completed');
      expect(storedBlobs()).toBe(before);
      expect((await data(`GET /v1/images/${second}/build-log`)).log).toContain('in the store already');
      // The first one has all of it too.
      await ended((await data(`DELETE /v1/images/${second}`)).job.id);
      expect(JSON.parse(await inspected(`cycle/corner:${imageId}`)).Layers).toHaveLength(3);
      await expect(inspected(`cycle/corner:${second}`)).rejects.toThrow();
    });

    const FAILURES: [what: string, details: (host: string) => object, more: object, message: RegExp][] = [
      [
        'a wrong password',
        (host) => ({ target: 'acme/corner:1', url: host, username, password: 'wrong password' }),
        {},
        /401|credentials|sign/i,
      ],
      [
        'a tag that is not there',
        (host) => ({ target: 'acme/corner:1', url: host, username, password }),
        { override: { target: 'acme/corner:none' } },
        /none/,
      ],
    ];
    it.each(FAILURES)('that fail for %s are new again, and say why', async (_what, details, more, message) => {
      const id = await newImage(await newSource({ type: 'docker-registry', details: details(registry.host) }), more);
      const job = await imported(id);
      const { state } = await data(`GET /v1/images/${id}`);
      expect([job.state.current, state.current]).toEqual(['error', 'new']);
      expect(state.error.message).toMatch(message);
      expect(job.state.error.message).toBe(state.error.message);
      expect((await data(`GET /v1/images/${id}/build-log`)).log).toContain(state.error.message);
    });

    it('come by a webhook, not with a blob cut short, and can be tried again', async () => {
      const url = `http://${relay.host}`;
      const auth = { type: 'webhook', details: { url: `${url}/login` } };
      const source = await newSource(
        { type: 'oci-registry', details: { target: 'acme/corner:1', url, auth } },
        { name: 'Relay' },
      );
      const id = await newImage(source);
      relayFaults.isTruncating = true;
      expect((await imported(id)).state.current).toBe('error');
      expect((await data(`GET /v1/images/${id}`)).state).toMatchObject({ current: 'new', error: { message: /./ } });
      relayFaults.isTruncating = false;
      expect((await imported(id)).state.current).toBe('completed');
      const { state } = await data(`GET /v1/images/${id}`);
      expect(state).toEqual({ current: 'live', changed: expect.any(String) });
    });

    it('are joined while they are imported, not deleted, and new again when that is cancelled', async () => {
      const url = `http://${relay.host}`;
      const source = await newSource(
        {
          type: 'oci-registry',
          details: { target: 'acme/corner:1', url, auth: { type: 'user', details: { username, token: password } } },
        },
        { name: 'Held' },
      );
      const id = await newImage(source);
      const isHeld = new Promise<void>((resolve) => (relayFaults.hold = resolve));
      const job = await importing(id);
      await isHeld;
      expect(await importing(id)).toBe(job);
      expect((await data(`GET /v1/images/${id}`)).state.current).toBe('downloading');
      for (const line of [`DELETE /v1/images/${id}`, `DELETE /v1/images/sources/${source}`]) {
        expect((await cycle(line)).body.error.code).toBe('403.invalid-state');
      }
      relayFaults.hold = undefined;
      const cancel = 'mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { job { status } userErrors { code } } }';
      expect((await gateway.send(cancel, { id: job })).body.data.cancelJob.job.status).toBe('CANCELLED');
      expect((await ended(job)).state).toMatchObject({ current: 'error', error: { message: /cancelled/ } });
      let state = { current: '' };
      while (state.current !== 'new') ({ state } = await data(`GET /v1/images/${id}`));
      expect(state).toMatchObject({ error: { message: 'cancelled' } });
      expect((await imported(id)).state.current).toBe('completed');
    });

    it('are pruned where nothing uses them and they are not young, which frees the store', async () => {
      const prune = async () => {
        const { body } = await cycle('POST /v1/images/tasks', { action: 'prune', contents: { source_ids: [] } });
        return ended(body.data.job.id);
      };
      const lives = async () => (await data('GET /v1/images?filter[state]=live&sort=id')).map((one: any) => one.id);
      const before = await lives();
      expect(before).toHaveLength(3);
      expect((await prune()).state.current).toBe('completed');
      expect(await lives()).toEqual(before);
      jest.useFakeTimers({ now: Date.now() + 20 * MINUTE_MS, doNotFake: REAL_TIMERS });
      try {
        await deploy(gateway, imageId);
        expect((await prune()).state.current).toBe('completed');
        expect(await lives()).toEqual([imageId]);
        expect((await cycle(`DELETE /v1/images/${imageId}`)).body.error.code).toBe('403.invalid-state');
        expect((await data(`GET /v1/images/${imageId}?meta=containers_count`)).meta.containers_count).toMatchObject({
          ...{ total: 1, state: { running: 1 } },
        });
        await deploy(gateway, imageId, 'STOPPED');
        const { body } = await cycle(`DELETE /v1/images/${imageId}`);
        await ended(body.data.job.id);
      } finally {
        jest.useRealTimers();
      }
      expect(await lives()).toEqual([]);
    });

    it('give back at once the bytes that no other image has', async () => {
      const before = storedBlobs();
      const id = await newImage(sourceId, { override: { target: 'acme/hello:1' } });
      expect((await imported(id)).state.current).toBe('completed');
      expect(storedBlobs()).toBe(before + 5);
      await ended((await data(`DELETE /v1/images/${id}`)).job.id);
      expect(storedBlobs()).toBe(before);

      // Also where somebody deletes the build that stands for it.
      const other = await newImage(sourceId, { override: { target: 'acme/hello:1' } });
      await imported(other);
      const { body } = await gateway.send('{ builds(first: 1) { nodes { id } } }');
      const remove = 'mutation ($id: ID!) { deleteBuild(input: { buildId: $id }) { userErrors { message } } }';
      const answer = await gateway.send(remove, { id: body.data.builds.nodes[0].id });
      expect(answer.body.data.deleteBuild.userErrors).toEqual([]);
      expect((await cycle(`GET /v1/images/${other}`)).status).toBe(404);
      const jobs = await data('GET /v1/jobs?page[size]=100');
      const isIts = ({ tasks: [task] }: any) => task.header === 'image.delete' && task.input.id === other;
      await ended(jobs.find(isIts).id);
      expect(storedBlobs()).toBe(before);
    });

    it('leave no secret in any row, answer or log', async () => {
      const rows = await everythingIn(databaseUrl);
      const answers = JSON.stringify(await data('GET /v1/images/sources?page[size]=100'));
      for (const secret of [password, 'wrong password', Buffer.from(`${username}:${password}`).toString('base64')]) {
        expect(rows).not.toContain(secret);
        expect(answers).not.toContain(secret);
      }
    });
  });
});

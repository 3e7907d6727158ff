// Images of Cycle by GraphQL, with a gateway that is killed while it imports one, and in whose log no secret may be.
import { buildCornerCaseImage, pushImage } from '../support/umoci-image.js';
import { temporaryFolder } from '../support/folders.js';
import { startGatewayProcess } from '../support/gateway-process.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import { startHttpFake } from '../support/http-fake.js';
import type { HttpFake } from '../support/http-fake.js';
import { relayed, relayFaults } from '../support/cycle-relay.js';
import { everythingIn } from '../support/everything.js';
import { WatchJob } from '../support/operations.js';
import { REGISTRY_USER, startRegistry } from '../support/registry.js';
import type { TestRegistry } from '../support/registry.js';
import { describeWith } from '../support/requirements.js';
import { join } from 'node:path';

const { username, password } = REGISTRY_USER;

describeWith(['docker-registry', 'umoci', 'skopeo'], "Cycle's images by GraphQL", () => {
  let registry: TestRegistry;
  let relay: HttpFake;
  let gateway: GatewayProcess;
  let environment: Record<string, string>;
  let output = '';

  beforeAll(async () => {
    registry = await startRegistry({ auth: 'password' });
    const image = await buildCornerCaseImage(temporaryFolder());
    await pushImage(image, `${registry.host}/acme/corner:1`, REGISTRY_USER);
    relay = await startHttpFake((request, answer) => void relayed(registry.host, request, answer));
    const dataDir = temporaryFolder();
    environment = { DATA_DIR: dataDir, UPSTREAM_ALLOW: '127.0.0.1', LOG_LEVEL: 'trace' };
    gateway = await startGatewayProcess(environment);
  });
  afterAll(async () => {
    await gateway.kill('SIGKILL');
    await relay.close();
    await registry.stop();
  });

  /** The payload of a mutation. */
  const mutate = async (name: string, input: object, selection: string) => {
    const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
    const query = `mutation ($input: ${type}!) { ${name}(input: $input) { ${selection} userErrors { code message } } }`;
    const { body } = await gateway.send(query, { input });
    if (body.errors) throw new Error(JSON.stringify(body.errors));
    return body.data[name];
  };
  const ended = async (jobId: string) => {
    let last: string | undefined;
    for await (const { data } of gateway.subscribe(WatchJob, { jobId })) last = data?.conversionStatus.status;
    return last;
  };
  const phaseOf = async (id: string) =>
    (await gateway.send('query ($id: ID!) { build(id: $id) { name phase } }', { id })).body.data.build;

  it('go on after a kill in the middle of their import, and tell no secret', async () => {
    const auth = { type: 'user', details: { username, token: password } };
    const origin = { type: 'oci-registry', details: { target: 'acme/corner:1', url: `http://${relay.host}`, auth } };
    const { imageSource } = await mutate(
      'createCycleImageSource',
      { name: 'corner', origin },
      'imageSource { id origin }',
    );
    expect(JSON.stringify(imageSource)).not.toContain(password);
    const { build } = await mutate('createCycleImage', { sourceId: imageSource.id }, 'build { id phase }');
    expect(build.phase).toBe('PENDING');

    const isHeld = new Promise<void>((resolve) => (relayFaults.hold = resolve));
    const { job } = await mutate('importCycleImage', { imageId: build.id }, 'job { id kind }');
    expect(job.kind).toBe('IMAGE_IMPORT');
    await isHeld;
    expect(await phaseOf(build.id)).toMatchObject({ phase: 'BUILDING' });
    output += gateway.output();
    await gateway.kill('SIGKILL');
    relayFaults.hold = undefined;
    gateway = await startGatewayProcess(environment);
    expect(await ended(job.id)).toBe('SUCCEEDED');
    expect(await phaseOf(build.id)).toEqual({ name: 'corner', phase: 'AVAILABLE' });

    const renamed = await mutate('updateCycleImage', { imageId: build.id, name: 'renamed' }, 'build { name }');
    expect(renamed.build.name).toBe('renamed');
    const again = await mutate('importCycleImage', { imageId: build.id }, 'job { id }');
    expect(again.userErrors[0].code).toBe('CONFLICT');
    const pruned = await mutate('pruneCycleImages', { sourceIds: [] }, 'job { id }');
    expect(await ended(pruned.job.id)).toBe('SUCCEEDED');
    const { body } = await gateway.send('{ cycleImageSources { id name identifier state } }');
    expect(body.data.cycleImageSources).toMatchObject([{ identifier: 'corner', state: 'live' }]);
    const changed = await mutate(
      'updateCycleImageSource',
      { sourceId: imageSource.id, description: 'for tests' },
      'imageSource { description }',
    );
    expect(changed.imageSource.description).toBe('for tests');
    const gone = await mutate('deleteCycleImage', { imageId: build.id }, 'job { id }');
    expect(await ended(gone.job.id)).toBe('SUCCEEDED');
    expect(await phaseOf(build.id)).toBeNull();
    const source = await mutate('deleteCycleImageSource', { sourceId: imageSource.id }, 'job { id }');
    expect(await ended(source.job.id)).toBe('SUCCEEDED');

    const rows = await everythingIn(join(environment.DATA_DIR!, 'catalog.sqlite'));
    for (const text of [rows, output + gateway.output()]) {
      expect(text).not.toContain(password);
      expect(text).not.toContain(Buffer.from(`${username}:${password}`).toString('base64'));
    }
  });
});

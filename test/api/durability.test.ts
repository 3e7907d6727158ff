import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventsOf, reached, showJob, startConversion } from '../support/conversions.js';
import { writeDevelopmentBlobs } from '../../src/demo/development-blobs.js';
import { writeSampleImage } from '../../src/demo/sample-image.js';
import { Store } from '../../src/oci/store.js';
import { onEachDatabaseAtScale } from '../support/databases.js';
import { temporaryFolder } from '../support/folders.js';
import { startGatewayProcess } from '../support/gateway-process.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import { CreateBuild, ListBuilds, ListJobs } from '../support/operations.js';

onEachDatabaseAtScale('a gateway whose process is killed', (kind) => {
  let environment: Record<string, string>;
  let gateway: GatewayProcess;

  beforeAll(async () => {
    const dataDir = temporaryFolder();
    const blobs = join(dataDir, 'blobs');
    await writeDevelopmentBlobs(blobs);
    environment = { DATA_DIR: dataDir, DATABASE_URL: await kind.create(), NITRO_BLOBS_DIR: blobs };
    gateway = await startGatewayProcess(environment);
  });
  afterAll(() => gateway.kill('SIGKILL'));

  const restart = async (signal: 'SIGKILL' | 'SIGTERM') => {
    await gateway.kill(signal);
    gateway = await startGatewayProcess(environment);
  };

  const stored = new Set<number>();

  /** An image in the store, made once per size. */
  const storeImage = async (sizeMib: number) => {
    const { body } = await gateway.send('{ viewer { account { id } } }');
    const store = new Store(join(environment.DATA_DIR!, 'store'));
    const repository = store.repository(body.data.viewer.account.id, 'acme/hello');
    if (!stored.has(sizeMib)) await writeSampleImage(repository, String(sizeMib), sizeMib);
    stored.add(sizeMib);
    return { inputImage: { name: `${new URL(gateway.url).host}/acme/hello:${sizeMib}` } };
  };

  it('has every one of 100 builds that it acknowledged', async () => {
    const create = async (index: number) => {
      const dockerInfo = { dockerImageName: `parallel-${index}`, dockerVersion: '1' };
      const { createBuild } = await gateway.ask(CreateBuild, { input: { dockerInfo } });
      expect(createBuild.userErrors).toEqual([]);
      return createBuild.build!.id;
    };
    const acknowledged = await Promise.all(Array.from({ length: 100 }, (_, index) => create(index)));
    await restart('SIGKILL');
    const { builds } = await gateway.ask(ListBuilds, { first: 200, filter: { text: 'parallel-' } });
    expect(builds.edges.map(({ node }) => node.id).sort()).toEqual([...acknowledged].sort());
    expect(new Set(acknowledged).size).toBe(100);
  });

  it.each([
    ['PULLING', [2]],
    ['BUILDING', [2]],
    // Pushing into the store is a rename: the job may be done before the signal arrives.
    ['PUSHING', [1, 2]],
  ] as const)('finishes a conversion once that it was killed in while %s', async (step, attempts) => {
    const input = await storeImage(64);
    const before = (await gateway.ask(ListBuilds, {})).builds.totalCount;
    const jobId = await startConversion(gateway, input);
    await reached(gateway, jobId, step);
    await restart('SIGKILL');
    const events = await eventsOf(gateway, jobId);
    expect(events.at(-1)).toMatchObject({ status: 'SUCCEEDED' });
    expect(events.filter(({ status, kind: what }) => what === 'STATUS' && status === 'SUCCEEDED')).toHaveLength(1);
    expect((await gateway.ask(ListBuilds, {})).builds.totalCount).toBe(before + 1);
    expect(attempts).toContain((await showJob(gateway, jobId)).attempt);
  });

  it('hands running jobs back on SIGTERM, ends well, and goes on with them at the next start', async () => {
    const jobId = await startConversion(gateway, await storeImage(64));
    await reached(gateway, jobId, 'PULLING');
    expect(await gateway.kill('SIGTERM')).toBe(0);
    gateway = await startGatewayProcess(environment);
    const events = await eventsOf(gateway, jobId);
    const statuses = events.filter(({ kind: what }) => what === 'STATUS').map(({ status }) => status);
    expect(statuses).toEqual(['QUEUED', 'RUNNING', 'QUEUED', 'RUNNING', 'SUCCEEDED']);
  });

  it('starts a conversion again whose own process alone was killed', async () => {
    const jobId = await startConversion(gateway, await storeImage(64));
    await reached(gateway, jobId, 'PULLING');
    const [child] = readFileSync(`/proc/${gateway.pid}/task/${gateway.pid}/children`, 'utf8').split(' ');
    // No child would be '', and process.kill(0) the end of the tests themselves.
    expect(child).toMatch(/^[1-9]\d*$/);
    process.kill(Number(child), 'SIGKILL');
    const events = await eventsOf(gateway, jobId);
    expect(events.at(-1)).toMatchObject({ status: 'SUCCEEDED' });
    expect((await showJob(gateway, jobId)).attempt).toBe(2);
  });

  it('cancels a conversion while it runs, and stops its process at once', async () => {
    const jobId = await startConversion(gateway, await storeImage(64));
    await reached(gateway, jobId, 'PULLING');
    const { body } = await gateway.send(`mutation { cancelJob(input: { jobId: "${jobId}" }) { job { status } } }`);
    expect(body.data.cancelJob.job.status).toBe('CANCELLED');
    expect((await eventsOf(gateway, jobId)).at(-1)).toMatchObject({ status: 'CANCELLED' });
    // The next job gets its turn only once the process of this one has ended.
    const next = await startConversion(gateway, await storeImage(4));
    expect((await eventsOf(gateway, next)).at(-1)).toMatchObject({ status: 'SUCCEEDED' });
    expect((await showJob(gateway, jobId)).build).toBeNull();
    const { jobs } = await gateway.ask(ListJobs, { filter: { status: ['RUNNING', 'QUEUED'] } });
    expect(jobs.nodes).toEqual([]);
  });

  it('leaves no temporary files behind', async () => {
    await restart('SIGTERM');
    const folders = [join(environment.DATA_DIR!, 'spool'), join(environment.DATA_DIR!, 'store', 'tmp')];
    expect(folders.flatMap((folder) => readdirSync(folder))).toEqual([]);
  });
});

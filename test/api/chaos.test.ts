import { join } from 'node:path';
import { ENTITIES, MIGRATIONS } from '../../src/app-database.js';
import { createDataSource } from '../../src/db/database.js';
import { writeDevelopmentBlobs } from '../../src/demo/development-blobs.js';
import { JobStatus } from '../../src/events/job-event.entity.js';
import type { Job } from '../../src/jobs/job.entity.js';
import type { ChaosClients } from '../support/chaos-clients.js';
import { ChaosDriver, planOf } from '../support/chaos-driver.js';
import { ChaosGateway } from '../support/chaos-gateway.js';
import { pushImages } from '../support/chaos-images.js';
import { randomOf } from '../support/chaos-random.js';
import { startFlakyRegistry } from '../support/chaos-registry.js';
import type { FlakyRegistry } from '../support/chaos-registry.js';
import { expectSoundFiles, expectSoundImages, expectSoundRows } from '../support/chaos-verdict.js';
import { onEachDatabase } from '../support/databases.js';
import { temporaryFolder } from '../support/folders.js';
import { startRegistry } from '../support/registry.js';
import type { TestRegistry } from '../support/registry.js';
import { newSigner } from '../support/signers.js';

const SCALE = Number(process.env.TEST_SCALE ?? 1);
/** On each database; 200 at full scale, which is 25. */
const CONVERSIONS = SCALE > 1 ? 8 * SCALE : 4;
/** By the same seed a registry fails in the same way, and the same is done to jobs. */
const SEED = Number(process.env.CHAOS_SEED ?? Math.floor(Math.random() * 2 ** 32));
const TIMEOUT_MS = 180_000 * SCALE;

onEachDatabase(`jobs among kills, cancels and a failing registry (CHAOS_SEED=${SEED})`, (kind) => {
  let registry: TestRegistry;
  let flaky: FlakyRegistry;
  let gateway: ChaosGateway;
  let driver: ChaosDriver;
  let dataDir: string;
  let databaseUrl: string;
  const random = randomOf(SEED);
  const plan = planOf(random, CONVERSIONS);

  beforeAll(async () => {
    registry = await startRegistry();
    flaky = await startFlakyRegistry(registry.host, SEED);
    dataDir = temporaryFolder();
    databaseUrl = kind.name === 'SQLite' ? join(dataDir, 'catalog.sqlite') : await kind.create();
    await Promise.all([pushImages(registry.host), writeDevelopmentBlobs(join(dataDir, 'blobs'))]);
    gateway = new ChaosGateway({
      ...{ DATA_DIR: dataDir, DATABASE_URL: databaseUrl, NITRO_BLOBS_DIR: join(dataDir, 'blobs') },
      ...{ UPSTREAM_ALLOW: flaky.host, SIGN_UP: 'open', JOB_CONCURRENCY: '3', LAYER_CACHE_MIB: '3' },
      // No program is there: its processes are known by it.
      PATH: `${process.env.PATH}:${dataDir}`,
    });
    const world = { host: flaky.host, signer: newSigner(temporaryFolder(), 'prime256v1') };
    driver = new ChaosDriver(gateway, world, random);
  });
  afterAll(async () => {
    await gateway.end('SIGKILL').catch(() => undefined);
    await Promise.all([flaky.close(), registry.stop()]);
  });

  const readJobs = async (): Promise<Job[]> => {
    const source = createDataSource({ url: databaseUrl, entities: ENTITIES, migrations: MIGRATIONS });
    await source.initialize();
    return expectSoundRows(source).finally(() => source.destroy());
  };

  it(
    `all end after ${CONVERSIONS} conversions, with one build each and nothing left behind`,
    async () => {
      const startedAt = Date.now();
      await driver.follow(plan);
      flaky.calm();
      await driver.settle();
      const retries = await driver.retryFailed(Math.ceil(CONVERSIONS / 8));
      await driver.settle();
      expect(await driver.clients.watched()).toEqual([]);
      await gateway.end('SIGTERM');

      expect(await gateway.leftOver()).toEqual([]);
      expect(gateway.errors()).toEqual([]);
      await expectSoundFiles(dataDir);
      const jobs = await readJobs();
      expectAnswersKept(driver.clients, jobs);
      // With a registry that does what it should nothing fails.
      const failedAgain = jobs.filter(({ id, status }) => retries.includes(id) && status === JobStatus.FAILED);
      expect(failedAgain).toEqual([]);
      await expectSoundImages(jobs, dataDir, registry.host);
      if (SCALE > 1)
        tell({ database: kind.name, seconds: (Date.now() - startedAt) / 1000, faults: flaky.faults }, jobs);
    },
    TIMEOUT_MS,
  );

  const tell = (facts: object, jobs: Job[]) => {
    const counts = {
      ...{ deeds: countBy(plan, (deed) => deed), outcomes: countBy(jobs, ({ status }) => status), jobs: jobs.length },
      failures: countBy(jobs, ({ failure }) => failure?.code ?? 'none'),
      ...{ runs: jobs.reduce((sum, { attempt }) => sum + attempt, 0), seed: SEED },
    };
    console.info({ ...facts, ...counts });
  };
});

/** What the gateway said over its interfaces is what the rows say. */
function expectAnswersKept({ acknowledged, cancelled, byKey, seen }: ChaosClients, jobs: Job[]): void {
  const byId = new Map(jobs.map((job) => [job.id, job]));
  expect([...acknowledged].filter((id) => !byId.has(id))).toEqual([]);
  expect([...cancelled].filter((id) => byId.get(id)!.status !== JobStatus.CANCELLED)).toEqual([]);
  expect([...byKey].filter(([, ids]) => ids.size !== 1)).toEqual([]);
  for (const [id, seqs] of seen) {
    expect(seqs).toEqual(Array.from({ length: byId.get(id)!.lastSeq }, (_, index) => index + 1));
  }
}

function countBy<T>(items: T[], nameOf: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[nameOf(item)] = (counts[nameOf(item)] ?? 0) + 1;
  return counts;
}

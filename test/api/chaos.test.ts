import { join } from 'node:path';
import { ENTITIES, MIGRATIONS } from '../../src/app-database.js';
import { createDataSource } from '../../src/db/database.js';
import { writeDevelopmentBlobs } from '../../src/demo/development-blobs.js';
import { ChaosDriver, planOf } from '../support/chaos-driver.js';
import { ChaosGateway } from '../support/chaos-gateway.js';
import { pushImages } from '../support/chaos-images.js';
import { randomOf } from '../support/chaos-random.js';
import { startFlakyRegistry } from '../support/chaos-registry.js';
import {
  countBy,
  expectSoundFiles,
  expectSoundImages,
  expectSoundRows,
  failuresOf,
  statusesOf,
} from '../support/chaos-verdict.js';
import { onEachDatabase } from '../support/databases.js';
import { temporaryFolder } from '../support/folders.js';
import { startRegistry } from '../support/registry.js';
import { newSigner } from '../support/signers.js';

const SCALE = Number(process.env.TEST_SCALE ?? 1);
/** 200 at full scale, which is 25. */
const CONVERSIONS = 8 * SCALE;
/** By the same seed a registry fails in the same way, and the same is done to jobs. */
const SEED = Number(process.env.CHAOS_SEED ?? Math.floor(Math.random() * 2 ** 32));

onEachDatabase('jobs among kills, cancels and a failing registry', (kind) => {
  const settled = `${CONVERSIONS} conversions all end, with one build each and nothing left behind (CHAOS_SEED=${SEED})`;
  it(
    settled,
    async () => {
      const startedAt = Date.now();
      const registry = await startRegistry();
      const flaky = await startFlakyRegistry(registry.host, SEED);
      const dataDir = temporaryFolder();
      const databaseUrl = kind.name === 'SQLite' ? join(dataDir, 'catalog.sqlite') : await kind.create();
      await Promise.all([pushImages(registry.host), writeDevelopmentBlobs(join(dataDir, 'blobs'))]);
      const gateway = new ChaosGateway({
        ...{ DATA_DIR: dataDir, DATABASE_URL: databaseUrl, NITRO_BLOBS_DIR: join(dataDir, 'blobs') },
        ...{ UPSTREAM_ALLOW: flaky.host, SIGN_UP: 'open', JOB_CONCURRENCY: '3', LAYER_CACHE_MIB: '3' },
        // No program is there: its processes are known by it.
        PATH: `${process.env.PATH}:${dataDir}`,
      });
      const random = randomOf(SEED);
      const world = { host: flaky.host, signer: newSigner(temporaryFolder(), 'prime256v1') };
      const driver = new ChaosDriver(gateway, world, random);
      try {
        const plan = planOf(random, CONVERSIONS);
        await driver.follow(plan);
        flaky.calm();
        await driver.settle();
        const retries = await driver.retryFailed(Math.max(2, CONVERSIONS / 8));
        await driver.settle();
        await gateway.end('SIGTERM');

        expect(gateway.processes()).toEqual([]);
        expect(gateway.errors()).toEqual([]);
        await expectSoundFiles(dataDir);
        const source = createDataSource({ url: databaseUrl, entities: ENTITIES, migrations: MIGRATIONS });
        await source.initialize();
        const jobs = await expectSoundRows(source).finally(() => source.destroy());
        const byId = new Map(jobs.map((job) => [job.id, job]));
        expect([...driver.acknowledged].filter((id) => !byId.has(id))).toEqual([]);
        expect([...driver.cancelled].filter((id) => byId.get(id)!.status !== 'CANCELLED')).toEqual([]);
        expect([...driver.byKey].filter(([, ids]) => ids.size !== 1)).toEqual([]);
        // With a registry that does what it should nothing fails.
        const failedAgain = retries.filter((id) => byId.get(id)!.status === 'FAILED');
        expect(failedAgain).toEqual([]);
        await expectSoundImages(jobs, dataDir, registry.host);
        if (SCALE > 1) {
          const figures = {
            ...{ database: kind.name, seed: SEED, seconds: Math.round((Date.now() - startedAt) / 1000) },
            ...{ deeds: countBy(plan, (deed) => deed), faults: Object.fromEntries(flaky.faults), jobs: jobs.length },
            ...{ outcomes: statusesOf(jobs), failures: failuresOf(jobs), retries: retries.length },
            runs: jobs.reduce((sum, { attempt }) => sum + attempt, 0),
          };
          console.info(JSON.stringify(figures, null, 2));
        }
      } finally {
        await gateway.end('SIGKILL').catch(() => undefined);
        await Promise.all([flaky.close(), registry.stop()]);
      }
    },
    60_000 * Math.max(1, SCALE),
  );
});

import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { ENTITIES, MIGRATIONS } from '../../src/app.js';
import { createDataSource } from '../../src/db/database.js';
import { writeDevelopmentBlobs } from '../../src/demo/development-blobs.js';
import { writeSampleImage } from '../../src/demo/sample-image.js';
import { Store } from '../../src/oci/store.js';
import { eventsOf, finished, showJob, startConversion } from '../support/conversions.js';
import { onEachDatabase } from '../support/databases.js';
import { smallImage } from '../support/documents.js';
import type { SmallImage } from '../support/documents.js';
import { temporaryFolder } from '../support/folders.js';
import { startGatewayProcess } from '../support/gateway-process.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import { startHttpFake } from '../support/http-fake.js';
import type { HttpFake } from '../support/http-fake.js';
import { isInstalled } from '../support/requirements.js';

const PASSWORD = 'very-secret-registry-password';

/** A registry with one image, whose layer is sent as `send` says. */
function registryOf(image: SmallImage, send: (layer: Buffer) => Buffer | undefined): RequestListener {
  return (request, response) => {
    const url = request.url ?? '';
    if (url.includes('/manifests/')) {
      return response.setHeader('content-type', image.manifest.mediaType).end(image.manifest.bytes);
    }
    if (url.endsWith(image.configBlob.digest)) return response.end(image.config);
    if (!url.endsWith(image.layerBlob.digest)) return response.writeHead(404).end();
    const body = send(image.layer);
    response.setHeader('content-length', image.layer.length);
    if (body && body.length === image.layer.length) return response.end(body);
    response.write(body ?? image.layer.subarray(0, 2));
    return setImmediate(() => response.destroy());
  };
}

onEachDatabase('a conversion that can not succeed', (kind) => {
  let environment: Record<string, string>;
  let gateway: GatewayProcess;
  let wrongDigest: HttpFake;
  let truncated: HttpFake;

  beforeAll(async () => {
    const image = smallImage();
    wrongDigest = await startHttpFake(registryOf(image, (layer) => Buffer.from(layer).fill('x')));
    truncated = await startHttpFake(registryOf(image, () => undefined));
    const dataDir = temporaryFolder();
    await writeDevelopmentBlobs(join(dataDir, 'blobs'));
    const allow = `${wrongDigest.host},${truncated.host}`;
    const own = { DATA_DIR: dataDir, NITRO_BLOBS_DIR: join(dataDir, 'blobs'), UPSTREAM_ALLOW: allow };
    environment = { ...own, LOG_LEVEL: 'trace', DATABASE_URL: await kind.create() };
    gateway = await startGatewayProcess(environment);
  });
  afterAll(() => Promise.all([gateway.kill('SIGKILL'), wrongDigest.close(), truncated.close()]));

  const convert = async (name: string) => {
    const auth = { username: 'somebody', password: PASSWORD };
    return finished(gateway, await startConversion(gateway, { inputImage: { name, auth } }));
  };

  it('fails on a layer that is not what its digest says', async () => {
    const job = await convert(`${wrongDigest.host}/test/image:1`);
    expect(job).toMatchObject({ status: 'FAILED', build: null, failure: { code: 'DIGEST_MISMATCH' } });
    expect(job.failure!.hint).toMatch(/\w+ \w+/);
  });

  it('fails on a layer that breaks off', async () => {
    const job = await convert(`${truncated.host}/test/image:1`);
    expect(job).toMatchObject({ status: 'FAILED', build: null });
    if (job.failure!.code === 'INTERNAL') console.log(gateway.output());
    expect(['DIGEST_MISMATCH', 'REGISTRY_UNREACHABLE']).toContain(job.failure!.code);
    expect(job.failure!.hint).toMatch(/\w+ \w+/);
  });

  it('keeps the password out of every column, log line, event and answer', async () => {
    // Its job runs while the password is needed: the row holds it sealed.
    const job = await convert(`${truncated.host}/test/image:1`);
    const events = await eventsOf(gateway, job.id);
    const { body } = await gateway.send('{ jobs { nodes { id warnings { message } failure { message hint } } } }');
    expect(JSON.stringify([job, events, body])).not.toContain(PASSWORD);
    expect(gateway.output()).not.toContain(PASSWORD);
    expect(truncated.requests.length).toBeGreaterThan(0);
    const source = await createDataSource({
      url: environment.DATABASE_URL!,
      entities: ENTITIES,
      migrations: MIGRATIONS,
    }).initialize();
    try {
      expect(await everything(source)).not.toContain(PASSWORD);
      const [{ sealed }] = await source.query('SELECT COUNT("sealedCredentials") AS sealed FROM "job"');
      expect(Number(sealed)).toBe(0);
    } finally {
      await source.destroy();
    }
    for (const file of filesIn(environment.DATA_DIR!)) expect(readFileSync(file).includes(PASSWORD)).toBe(false);
  });
});

const canMount = process.getuid?.() === 0 && isInstalled('mount');
if (!canMount && process.env.REQUIRE_ALL === '1')
  throw new Error('A test needs root for a small tmpfs, but REQUIRE_ALL=1');
const describeRoot = canMount ? describe : describe.skip;

describeRoot(`a full disk${canMount ? '' : ' (skipped: a small tmpfs needs root)'}`, () => {
  const dataDir = temporaryFolder();
  const spool = join(dataDir, 'spool');
  let gateway: GatewayProcess;

  beforeAll(async () => {
    mkdirSync(spool);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', spool]);
    await writeDevelopmentBlobs(join(dataDir, 'blobs'));
    gateway = await startGatewayProcess({ DATA_DIR: dataDir, NITRO_BLOBS_DIR: join(dataDir, 'blobs') });
  });
  afterAll(async () => {
    await gateway?.kill('SIGTERM');
    execFileSync('umount', [spool]);
  });

  it('ends a conversion with DISK_FULL and leaves room again', async () => {
    const { body } = await gateway.send('{ viewer { account { id } } }');
    const repository = new Store(join(dataDir, 'store')).repository(body.data.viewer.account.id, 'acme/hello');
    await writeSampleImage(repository, '1', 16);
    const name = `${new URL(gateway.url).host}/acme/hello:1`;
    const job = await finished(gateway, await startConversion(gateway, { inputImage: { name } }));
    expect(job).toMatchObject({
      status: 'FAILED',
      failure: { code: 'DISK_FULL', hint: expect.stringMatching(/space/) },
    });
    expect(readdirSync(spool)).toEqual([]);
    expect((await showJob(gateway, job.id)).finishedAt).not.toBeNull();
  });
});

/** Every row of every table as text. */
async function everything(source: DataSource): Promise<string> {
  const tables = await Promise.all(
    source.entityMetadatas.map(({ tableName }) => source.query(`SELECT * FROM "${tableName}"`)),
  );
  return JSON.stringify(tables);
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

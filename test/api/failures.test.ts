import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { dirname, join } from 'node:path';
import type { DataSource } from 'typeorm';
import { ENTITIES, MIGRATIONS } from '../../src/app-database.js';
import { createDataSource } from '../../src/db/database.js';
import { writeDevelopmentBlobs } from '../../src/demo/development-blobs.js';
import { writeSampleImage } from '../../src/demo/sample-image.js';
import { Store } from '../../src/oci/store.js';
import { eventsOf, finished, showJob, startConversion } from '../support/conversions.js';
import { onEachDatabaseAtScale } from '../support/databases.js';
import { smallImage } from '../support/documents.js';
import type { SmallImage } from '../support/documents.js';
import { temporaryFolder } from '../support/folders.js';
import { startGatewayProcess } from '../support/gateway-process.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import { startHttpFake } from '../support/http-fake.js';
import type { HttpFake } from '../support/http-fake.js';
import { describeWithMounts, mountTmpfs, unmount } from '../support/requirements.js';

const PASSWORD = 'very-secret-registry-password';
/** How it would look in the clear: itself, and as HTTP Basic carries it. */
const SECRETS = [PASSWORD, Buffer.from(`somebody:${PASSWORD}`).toString('base64')];

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

/** Asks for a password, then lets whoever brought one wait for its manifest until `release`. */
function holdingRegistry(image: SmallImage): {
  listener: RequestListener;
  asked: Promise<string>;
  release: () => void;
} {
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  let ask!: (authorization: string) => void;
  const asked = new Promise<string>((resolve) => (ask = resolve));
  const answer = registryOf(image, () => undefined);
  const listener: RequestListener = (request, response) => {
    const { authorization } = request.headers;
    if (authorization === undefined) {
      return response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end();
    }
    ask(authorization);
    return void released.then(() => answer(request, response));
  };
  return { listener, asked, release };
}

onEachDatabaseAtScale('a conversion that can not succeed', (kind) => {
  let environment: Record<string, string>;
  let gateway: GatewayProcess;
  let wrongDigest: HttpFake;
  let truncated: HttpFake;
  let holding: HttpFake;
  let held: ReturnType<typeof holdingRegistry>;

  beforeAll(async () => {
    const image = smallImage();
    wrongDigest = await startHttpFake(registryOf(image, (layer) => Buffer.from(layer).fill('x')));
    truncated = await startHttpFake(registryOf(image, () => undefined));
    held = holdingRegistry(image);
    holding = await startHttpFake(held.listener);
    const dataDir = temporaryFolder();
    await writeDevelopmentBlobs(join(dataDir, 'blobs'));
    const allow = [wrongDigest.host, truncated.host, holding.host].join();
    const own = { DATA_DIR: dataDir, NITRO_BLOBS_DIR: join(dataDir, 'blobs'), UPSTREAM_ALLOW: allow };
    environment = { ...own, LOG_LEVEL: 'trace', DATABASE_URL: await kind.create() };
    gateway = await startGatewayProcess(environment);
  });
  afterAll(() => Promise.all([gateway.kill('SIGKILL'), wrongDigest.close(), truncated.close(), holding.close()]));

  const start = (name: string) => {
    const auth = { username: 'somebody', password: PASSWORD };
    return startConversion(gateway, { inputImage: { name, auth } });
  };
  const convert = async (name: string) => finished(gateway, await start(name));

  it('fails on a layer that is not what its digest says', async () => {
    const job = await convert(`${wrongDigest.host}/test/image:1`);
    expect(job).toMatchObject({ status: 'FAILED', build: null, failure: { code: 'DIGEST_MISMATCH' } });
    expect(job.failure!.hint).toMatch(/\w+ \w+/);
  });

  it('fails on a layer that breaks off', async () => {
    const job = await convert(`${truncated.host}/test/image:1`);
    expect(job).toMatchObject({ status: 'FAILED', build: null });
    expect(['DIGEST_MISMATCH', 'REGISTRY_UNREACHABLE']).toContain(job.failure!.code);
    expect(job.failure!.hint).toMatch(/\w+ \w+/);
  });

  it('keeps the password out of every column, file, log line, event and answer, while its job runs and after', async () => {
    const source = await createDataSource({
      url: environment.DATABASE_URL!,
      entities: ENTITIES,
      migrations: MIGRATIONS,
    }).initialize();
    try {
      const id = await start(`${holding.host}/test/image:1`);
      // From here on the job runs, knows the password and waits for the registry.
      expect(await held.asked).toBe(`Basic ${SECRETS[1]}`);
      expect(await sealedCredentials(source, id)).toMatch(/./);
      expectNoSecret(await everything(source));
      expectNoSecretInFiles(environment);
      expect(await showJob(gateway, id)).toMatchObject({ status: 'RUNNING' });

      held.release();
      const job = await finished(gateway, id);
      expect(job).toMatchObject({ status: 'FAILED' });
      expect(await sealedCredentials(source, id)).toBeNull();
      expectNoSecret(await everything(source));
      expectNoSecretInFiles(environment);
      const { body } = await gateway.send('{ jobs { nodes { id warnings { message } failure { message hint } } } }');
      expectNoSecret(JSON.stringify([job, await eventsOf(gateway, id), body]));
      expectNoSecret(gateway.output());
    } finally {
      held.release();
      await source.destroy();
    }
  });
});

onEachDatabaseAtScale('a full disk', (kind) => {
  describeWithMounts('below the gateway', () => {
    // The image has 16 MiB, and what is made of it a little more. One of 4 MiB fits beside it.
    it.each([
      ['spool', 8],
      ['store', 32],
    ])('ends a conversion with DISK_FULL and leaves room again: %s', async (name, sizeMib) => {
      const dataDir = temporaryFolder();
      const disk = join(dataDir, name);
      mkdirSync(disk);
      mountTmpfs(disk, sizeMib);
      let gateway: GatewayProcess | undefined;
      try {
        await writeDevelopmentBlobs(join(dataDir, 'blobs'));
        const own = { DATA_DIR: dataDir, NITRO_BLOBS_DIR: join(dataDir, 'blobs') };
        gateway = await startGatewayProcess({ ...own, DATABASE_URL: await kind.create() });
        const large = await convertSample(gateway, dataDir, 16);
        expect(large).toMatchObject({
          status: 'FAILED',
          build: null,
          failure: { code: 'DISK_FULL', hint: expect.stringMatching(/space/) },
        });
        expect(large.finishedAt).not.toBeNull();
        const folders = [join(dataDir, 'spool'), join(dataDir, 'store', 'tmp')];
        expect(folders.flatMap((folder) => readdirSync(folder))).toEqual([]);
        expect(await convertSample(gateway, dataDir, 4)).toMatchObject({ status: 'SUCCEEDED', failure: null });
      } finally {
        await gateway?.kill('SIGTERM');
        unmount(disk);
      }
    });
  });
});

async function convertSample(gateway: GatewayProcess, dataDir: string, sizeMib: number) {
  const { body } = await gateway.send('{ viewer { account { id } } }');
  const repository = new Store(join(dataDir, 'store')).repository(body.data.viewer.account.id, 'acme/hello');
  await writeSampleImage(repository, String(sizeMib), sizeMib);
  const name = `${new URL(gateway.url).host}/acme/hello:${sizeMib}`;
  return finished(gateway, await startConversion(gateway, { inputImage: { name } }));
}

async function sealedCredentials(source: DataSource, jobId: string): Promise<string | null> {
  const rows = await source.query('SELECT "id", "sealedCredentials" FROM "job"');
  return rows.find(({ id }: { id: string }) => id === jobId).sealedCredentials;
}

/** Every row of every table as text. */
async function everything(source: DataSource): Promise<string> {
  const tables = await Promise.all(
    source.entityMetadatas.map(({ tableName }) => source.query(`SELECT * FROM "${tableName}"`)),
  );
  return JSON.stringify(tables);
}

function expectNoSecret(text: string): void {
  for (const secret of SECRETS) expect(text).not.toContain(secret);
}

/** Those under DATA_DIR, and those of the database. */
function expectNoSecretInFiles({ DATA_DIR, DATABASE_URL }: Record<string, string>): void {
  const database = DATABASE_URL!.includes('://') ? [] : filesIn(dirname(DATABASE_URL!));
  const files = [...filesIn(DATA_DIR!), ...database];
  expect(files).toContain(join(DATA_DIR!, 'secrets.key'));
  for (const file of files) {
    const bytes = readFileSync(file);
    expect([file, ...SECRETS.filter((secret) => bytes.includes(secret))]).toEqual([file]);
  }
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

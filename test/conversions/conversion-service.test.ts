import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { App } from '../../src/apps/app.entity.js';
import { AppService } from '../../src/apps/app.service.js';
import type { DefaultNitroEnclavesBuildSettings } from '../../src/apps/app-settings.js';
import type { Principal } from '../../src/auth/principal.js';
import { Build } from '../../src/builds/build.entity.js';
import { BuildService } from '../../src/builds/build.service.js';
import { ConversionHandler } from '../../src/conversions/conversion-handler.js';
import type { ConversionRequest } from '../../src/conversions/conversion-request.js';
import type { ConvertNitroImageInput } from '../../src/conversions/conversion.input.js';
import { ConversionService } from '../../src/conversions/conversion.service.js';
import type { StartOptions } from '../../src/conversions/conversion.service.js';
import { JobChild } from '../../src/conversions/job-child.js';
import { RegistryCredentialService } from '../../src/credentials/registry-credential.service.js';
import { writeDevelopmentBlobs } from '../../src/demo/development-blobs.js';
import { writeSampleImage } from '../../src/demo/sample-image.js';
import { JobEvents } from '../../src/events/job-events.js';
import { InProcessWaker } from '../../src/events/waker.js';
import { Job } from '../../src/jobs/job.entity.js';
import { JobService } from '../../src/jobs/job.service.js';
import { Worker } from '../../src/jobs/worker.js';
import { OwnNames } from '../../src/lib/own-names.js';
import { Seal } from '../../src/lib/seal.js';
import { parseReference } from '../../src/oci/reference.js';
import { Store } from '../../src/oci/store.js';
import { TaskService } from '../../src/tasks/task.service.js';
import { openTestDatabase } from '../db/test-database.js';
import type { TestDatabase } from '../db/test-database.js';
import { capturedLogger } from '../lib/captured-logger.js';
import { onEachDatabase } from '../support/databases.js';
import { temporaryFolder } from '../support/folders.js';

const INPUT = { inputImage: { name: 'localhost/acme/hello:1' } };

onEachDatabase('starting a conversion', (kind) => {
  let database: TestDatabase;
  let principal: Principal;
  let conversions: ConversionService;
  let conversionsWith: (canSign: boolean) => ConversionService;
  let apps: AppService;
  let worker: Worker;
  let store: Store;

  beforeAll(async () => {
    database = await openTestDatabase(kind);
    const { reader, inTransaction } = database;
    const folder = temporaryFolder();
    const [storeDir, spoolDir, blobsDir] = [join(folder, 'store'), join(folder, 'spool'), join(folder, 'blobs')];
    await writeDevelopmentBlobs(blobsDir);
    store = new Store(storeDir);
    const names = new OwnNames('localhost');
    const seal = new Seal(randomBytes(32));
    const tasks = new TaskService(reader);
    apps = new AppService(reader, tasks);
    const builds = new BuildService(apps, tasks, names, { uniqueMrenclave: true });
    const jobs = new JobService(new JobEvents(reader, new InProcessWaker()), seal);
    const logins = new RegistryCredentialService(reader, seal, parseReference);
    const environment = { PATH: process.env.PATH };
    const cache = { cacheDir: join(folder, 'layers'), cacheBytes: 0 };
    const settings = {
      storeDir,
      spoolDir,
      blobsDir,
      ...cache,
      upstream: { allow: [] },
      environment,
      timeoutMs: 60_000,
    };
    const handler = new ConversionHandler(new JobChild(settings, store), { apps, builds, logins, names });
    worker = new Worker(jobs, [handler], inTransaction, capturedLogger().logger);
    // Jobs wait until a test runs them.
    const queue = { add: () => undefined, close: () => Promise.resolve() };
    conversionsWith = (canSign) =>
      new ConversionService({ apps, jobs, queue, inTransaction }, { names, canSign }, blobsDir);
    conversions = conversionsWith(false);
  });
  beforeEach(async () => {
    principal = await database.createPrincipal();
  });
  afterAll(() => database.close());

  const createApp = (nitroEnclaves?: DefaultNitroEnclavesBuildSettings): Promise<App> =>
    database.inTransaction((tx) =>
      apps.create(tx, principal, { name: 'hello', defaultBuildSettings: nitroEnclaves && { nitroEnclaves } }),
    );
  const setDefaults = (id: string, nitroEnclaves: DefaultNitroEnclavesBuildSettings) =>
    database.inTransaction((tx) => apps.update(tx, principal, id, { defaultBuildSettings: { nitroEnclaves } }));
  const start = (more: Partial<ConvertNitroImageInput> = {}, options?: StartOptions) =>
    conversions.start(principal, { ...INPUT, ...more }, options);
  const nitroOf = (job: Job) => (job.input as ConversionRequest).nitro;
  const ended = async ({ id }: Job) => {
    await writeSampleImage(store.repository(principal.accountId, 'acme/hello'), '1', 2);
    await worker.work(id);
    return database.reader.findOneByOrFail(Job, { id });
  };

  it('takes from the app what the request leaves out, and nothing that it says', async () => {
    const { id: appId } = await createApp({
      cpuCount: 4,
      memSizeMb: 4096,
      enableOverlayFilesystemPersistence: true,
    });
    expect(nitroOf(await start({ appId }))).toEqual({
      ...{ cpuCount: 4, memSizeMb: 4096, enableOverlayFilesystemPersistence: true },
    });
    const nitroEnclavesOptions = { cpuCount: 2, enableOverlayFilesystemPersistence: false };
    expect(nitroOf(await start({ appId, nitroEnclavesOptions }))).toEqual({
      ...{ cpuCount: 2, memSizeMb: 4096, enableOverlayFilesystemPersistence: false },
    });
  });

  it.each([
    [undefined, undefined, undefined, false],
    [undefined, undefined, true, true],
    [undefined, false, true, false],
    [undefined, true, undefined, true],
    [false, true, true, false],
    [true, false, undefined, true],
  ])('has for an overlay of %s, an app with %s and the default %s the value %s', async (given, ofApp, other, value) => {
    const { id: appId } = await createApp({ enableOverlayFilesystemPersistence: ofApp });
    const nitroEnclavesOptions = { enableOverlayFilesystemPersistence: given };
    const job = await start({ appId, nitroEnclavesOptions }, { overlayDefault: other });
    expect(nitroOf(job).enableOverlayFilesystemPersistence).toBe(value);
  });

  it('has no defaults without an app', async () => {
    expect(nitroOf(await start())).toEqual({ enableOverlayFilesystemPersistence: false });
  });

  it('takes 0 in the defaults of an app for what is not set', async () => {
    const { id: appId } = await createApp({ cpuCount: 0, memSizeMb: 0 });
    expect(nitroOf(await start({ appId }))).toEqual({ enableOverlayFilesystemPersistence: false });
    const nitroEnclavesOptions = { cpuCount: 2, memSizeMb: 128 };
    expect(nitroOf(await start({ appId, nitroEnclavesOptions }))).toMatchObject(nitroEnclavesOptions);
  });

  it.each([{ cpuCount: -1 }, { memSizeMb: 63 }])(
    'refuses an app whose defaults no enclave can have: %j',
    async (defaults) => {
      const { id: appId } = await createApp();
      const defaultBuildSettings = { nitroEnclaves: defaults };
      const { accountId } = principal;
      await database.inTransaction((tx) => tx.manager.update(App, { accountId, id: appId }, { defaultBuildSettings }));
      await expect(start({ appId })).rejects.toMatchObject({
        ...{ code: 'BAD_USER_INPUT', message: expect.stringContaining('default build settings of the app') },
        field: ['nitroEnclavesOptions', Object.keys(defaults)[0]],
      });
    },
  );

  it('answers the same job to the same key after the defaults of the app changed, or the app is gone', async () => {
    const { id: appId } = await createApp({ cpuCount: 2 });
    const first = await start({ appId, idempotencyKey: 'once' });
    await setDefaults(appId, { cpuCount: 4 });
    const second = await start({ appId, idempotencyKey: 'once' });
    expect([second.id, nitroOf(second).cpuCount]).toEqual([first.id, 2]);
    await expect(start({ appId, idempotencyKey: 'once', nitroEnclavesOptions: { cpuCount: 2 } })).rejects.toMatchObject(
      { code: 'CONFLICT' },
    );
    expect(nitroOf(await start({ appId, idempotencyKey: 'again' })).cpuCount).toBe(4);
    await database.inTransaction((tx) => apps.delete(tx, principal, appId));
    expect((await start({ appId, idempotencyKey: 'once' })).id).toBe(first.id);
    await expect(start({ appId, idempotencyKey: 'new' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('answers the same job to the same key after the gateway got a key to sign with', async () => {
    const idempotencyKey = 'before the key';
    const first = await start({ idempotencyKey });
    const signing = conversionsWith(true);
    expect((await signing.start(principal, { ...INPUT, idempotencyKey })).id).toBe(first.id);
    const later = await signing.start(principal, INPUT);
    expect((later.input as ConversionRequest).signing).toEqual({ by: 'GATEWAY' });
    expect(later.outputImage?.name).not.toBe(first.outputImage?.name);
    const asked = { ...INPUT, idempotencyKey, signing: { by: 'GATEWAY' as const } };
    await expect(signing.start(principal, asked)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('joins an equal conversion only where told so, whatever the app says by now', async () => {
    const { id: appId } = await createApp({ cpuCount: 2 });
    const [first, apart] = [await start({ appId }, { join: true }), await start({ appId })];
    expect(apart.id).not.toBe(first.id);
    await setDefaults(appId, { cpuCount: 4 });
    expect((await start({ appId }, { join: true })).id).toBe(first.id);
    expect((await start({ appId }, { join: true, overlayDefault: true })).id).not.toBe(first.id);
    expect((await start({ appId }, { join: true, register: false })).id).not.toBe(first.id);
  });

  it('registers the build without its app, with a warning, where that was deleted meanwhile', async () => {
    const { id: appId } = await createApp();
    const job = await start({ appId: appId.toUpperCase() });
    await database.inTransaction((tx) => apps.delete(tx, principal, appId));
    const { status, buildId, warnings } = await ended(job);
    const warning = { code: 'APP_DELETED', message: expect.stringContaining(appId.toUpperCase()) };
    expect([status, warnings.at(-1)]).toEqual(['SUCCEEDED', warning]);
    const build = await database.reader.findOneByOrFail(Build, { id: buildId! });
    expect(build).toMatchObject({ appId: null, appName: null, warnings });
  });

  it('registers the build with its app, by its id in either case', async () => {
    const { id: appId } = await createApp({ cpuCount: 3 });
    const { buildId } = await ended(await start({ appId: appId.toUpperCase() }));
    const build = await database.reader.findOneByOrFail(Build, { id: buildId! });
    expect(build).toMatchObject({ appId, appName: 'hello', cpuCount: 3, enableOverlayFilesystemPersistence: false });
  });

  it('registers nothing where told so, and tells what it measured', async () => {
    const registered = await ended(await start());
    const job = await ended(await start({}, { register: false }));
    expect(job).toMatchObject({ status: 'SUCCEEDED', buildId: null });
    expect(job.outputImage).toEqual(registered.outputImage);
    expect(job.outputImage).toMatchObject({
      digest: expect.stringMatching(/^sha256:/),
      imageId: expect.stringMatching(/^[0-9a-f]{64}$/),
      sizeBytes: expect.any(Number),
    });
    const build = await database.reader.findOneByOrFail(Build, { id: registered.buildId! });
    const [attributes] = build.attributes as unknown as [Record<string, string>];
    expect(job.outputImage!.measurements).toEqual(
      ['pcr0', 'pcr1', 'pcr2'].map((name) => ({ platform: 'NITRO_ENCLAVE', name, value: attributes[name] })),
    );
    expect(await database.reader.countBy(Build, { accountId: principal.accountId })).toBe(1);
  });
});

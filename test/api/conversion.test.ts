import { join } from 'node:path';
import {
  eventsOf,
  finished,
  showJob,
  startConversion,
  startConvertingGateway,
  storeSampleImage,
} from '../support/conversions.js';
import type { JobEvent } from '../support/conversions.js';
import { onEachDatabaseAtScale } from '../support/databases.js';
import type { TestGateway } from '../support/gateway.js';
import { CancelJob, Convert, CreateApp } from '../support/operations.js';

onEachDatabaseAtScale('a conversion within the store', (kind) => {
  let gateway: TestGateway;
  let image: string;
  let large: string;

  beforeAll(async () => {
    gateway = await startConvertingGateway({ DATABASE_URL: await kind.create() });
    image = await storeSampleImage(gateway, 'acme/hello');
    large = await storeSampleImage(gateway, 'acme/large', 48);
  });

  afterAll(() => gateway.close());

  it('registers one build with the measurements, for review', async () => {
    const { createApp } = await gateway.ask(CreateApp, { input: { name: 'hello' } });
    const appId = createApp.app!.id;
    const jobId = await startConversion(gateway, {
      appId,
      inputImage: { name: image },
      nitroEnclavesOptions: { cpuCount: 2 },
    });
    const events = await eventsOf(gateway, jobId);
    const job = await showJob(gateway, jobId);

    expect(job.status).toBe('SUCCEEDED');
    expect(job.build).toMatchObject({
      status: { status: 'PENDING' },
      pendingTask: { id: expect.any(String) },
      architecture: 'AMD64',
      cpuCount: 2,
      job: { id: jobId },
      dockerInfo: {
        dockerImageName: `${new URL(gateway.url).host}/acme/hello`,
        dockerVersion: expect.stringMatching(/^1-eif-[0-9a-f]{8}$/),
        dockerImageSha: expect.stringMatching(/^[0-9a-f]{64}$/),
        exposedPorts: [{ port: 8080, protocol: 'TCP' }],
      },
      attributes: [{ key: 'nitro_enclave', hashAlgorithm: 'SHA384', pcr0: expect.stringMatching(/^[0-9a-f]{96}$/) }],
    });
    expect(job.bootBlobs.map(({ name }) => name)).toEqual(['bzImage', 'bzImage.config', 'cmdline', 'init']);
    const warnings = job.warnings.map(({ code }) => code);
    expect(warnings).toEqual(['NOT_BOOTABLE', 'WORKDIR_IGNORED']);
    expect(job.build!.warnings).toEqual(job.warnings);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    const steps = [...new Set(events.flatMap(({ step }) => step ?? []))];
    expect(steps).toEqual(['PULLING', 'FLATTENING', 'BUILDING', 'MEASURING', 'PUSHING', 'REGISTERING']);
    const statuses = events.filter((event) => event.kind === 'STATUS').map(({ status }) => status);
    expect(statuses).toEqual(['QUEUED', 'RUNNING', 'SUCCEEDED']);
    expect(events.at(-1)?.build).toEqual({ id: job.build!.id, app: { id: appId } });
  });

  it('gives the same digest and measurements for the same input, and a build of its own each time', async () => {
    const input = { inputImage: { name: image } };
    const [first, second] = [await startConversion(gateway, input), await startConversion(gateway, input)];
    const [one, two] = [await finished(gateway, first), await finished(gateway, second)];
    expect(one.outputImage?.digest).toMatch(/^sha256:/);
    expect(two.outputImage).toEqual(one.outputImage);
    expect(two.build!.attributes).toEqual(one.build!.attributes);
    expect(two.build!.id).not.toBe(one.build!.id);
  });

  it('answers the same job for the same idempotency key, and CONFLICT for another input', async () => {
    const input = { inputImage: { name: image }, idempotencyKey: 'once' };
    const ids = await Promise.all([1, 2, 3].map(() => startConversion(gateway, input)));
    expect(new Set(ids).size).toBe(1);
    const other = await gateway.ask(Convert, { input: { ...input, converterOptions: { entrypoint: ['/other'] } } });
    expect(other.convertNitroImage).toMatchObject({
      job: null,
      userErrors: [{ code: 'CONFLICT', field: ['idempotencyKey'] }],
    });
    await finished(gateway, ids[0]!);
  });

  it('lets subscribers that join late, reconnect or come after the end see the same numbered list', async () => {
    const jobId = await startConversion(gateway, { inputImage: { name: large } });
    let seen = 0;
    let seenAtJoin: number | undefined;
    let late: Promise<JobEvent[]> | undefined;
    let rest: Promise<JobEvent[]> | undefined;
    const whole = await eventsOf(gateway, jobId, 0, (soFar) => {
      seen = soFar.length;
      if (seen !== 3) return;
      late = eventsOf(gateway, jobId, 0, () => (seenAtJoin ??= seen));
      rest = eventsOf(gateway, jobId, 2);
    });
    expect(await late).toEqual(whole);
    expect(await rest).toEqual(whole.slice(2));
    expect(await eventsOf(gateway, jobId)).toEqual(whole);
    // The job went on after the late one had its first event.
    expect(seenAtJoin).toBeLessThan(whole.length);
  });

  it('finds a job by its id in either case', async () => {
    const jobId = await startConversion(gateway, { inputImage: { name: image } });
    expect(jobId).toMatch(/^[0-9a-f]{24}$/);
    expect((await finished(gateway, jobId)).id).toBe(jobId);
    expect((await showJob(gateway, jobId.toUpperCase())).id).toBe(jobId);
  });

  it('answers CONFLICT to cancelling a job that ended otherwise', async () => {
    const jobId = await startConversion(gateway, { inputImage: { name: image } });
    await finished(gateway, jobId);
    const { cancelJob } = await gateway.ask(CancelJob, { jobId });
    expect(cancelJob).toMatchObject({ job: null, userErrors: [{ code: 'CONFLICT' }] });
  });

  it('cancels a job at once, and again without complaint', async () => {
    const jobId = await startConversion(gateway, { inputImage: { name: large } });
    const { cancelJob } = await gateway.ask(CancelJob, { jobId });
    expect(cancelJob.job).toEqual({ id: jobId, status: 'CANCELLED' });
    const again = await gateway.ask(CancelJob, { jobId });
    expect(again.cancelJob.job).toEqual({ id: jobId, status: 'CANCELLED' });
    const events = await eventsOf(gateway, jobId);
    expect(events.at(-1)).toMatchObject({ kind: 'STATUS', status: 'CANCELLED' });
    expect((await showJob(gateway, jobId)).build).toBeNull();
  });

  it('fails with a code and a hint where the image does not exist', async () => {
    const name = `${new URL(gateway.url).host}/acme/nothing:1`;
    const job = await finished(gateway, await startConversion(gateway, { inputImage: { name } }));
    expect(job).toMatchObject({
      status: 'FAILED',
      build: null,
      failure: { code: 'IMAGE_NOT_FOUND', hint: expect.stringMatching(/./) },
    });
  });

  it('answers what to install where there are no boot blobs', async () => {
    const bare = await startConvertingGateway({ NITRO_BLOBS_DIR: join(gateway.dataDir, 'blobs-for-amd64') });
    const input = { inputImage: { name: image }, architecture: 'ARM64' as const };
    const { convertNitroImage } = await bare.ask(Convert, { input });
    expect(convertNitroImage.userErrors).toMatchObject([
      { code: 'FEATURE_NOT_SUPPORTED', message: expect.stringContaining('aws-nitro-enclaves-cli-devel') },
    ]);
    await bare.close();
  });
});

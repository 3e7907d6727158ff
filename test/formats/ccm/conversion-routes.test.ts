import { JobStep } from '../../../src/events/job-step.js';
import { JobFailureCode } from '../../../src/lib/job-failure.js';
import { CcmServer } from './ccm-server.js';
import { emptyBuild, wireConversion } from './documents.js';
import { itWithVendor } from './vendor.js';

const CONVERT = '/v1/builds/convert-app/nitro-enclaves';
const build = emptyBuild();
const done = { type: 'succeeded', buildId: build.id, outputImage: null } as const;
const body = JSON.stringify(wireConversion('d9428888-122b-11e1-b85c-61cd3cbb3210'));

let server: CcmServer;
beforeEach(async () => {
  server = await new CcmServer().start();
  server.builds.set(build.id, build);
});
afterEach(async () => {
  await server.close();
  expect(server.errors).toEqual([]);
});

const convert = (headers: Record<string, string> = {}, signal?: AbortSignal) =>
  server.ask(CONVERT, { method: 'POST', headers, body, signal });
const follow = (id = server.job.id) => server.ask(`/v1/builds/convert-app/jobs/${id}`);
const fail = (code: JobFailureCode) =>
  server.change({ type: 'failed', failure: { code, message: 'It went wrong.', hint: 'Do this.' } });

describe("CCM's conversion call", () => {
  it('waits for the build', async () => {
    const waits = server.someoneWaits();
    const answer = convert();
    await waits;
    server.change({ type: 'started' });
    server.change({ type: 'progressed', step: JobStep.PULLING, progress: 10 });
    server.change(done);
    const response = await answer;
    const wire: unknown = await response.json();
    expect([response.status, wire]).toMatchObject([200, { build_id: build.id }]);
    const [{ input, join }] = server.started as [(typeof server.started)[0]];
    expect([input.inputImage.auth?.password, input.idempotencyKey, join]).toEqual(['secret', undefined, true]);
  });

  itWithVendor('answers a build such as the vendor describes', async (check) => {
    server.change(done);
    expect(check('Build', await (await convert()).json())).toEqual([]);
  });

  it('answers at once where an equal request has its build already', async () => {
    server.change(done);
    const response = await convert({ 'idempotency-key': 'mine' });
    expect(response.status).toBe(200);
    expect(server.started).toMatchObject([{ input: { idempotencyKey: 'mine' }, join: false }]);
  });

  it('leaves what it does not say to the app, and asks for the overlay where that says nothing either', async () => {
    server.change(done);
    await convert();
    expect(server.started).toMatchObject([{ overlayDefault: true }]);
    expect(server.started[0]!.input.nitroEnclavesOptions).not.toHaveProperty('enableOverlayFilesystemPersistence');
  });

  it('goes on when the client hangs up', async () => {
    const client = new AbortController();
    const waits = server.someoneWaits();
    const answer = convert({}, client.signal);
    await waits;
    client.abort();
    await expect(answer).rejects.toThrow();
    const waitsAgain = server.someoneWaits();
    const again = convert();
    await waitsAgain;
    server.change(done);
    expect((await again).status).toBe(200);
  });

  it('asks to come back where the gateway stops', async () => {
    const waits = server.someoneWaits();
    const answers = [convert(), convert()];
    await waits;
    server.stopping.abort();
    for (const response of await Promise.all([...answers, convert()])) {
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '10']);
      expect(await response.json()).toMatchObject({ code: 'UNDERGOING_MAINTENANCE' });
    }
  });

  it('goes on waiting where another process took the job over', async () => {
    const waits = server.someoneWaits();
    const answer = convert();
    await waits;
    server.change({ type: 'started' });
    server.change({ type: 'queued' });
    server.change({ type: 'started' });
    server.change(done);
    expect((await answer).status).toBe(200);
  });

  it.each([
    [JobFailureCode.IMAGE_NOT_FOUND, 400, 'BAD_REQUEST'],
    [JobFailureCode.REGISTRY_UNAUTHORIZED, 400, 'BAD_REQUEST'],
    [JobFailureCode.REGISTRY_FORBIDDEN_ADDRESS, 400, 'BAD_REQUEST'],
    [JobFailureCode.IMAGE_INVALID, 400, 'BAD_REQUEST'],
    [JobFailureCode.REGISTRY_UNREACHABLE, 502, 'BAD_GATEWAY'],
    [JobFailureCode.DIGEST_MISMATCH, 502, 'BAD_GATEWAY'],
    [JobFailureCode.BLOBS_MISSING, 501, 'FEATURE_NOT_SUPPORTED'],
    [JobFailureCode.INTERNAL, 500, 'INTERNAL_SERVER_ERROR'],
  ])('answers %s with %i %s', async (failure, status, code) => {
    fail(failure);
    for (const response of [await convert(), await follow()]) {
      expect([response.status, await response.json()]).toEqual([status, { code, message: 'It went wrong. Do this.' }]);
    }
  });

  it('answers a cancelled conversion with 409', async () => {
    const waits = server.someoneWaits();
    const answer = convert();
    await waits;
    server.change({ type: 'cancelled' });
    expect([(await answer).status, (await follow()).status]).toEqual([409, 409]);
  });

  it('answers 404 where the build is gone', async () => {
    server.change(done);
    server.builds.clear();
    expect((await convert()).status).toBe(404);
    server.job.buildId = null;
    expect([(await convert()).status, (await follow()).status]).toEqual([404, 404]);
  });

  it('refuses a key that is empty or too long', async () => {
    for (const key of ['', 'k'.repeat(256)]) {
      const response = await convert({ 'idempotency-key': key });
      expect([response.status, await response.json()]).toMatchObject([400, { code: 'INVALID_HEADER' }]);
    }
    expect(server.started).toEqual([]);
  });
});

describe('not waiting for a conversion', () => {
  it.each(['respond-async', 'wait=10, Respond-Async; x=1'])('is asked for by Prefer: %s', async (prefer) => {
    const response = await convert({ prefer });
    expect(response.status).toBe(202);
    expect(response.headers.get('location')).toBe(`/v1/builds/convert-app/jobs/${server.job.id}`);
    expect(response.headers.get('preference-applied')).toBe('respond-async');
    expect(await response.json()).toEqual({ job_id: server.job.id, status: 'QUEUED', progress: 0 });
  });

  it('can be followed to the build', async () => {
    const { headers } = await convert({ prefer: 'respond-async' });
    server.change({ type: 'started' });
    server.change({ type: 'progressed', step: JobStep.PUSHING, progress: 80 });
    const running = await server.ask(headers.get('location')!);
    expect([running.status, running.headers.get('retry-after')]).toEqual([202, '2']);
    expect(await running.json()).toEqual({ job_id: server.job.id, status: 'RUNNING', step: 'PUSHING', progress: 80 });
    server.change(done);
    const ended = await server.ask(headers.get('location')!);
    expect([ended.status, ended.headers.get('location')]).toEqual([303, `/v1/builds/${build.id}`]);
    const followed = await server.ask(headers.get('location')!, { redirect: 'follow' });
    expect([followed.status, await followed.json()]).toMatchObject([200, { build_id: build.id }]);
  });

  it.each([
    ['0123456789abcdef01234567', 404, 'NOT_FOUND'],
    ['%00', 400, 'INVALID_PATH_PARAMETER'],
    ['seven', 400, 'INVALID_PATH_PARAMETER'],
  ])('knows no job %s', async (id, status, code) => {
    const response = await follow(id);
    expect([response.status, await response.json()]).toMatchObject([status, { code }]);
  });

  it('takes ids in any case', async () => {
    expect((await follow(server.job.id.toUpperCase())).status).toBe(202);
  });
});

// CCM's conversion call with real conversions behind it.
import {
  eventsOf,
  jobStartedBy,
  reached,
  showJob,
  startConvertingGateway,
  storeSampleImage,
} from '../support/conversions.js';
import { onEachDatabaseAtScale } from '../support/databases.js';
import { temporaryFolder } from '../support/folders.js';
import type { TestGateway } from '../support/gateway.js';
import { CreateApp, ListBuilds } from '../support/operations.js';

onEachDatabaseAtScale("CCM's conversion call", (kind) => {
  let gateway: TestGateway;
  let appId: string;
  let image: string;

  beforeAll(async () => {
    gateway = await startConvertingGateway({ DATABASE_URL: await kind.create(), UPSTREAM_ALLOW: 'localhost:1' });
    const { createApp } = await gateway.ask(CreateApp, { input: { name: 'ccm', description: 'told apart' } });
    appId = createApp.app!.id;
    image = await storeSampleImage(gateway, 'acme/hello');
  });
  afterAll(() => gateway.close());

  const request = (tag: string, name = image) => ({
    request: {
      app_id: appId,
      input_image: { name },
      output_image: { name: `${new URL(gateway.url).host}/acme/hello:${tag}` },
      converter_options: { debug: '', env_vars: [] },
    },
    nitro_enclaves_options: { cpu_count: 2, mem_size: 512 },
  });

  const call = (path: string, init: RequestInit = {}) =>
    fetch(`${gateway.url}${path}`, {
      ...init,
      redirect: 'manual',
      headers: { authentication: gateway.token, 'content-type': 'text/plain;charset=UTF-8', ...init.headers },
    });

  const bodyOf = (response: Response): Promise<any> => response.json();

  const convert = (body: object, headers: Record<string, string> = {}, signal?: AbortSignal) =>
    call('/v1/builds/convert-app/nitro-enclaves', { method: 'POST', body: JSON.stringify(body), headers, signal });

  it('waits and answers the finished build, which GET answers too', async () => {
    const response = await convert(request('wait'));
    const build = await bodyOf(response);
    expect([response.status, build.message]).toEqual([200, undefined]);
    expect(build).toMatchObject({
      app_id: appId,
      app_name: 'ccm',
      app_description: 'told apart',
      mem_size: 512,
      status: { status: 'PENDING', status_updated_at: expect.any(Number) },
      pending_task_id: expect.any(String),
      docker_info: { docker_version: 'wait', exposed_ports: [{ port: 8080, protocol: 'Tcp' }] },
      attributes: {
        nitro_enclave: { nitro_enclave: { hash_algorithm: 'Sha384', pcr0: expect.stringMatching(/^[0-9a-f]{96}$/) } },
      },
    });
    expect(build.created_at).toBeLessThan(Date.now() / 1000 + 1);
    expect(JSON.stringify(build)).not.toContain('null');
    expect(await bodyOf(await call(`/v1/builds/${build.build_id}`))).toEqual(build);
  });

  it('joins an identical request that runs, and makes one build', async () => {
    const before = (await gateway.ask(ListBuilds, {})).builds.totalCount;
    const answers = await Promise.all([1, 2, 3].map(() => convert(request('join'))));
    const builds = await Promise.all(answers.map(bodyOf));
    expect(new Set(builds.map((build) => build.build_id)).size).toBe(1);
    expect((await gateway.ask(ListBuilds, {})).builds.totalCount).toBe(before + 1);
  });

  it('does not wait where asked not to, and leads to the build at the end', async () => {
    const response = await convert(request('async'), { prefer: 'respond-async' });
    const location = response.headers.get('location')!;
    expect([response.status, location]).toEqual([
      202,
      expect.stringMatching(/^\/v1\/builds\/convert-app\/jobs\/[0-9a-f]{24}$/),
    ]);
    await eventsOf(gateway, location.split('/').at(-1)!);
    const ended = await call(location);
    expect(ended.status).toBe(303);
    const build = await bodyOf(await call(ended.headers.get('location')!));
    expect(build.docker_info.docker_version).toBe('async');
  });

  it('goes on when the client hangs up', async () => {
    const controller = new AbortController();
    const large = await storeSampleImage(gateway, 'acme/large', 16);
    let answer: Promise<unknown> | undefined;
    const job = await jobStartedBy(gateway, () => {
      answer = convert(request('hang-up', large), {}, controller.signal).catch((error: Error) => error.name);
    });
    controller.abort();
    expect(await answer).toBe('AbortError');
    expect((await eventsOf(gateway, job)).at(-1)).toMatchObject({ status: 'SUCCEEDED' });
  });

  it("tells the caller's faults from a registry's", async () => {
    const missing = await convert(request('x', `${new URL(gateway.url).host}/acme/none:1`));
    expect([missing.status, await bodyOf(missing)]).toEqual([
      400,
      { code: expect.any(String), message: expect.stringMatching(/none/) },
    ]);
    const unreachable = await convert(request('x', 'localhost:1/acme/none:1'));
    expect([unreachable.status, (await bodyOf(unreachable)).code]).toEqual([502, 'BAD_GATEWAY']);
    const nobody = await convert({
      ...request('x'),
      request: { ...request('x').request, app_id: crypto.randomUUID() },
    });
    expect([nobody.status, (await bodyOf(nobody)).code]).toEqual([404, 'NOT_FOUND']);
  });

  it('answers 503 with Retry-After to those who wait while it stops, and keeps their job', async () => {
    const environment = { DATA_DIR: temporaryFolder(), DATABASE_URL: await kind.create() };
    const stopped = await startConvertingGateway(environment);
    const large = await storeSampleImage(stopped, 'acme/large', 64);
    const body = request('stop', large);
    body.request.output_image.name = large.replace('large:1', 'large:eif');
    body.request.app_id = (await stopped.ask(CreateApp, { input: { name: 'stop' } })).createApp.app!.id;
    const headers = { authorization: `Bearer ${stopped.token}`, 'content-type': 'application/json' };
    const url = `${stopped.url}/v1/builds/convert-app/nitro-enclaves`;
    let answer: Promise<Response> | undefined;
    const job = await jobStartedBy(stopped, () => {
      answer = fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    });
    await reached(stopped, job, 'PULLING');
    await stopped.close();
    const { status, headers: answered } = await answer!;
    expect([status, answered.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)]);

    const restarted = await startConvertingGateway(environment);
    expect((await eventsOf(restarted, job)).at(-1)).toMatchObject({ status: 'SUCCEEDED' });
    const { attempt, build } = await showJob(restarted, job);
    const { builds } = await restarted.ask(ListBuilds, {});
    expect([attempt, builds.edges.map(({ node }) => node.id)]).toEqual([2, [build!.id]]);
    await restarted.close();
  });
});

// CCM's conversion call with real conversions behind it.
import { eventsOf, startConvertingGateway, storeSampleImage } from '../support/conversions.js';
import { onEachDatabase } from '../support/databases.js';
import type { TestGateway } from '../support/gateway.js';
import { CreateApp, ListBuilds, ListJobs } from '../support/operations.js';

onEachDatabase("CCM's conversion call", (kind) => {
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
    const known = new Set((await gateway.ask(ListJobs, {})).jobs.nodes.map(({ id }) => id));
    const answer = convert(request('hang-up'), {}, controller.signal).catch((error: Error) => error.name);
    let job: string | undefined;
    while (!job) job = (await gateway.ask(ListJobs, {})).jobs.nodes.find(({ id }) => !known.has(id))?.id;
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
    const other = await startConvertingGateway({});
    const large = await storeSampleImage(other, 'acme/large', 32);
    const body = { ...request('stop', large), request: { ...request('stop', large).request } };
    const { createApp } = await other.ask(CreateApp, { input: { name: 'stop' } });
    body.request.app_id = createApp.app!.id;
    const headers = { authorization: `Bearer ${other.token}`, 'content-type': 'application/json' };
    const url = `${other.url}/v1/builds/convert-app/nitro-enclaves`;
    const answer = fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    while ((await other.ask(ListJobs, { filter: { status: ['RUNNING'] } })).jobs.totalCount === 0);
    await other.close();
    const response = await answer;
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)]);
  });
});

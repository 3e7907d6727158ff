// Sources that are slow, broken or hostile: small servers that speak CCM and Cycle badly.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { everythingIn } from '../support/everything.js';
import { join } from 'node:path';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { startHttpFake } from '../support/http-fake.js';
import type { HttpFake } from '../support/http-fake.js';
import { ask, createSource, jobEnd, startSync, sync } from '../support/importing.js';

const TOKEN = 'a-secret-that-is-nowhere';
const PASSWORD = 'another-secret-that-is-nowhere';

type Handle = (request: IncomingMessage, response: ServerResponse, path: string) => unknown;

let gateway: TestGateway;
let fake: HttpFake;
let handle: Handle;

beforeAll(async () => {
  fake = await startHttpFake((request, response) => {
    request.resume();
    const answer = handle(request, response, request.url!.split('?')[0]!);
    if (answer === undefined) return;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  });
  gateway = await startTestGateway({ UPSTREAM_ALLOW: fake.host });
});
afterAll(async () => {
  await gateway.close();
  await fake.close();
});

const list = (items: unknown[], total_count = items.length) => ({ items, metadata: { total_count } });
const empty = list([]);
const build = (more: object = {}) => ({
  build_id: randomUUID(),
  status: { status: 'PENDING' },
  created_at: 1,
  updated_at: 1,
  ...more,
});
const buildsAre =
  (items: unknown[], total?: number): Handle =>
  (_request, _response, path) =>
    path === '/v1/builds' ? list(items, total ?? items.length) : empty;
const status = (response: ServerResponse, code: number, headers: Record<string, string> = {}, body = '') =>
  void response.writeHead(code, headers).end(body);

let count = 0;
const newSource = (more: object = {}) =>
  createSource(gateway, {
    ...{ kind: 'CCM', name: `source ${(count += 1)}`, endpoint: fake.url, credentials: { token: TOKEN } },
    ...more,
  });
const pathsAsked = () => fake.requests.splice(0).map(({ url }) => url!.split('?')[0]);

describe('a source', () => {
  it('that asks for time or fails for a moment is asked again', async () => {
    let turn = 0;
    const one = build();
    handle = (_request, response, path) => {
      turn += 1;
      if (turn === 1) return status(response, 429, { 'retry-after': '0' });
      if (turn === 3) return status(response, 500);
      if (turn === 4) return void response.destroy();
      return path === '/v1/builds' ? list([one]) : empty;
    };
    const run = await sync(gateway, await newSource());
    expect(run).toMatchObject({ created: 1, failure: null, requests: 5 });
  });

  it('whose documents are odd loses only those that have no id', async () => {
    const odd = [
      build({ status: { status: 'FROZEN' }, docker_info: 7, attributes: { sgx: { sgx: { mrenclave: 'no hex' } } } }),
      build({ enclave_info: { mrenclave: 1 }, advanced_settings: { entrypoint: [1], rw_dirs: ['/a'] }, mem_size: -1 }),
      build({ app_id: 'x', group_id: {}, created_at: 'yesterday', build_name: ['x'], unknown: { deep: [null] } }),
      build({
        docker_info: {
          docker_image_name: 'acme/odd',
          exposed_ports: [
            { port: 1, protocol: 'Sctp' },
            { port: 2, protocol: 'Tcp' },
          ],
        },
      }),
    ];
    handle = buildsAre([...odd, null, 7, 'text', { build_id: 'no uuid' }, build({ big: 'x'.repeat(600_000) })]);
    const id = await newSource();
    const run = await sync(gateway, id);
    expect(run).toMatchObject({ created: 4, failed: 5, failure: null, job: { status: 'SUCCEEDED' } });
    const { warnings } = run.job;
    expect(warnings.map(({ code }: { code: string }) => code)).toContain('UNREADABLE_DOCUMENT');
    const query = `{ build(id: "${odd[3]!.build_id}") { dockerInfo { dockerImageName exposedPorts { port } } status { status } } }`;
    expect((await ask(gateway, query)).dockerInfo).toEqual({
      dockerImageName: 'acme/odd',
      exposedPorts: [{ port: 2 }],
    });
    expect(await ask(gateway, `{ build(id: "${odd[0]!.build_id}") { phase status { status } } }`)).toEqual({
      ...{ phase: 'AVAILABLE', status: null },
    });
    // What can not be read is not read again in full each time.
    pathsAsked();
    expect(await sync(gateway, id)).toMatchObject({ created: 0, updated: 0, gone: 0 });
  });

  it('that counts more than it lists has nothing marked as gone until it does so again', async () => {
    const [first, second] = [build(), build()];
    handle = buildsAre([first, second], 2);
    const id = await newSource();
    expect(await sync(gateway, id)).toMatchObject({ created: 2 });
    handle = (_request, _response, path) =>
      path === '/v1/builds' && !_request.url!.includes('offset=1') ? list([first], 3) : list([], 3);
    const once = await sync(gateway, id);
    expect(once).toMatchObject({ gone: 0, failure: null });
    expect(once.job.warnings).toMatchObject([{ code: 'LIST_CHANGED' }]);
    expect(await sync(gateway, id)).toMatchObject({ gone: 1, failure: null });
  });

  it('that answers garbage, or the same page without an end, fails with its reason', async () => {
    handle = () => '<html>a proxy</html>';
    const id = await newSource();
    const garbage = await sync(gateway, id);
    expect(garbage.failure).toMatchObject({ code: 'SOURCE_INVALID' });
    expect(garbage.source).toMatchObject({ status: 'FAILED', failure: { code: 'SOURCE_INVALID' }, lastSyncedAt: null });
    const page = Array.from({ length: 100 }, () => build());
    handle = buildsAre(page, 1_000_000);
    const endless = await sync(gateway, id);
    expect(endless.failure.message).toMatch(/same page again/);
    expect(endless).toMatchObject({ created: 100, gone: 0 });
    handle = () => ({ data: Array.from({ length: 100 }, (_, index) => ({ id: String(index).padStart(24, '0') })) });
    const cycle = await newSource({ kind: 'CYCLE', credentials: { token: TOKEN, hubId: 'a'.repeat(24) } });
    expect((await sync(gateway, cycle)).failure.message).toMatch(/same page again/);
    handle = () => ({ items: 'x' });
    expect((await sync(gateway, id)).failure.code).toBe('SOURCE_INVALID');
  });

  it('that leads elsewhere is not followed to where the gateway may not go, and gets no secret there', async () => {
    const other = await startHttpFake((_request, response) => void response.end('{}'));
    handle = (_request, response) => status(response, 307, { location: `${other.url}/v1/apps` });
    const { failure } = await sync(gateway, await newSource());
    expect(failure).toMatchObject({ code: 'SOURCE_FORBIDDEN_ADDRESS' });
    expect(other.requests).toHaveLength(0);
    const closed = await newSource({ endpoint: other.url });
    expect((await sync(gateway, closed)).failure.code).toBe('SOURCE_FORBIDDEN_ADDRESS');
    await other.close();
  });

  it('that refuses the credentials says so, without repeating them', async () => {
    const said = JSON.stringify({ message: `who is ${PASSWORD}?` });
    handle = (_request, response) => status(response, 401, {}, said);
    const login = { credentials: { username: 'someone@example.com', password: PASSWORD } };
    const { failure } = await sync(gateway, await newSource(login));
    expect(failure).toMatchObject({ code: 'SOURCE_UNAUTHORIZED' });
    expect(failure.message).toMatch(/401: \{"message":"who is \*\*\*\?"\}/);
    handle = (_request, response) =>
      status(response, 401, {}, JSON.stringify({ error: 'invalid_grant', error_description: 'The key is unknown.' }));
    const cycle = await newSource({ kind: 'CYCLE', credentials: { token: TOKEN, hubId: 'a'.repeat(24) } });
    const refused = (await sync(gateway, cycle)).failure;
    expect(refused.message).toMatch(/invalid_grant: The key is unknown\./);
    expect(refused.hint).toMatch(/hub/);
    const kept = await everythingIn(join(gateway.dataDir, 'catalog.sqlite'));
    for (const secret of [TOKEN, PASSWORD]) expect(kept).not.toContain(secret);
  });

  it('of Cycle that knows no `include` is asked without, and keeps registry logins to itself', async () => {
    const image = {
      id: 'b'.repeat(24),
      state: { current: 'thawing' },
      source: {
        type: 'direct',
        details: {
          id: 'c'.repeat(24),
          origin: { type: 'docker-registry', details: { target: 'a/b:1', password: TOKEN } },
        },
      },
    };
    handle = (request, response) =>
      request.url!.includes('include') ? status(response, 422) : { data: [image], includes: null };
    const cycle = await newSource({ kind: 'CYCLE', credentials: { token: TOKEN, hubId: 'a'.repeat(24) } });
    expect(await sync(gateway, cycle)).toMatchObject({ created: 1, failed: 0, failure: null });
    expect(await everythingIn(join(gateway.dataDir, 'catalog.sqlite'))).not.toContain(TOKEN);
  });

  it('of Image Builder that is newer than the client for it loses nothing, and has to come to an end', async () => {
    const version = 'arn:aws:imagebuilder:eu-west-1:123456789012:image/new/1.0.0';
    const image = {
      arn: `${version}/1`,
      name: 'new',
      state: { status: 'THAWING' },
      deprecationTime: '2027-01-01T00:00:00Z',
    };
    let turn = 0;
    const answers: Record<string, object> = {
      '/ListImages': { imageVersionList: [{ arn: version }] },
      '/ListImageBuildVersions': { imageSummaryList: [{ arn: image.arn }, { name: 'without an ARN' }] },
      '/GetImage': { requestId: 'one', image: { ...image, unheardOf: [{ a: null }] } },
    };
    handle = (_request, response, path) => {
      turn += 1;
      if (turn === 2)
        return status(response, 429, { 'retry-after': '0', 'x-amzn-errortype': 'TooManyRequestsException' }, '{}');
      return answers[path];
    };
    const keys = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: TOKEN };
    const id = await newSource({ kind: 'IMAGE_BUILDER', region: 'eu-west-1', credentials: keys });
    expect(await sync(gateway, id)).toMatchObject({ created: 1, failed: 1, failure: null, requests: 4 });
    const kept = await everythingIn(join(gateway.dataDir, 'catalog.sqlite'));
    expect(kept).toContain('unheardOf');
    expect(kept).not.toContain(TOKEN);
    answers['/ListImages'] = { imageVersionList: [{ arn: version }], nextToken: 'again' };
    expect((await sync(gateway, id)).failure.message).toMatch(/same page again/);
    const denied = { 'x-amzn-errortype': 'UnrecognizedClientException' };
    handle = (_request, response) =>
      status(response, 403, denied, JSON.stringify({ message: 'The token is invalid.' }));
    const { failure } = await sync(gateway, id);
    expect(failure).toMatchObject({ code: 'SOURCE_UNAUTHORIZED', hint: expect.stringMatching(/ListImages/) });
  });

  it('is imported from once at a time, and does not keep others waiting', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    handle = (_request, response) => void held.then(() => response.writeHead(200).end(JSON.stringify(empty)));
    const slow = await newSource();
    const [first, second] = [await startSync(gateway, slow), await startSync(gateway, slow)];
    expect(second).toBe(first);
    const dead = await newSource({ endpoint: 'http://127.0.0.1:1' });
    expect((await sync(gateway, dead)).failure.code).toMatch(/SOURCE_/);
    release();
    expect(await jobEnd(gateway, first)).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('whose import is cancelled is as if it failed, and can be imported from again', async () => {
    handle = () => undefined;
    const id = await newSource();
    const job = await startSync(gateway, id);
    await ask(gateway, `mutation { cancelJob(input: { jobId: "${job}" }) { job { id } userErrors { message } } }`);
    expect(await jobEnd(gateway, job)).toMatchObject({ status: 'CANCELLED' });
    handle = () => empty;
    const run = await sync(gateway, id);
    expect(run.source).toMatchObject({ status: 'SUCCEEDED' });
    expect(run.id).not.toBe(job);
  });

  it('that is imported from regularly begins at once', async () => {
    handle = () => empty;
    const id = await newSource({ syncEverySeconds: 60 });
    await expect(newSource({ syncEverySeconds: 59 })).rejects.toThrow(/between 60/);
    const { nextSyncAt } = await ask(gateway, `{ source(id: "${id}") { nextSyncAt } }`);
    expect(new Date(nextSyncAt).getTime()).toBeLessThanOrEqual(Date.now());
  });

  it('gets no credentials that were given for another server', async () => {
    const id = await newSource();
    const update = (input: object) =>
      ask(
        gateway,
        'mutation ($input: UpdateSourceInput!) { updateSource(input: $input) { source { name endpoint } userErrors { message field } } }',
        {
          input: { sourceId: id, ...input },
        },
      );
    await expect(update({ endpoint: 'https://elsewhere.example.com' })).rejects.toThrow(/given again/);
    expect((await update({ endpoint: `${fake.url}/base`, name: 'renamed' })).source).toEqual({
      ...{ name: 'renamed', endpoint: `${fake.url}/base` },
    });
    await expect(newSource({ name: 'renamed' })).rejects.toThrow(/already/);
    await expect(newSource({ credentials: {} })).rejects.toThrow(/needs either/);
    await expect(
      newSource({ kind: 'IMAGE_BUILDER', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } }),
    ).rejects.toThrow(/region/);
  });
});

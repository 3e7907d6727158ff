// The traps that real clients of CCM set, by ../shared/reference/ccm/README.md: each has a test.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { hex, WIRE_ATTRIBUTES, WIRE_CREATE_BUILD } from '../formats/ccm/documents.js';
import { CcmClient, sendRaw } from '../support/ccm-client.js';
import { CCM_UTIL_APP, CCM_UTIL_BUILD, CCM_UTIL_SETTINGS } from '../support/ccm-util.js';
import { everythingIn } from '../support/everything.js';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { basic, newMember } from '../support/people.js';

const EMPTY = { 'content-type': 'application/json', 'content-length': 0 };

describe('a client of CCM that', () => {
  let gateway: TestGateway;
  let client: CcmClient;
  let nobody: CcmClient;
  beforeAll(async () => {
    gateway = await startTestGateway({ SIGN_UP: 'open' });
    nobody = new CcmClient(gateway.url);
    client = nobody.as(gateway.token);
  });
  afterAll(() => gateway.close());

  const newBuild = (body: object = {}) => client.ask('POST', '/v1/builds', body);
  const rows = () => everythingIn(join(gateway.dataDir, 'catalog.sqlite'));

  describe("says JSON and sends nothing (curl -d '', ccm_util)", () => {
    it.each(['application/json', 'application/json; charset=utf-8', 'text/plain'])(
      'is answered on GET, POST and DELETE: %s',
      async (type) => {
        const headers = { 'content-type': type, 'content-length': 0 };
        const { build_id } = await newBuild();
        const member = await newMember(gateway, `${randomUUID()}@empty.example`);
        const send = async (method: string, path: string, sender = client) =>
          (await sender.send({ method, path, headers })).status;
        expect(await send('GET', '/v1/builds')).toBe(200);
        expect(await send('DELETE', `/v1/builds/${build_id}`)).toBe(204);
        expect(await send('POST', '/v1/sys/session/refresh', nobody.as(member.token))).toBe(200);
        expect(await send('POST', '/v1/sys/auth/discover')).toBe(200);
        expect(await send('POST', '/v1/builds')).toBe(400);
      },
    );

    it('signs in, and gets what each kind of client reads', async () => {
      await newMember(gateway, 'basic@empty.example');
      const headers = { ...EMPTY, ...basic('basic@empty.example') };
      const { status, body, headers: answered } = await nobody.send({ method: 'POST', path: '/v1/sys/auth', headers });
      expect(status).toBe(200);
      expect(body).toMatchObject({
        access_token: expect.any(String),
        session_info: { subject_id: expect.any(String) },
      });
      expect(String(answered['set-cookie'])).toContain(body.access_token);
    });

    it('is answered on DELETE with a body that nobody reads', async () => {
      const { build_id } = await newBuild();
      const request = { method: 'DELETE', path: `/v1/builds/${build_id}`, body: 'not { json' };
      expect((await client.send({ ...request, headers: { 'content-type': 'application/json' } })).status).toBe(204);
    });
  });

  describe('sends JSON as something else (swagger-client)', () => {
    const body = JSON.stringify({ mem_size: 4711 });

    it.each([
      'text/plain;charset=UTF-8',
      'application/octet-stream',
      'application/x-www-form-urlencoded',
      'json',
      undefined,
    ])('is understood: %s', async (type) => {
      const headers = { 'content-length': body.length, ...(type !== undefined && { 'content-type': type }) };
      const answer = await client.send({ method: 'POST', path: '/v1/builds', headers, body });
      expect([answer.status, answer.body.mem_size]).toEqual([200, 4711]);
    });

    it('is understood with a byte order mark before it, and in chunks', async () => {
      const send = (content: string | Buffer, headers = {}) =>
        client.send({ method: 'POST', path: '/v1/builds', headers, body: content });
      const marked = await send(Buffer.from(`\uFEFF${body}`));
      const chunked = await send(body, { 'transfer-encoding': 'chunked' });
      expect([marked, chunked].map((answer) => [answer.status, answer.body.mem_size])).toEqual([
        [200, 4711],
        [200, 4711],
      ]);
      expect((await send(Buffer.from(body, 'utf16le'))).status).toBe(400);
    });
  });

  describe('brings its token in one of many ways', () => {
    it.each([
      ['authorization', 'Bearer '],
      ['authorization', ''],
      ['authorization', 'bearer '],
      ['authentication', 'Bearer '],
      ['authentication', ''],
      ['Authentication', 'BEARER '],
    ])('is known by %s: %s<token>', async (header, scheme) => {
      const send = (token: string) =>
        nobody.send({ method: 'GET', path: '/v1/builds', headers: { ...EMPTY, [header]: scheme + token } });
      expect((await send(gateway.token)).status).toBe(200);
      expect(await send(`${gateway.token}x`)).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
    });

    it('signs in again, though its old token is still beside it', async () => {
      await newMember(gateway, 'again@traps.example');
      const headers = { ...EMPTY, ...basic('again@traps.example'), authentication: 'Bearer bs_ended' };
      expect((await nobody.send({ method: 'POST', path: '/v1/sys/auth', headers })).status).toBe(200);
    });

    it('asks for the version, though its token is at its end', async () => {
      const headers = { ...EMPTY, authorization: 'Bearer bs_ended' };
      expect((await nobody.send({ method: 'GET', path: '/v1/sys/version', headers })).status).toBe(200);
    });

    it('is nobody without any', async () => {
      const nothing: Record<string, string>[] = [
        {},
        { authorization: '' },
        { authentication: 'Bearer' },
        { cookie: 'a=1' },
      ];
      for (const headers of nothing) {
        expect((await nobody.send({ method: 'GET', path: '/v1/builds', headers })).status).toBe(401);
      }
    });
  });

  describe('keeps cookies (em_curl, ccm_util)', () => {
    let cookie: string;
    beforeAll(async () => {
      await newMember(gateway, 'cookie@traps.example', 'MANAGER');
      const { headers } = await nobody.post('/v1/sys/auth', undefined, basic('cookie@traps.example'));
      cookie = String(headers['set-cookie']).split(';')[0]!;
    });

    it('is known by cookie and X-CSRF-Header, and for reading by the cookie alone', async () => {
      const send = (method: string, path: string, headers: object) =>
        nobody.send({ method, path, headers: { ...EMPTY, cookie: `a=b; ${cookie}; c=d`, ...headers } });
      expect((await send('GET', '/v1/builds', {})).status).toBe(200);
      const refreshed = await send('POST', '/v1/sys/session/refresh', { 'X-CSRF-Header': 'true' });
      expect([refreshed.status, String(refreshed.headers['set-cookie'])]).toEqual([
        200,
        expect.stringContaining(cookie),
      ]);
    });

    it('signs in with the cookie of before and without the header, and is answered as declared', async () => {
      const headers = { ...EMPTY, ...basic('cookie@traps.example'), cookie };
      expect([200, 403]).toContain((await nobody.send({ method: 'POST', path: '/v1/sys/auth', headers })).status);
      const path = '/v1/sys/auth/discover';
      expect([200, 403]).toContain((await nobody.send({ method: 'POST', path, headers: { ...EMPTY, cookie } })).status);
    });

    it('is refused without the header whatever it wants to change, and nothing changes', async () => {
      const { build_id, pending_task_id } = await newBuild();
      const before = await rows();
      const requests: [string, string, object][] = [
        ['POST', '/v1/builds', {}],
        ['POST', '/api/v1/confidential_computing/builds', {}],
        ['PATCH', `/v1/builds/${build_id}`, { configs: { x: {} } }],
        ['PATCH', `/v1/tasks/${pending_task_id}`, { status: 'APPROVED' }],
        ['DELETE', `/v1/builds/${build_id}`, {}],
        ['POST', '/v1/sys/session/terminate', {}],
      ];
      for (const [method, path, value] of requests) {
        const body = JSON.stringify(value);
        const headers = { cookie, 'content-length': body.length };
        expect(await nobody.send({ method, path, headers, body })).toMatchObject({
          status: 403,
          body: { code: 'FORBIDDEN' },
        });
      }
      const body = JSON.stringify({ query: 'mutation { createApp(input: { name: "x" }) { app { id } } }' });
      const headers = { cookie, 'content-type': 'application/json', 'content-length': body.length };
      const { text } = await sendRaw(gateway.url, { method: 'POST', path: '/graphql', headers, body });
      expect(text).toContain('FORBIDDEN');
      expect(await rows()).toBe(before);
    });
  });

  describe('sends more, less or something else than it should (ccm_util, IBM)', () => {
    it('posts an app with its odd members, which are ignored or unset', async () => {
      const app = await client.ask('POST', '/v1/apps', CCM_UTIL_APP);
      expect(app).toMatchObject({ name: 'made by ccm_util', mem_size: 2048, domains_added: ['util.example.com'] });
      expect(app.advanced_settings).toEqual(CCM_UTIL_SETTINGS);
      expect(app.whitelisted_domains).toEqual([]);
    });

    it('posts a build with empty text in all places', async () => {
      const build = await newBuild(CCM_UTIL_BUILD);
      expect(build.docker_info).toEqual(CCM_UTIL_BUILD.docker_info);
      expect(build).toMatchObject({ enable_overlay_filesystem_persistence: false });
      for (const unset of ['app_id', 'group_id', 'mem_size', 'threads', 'enclave_info', 'launch_hint']) {
        expect(build).not.toHaveProperty(unset);
      }
    });

    it('posts members that nobody knows, which are ignored at every depth', async () => {
      const docker_info = { ...WIRE_CREATE_BUILD.docker_info, unknown: { a: [1] } };
      const sgx = { ...WIRE_ATTRIBUTES.sgx.sgx, unknown: true };
      const build = await newBuild({ docker_info, attributes: { sgx: { sgx } }, build_id: randomUUID(), unknown: [] });
      expect(build.docker_info).toEqual(WIRE_CREATE_BUILD.docker_info);
      expect(build.attributes).toEqual({ sgx: WIRE_ATTRIBUTES.sgx });
    });

    it.each([
      ['java_runtime', { advanced_settings: { java_runtime: 'OPENJ8' } }, /java_runtime.*OPENJ9.*LIBERTY-JRE/],
      ['issuer', { advanced_settings: { certificate: { issuer: 'OTHER' } } }, /issuer.*MANAGER_CA.*NODE/],
      [
        'protocol',
        { docker_info: { ...WIRE_CREATE_BUILD.docker_info, exposed_ports: [{ port: 1, protocol: 'TCP' }] } },
        /exposed_ports.*protocol.*Tcp, Udp/,
      ],
      [
        'vmpl',
        { attributes: { x: { baremetal_amd_sev_snp: { measurement: hex(96), vmpl: 'vmpl4', coprocessors: [] } } } },
        /vmpl.*vmpl0.*vmpl3/,
      ],
      ['platform', { attributes: { x: { sgx3: { mrenclave: hex(64) } } } }, /attributes.x.*sgx3/],
    ])('sends an unknown %s is told which there are', async (_name, body, message) => {
      const { status, body: answered } = await client.post('/v1/builds', body);
      expect([status, answered.code]).toEqual([400, 'INVALID_BODY_PARAMETER']);
      expect(answered.message).toMatch(message);
    });

    it('decides on a task with a word that is none', async () => {
      const { pending_task_id } = await newBuild();
      const { status, body } = await client.patch(`/v1/tasks/${pending_task_id}`, { status: 'MAYBE' });
      expect([status, body.message]).toEqual([400, expect.stringMatching(/status.*APPROVED, DENIED/)]);
      const none = await client.refusal('PATCH', `/v1/tasks/${pending_task_id}`, { status: '' });
      expect(none).toEqual([400, 'MISSING_REQUIRED_PARAMETER']);
    });
  });

  describe('relies on what a field means', () => {
    it('registers a build with nothing, and gets seconds and no overlay', async () => {
      const { created_at, updated_at, status, ...build } = await newBuild();
      for (const seconds of [created_at, updated_at, status.status_updated_at]) {
        expect(Math.abs(seconds - Date.now() / 1000)).toBeLessThan(60);
        expect(Number.isInteger(seconds)).toBe(true);
      }
      expect(build.enable_overlay_filesystem_persistence).toBe(false);
    });

    it('needs name and version of a docker image, and keeps its size in MiB', async () => {
      const { docker_info } = WIRE_CREATE_BUILD;
      for (const member of ['docker_image_name', 'docker_version'] as const) {
        const { [member]: _left, ...without } = docker_info;
        const refused = await client.refusal('POST', '/v1/builds', { docker_info: without });
        expect([member, ...refused]).toEqual([member, 400, 'MISSING_REQUIRED_PARAMETER']);
      }
      expect((await newBuild({ docker_info })).docker_info.docker_image_size).toBe(131);
    });

    it('reads the members that em-client requires', async () => {
      const app = await client.ask('POST', '/v1/apps', { name: 'bare', input_image_name: 'i', output_image_name: 'o' });
      const numbers = { isvprodid: 0, isvsvn: 0, mem_size: 0, threads: 0 };
      expect(app).toMatchObject({ name: 'bare', ...numbers, default_build_settings: {}, allowed_domains: [] });
      const build = await newBuild();
      expect(Object.keys(build.status)).toEqual(['status', 'status_updated_at']);
      const task = await client.ask('GET', `/v1/tasks/${build.pending_task_id}`);
      const required = ['task_id', 'requester_info', 'entity_id', 'task_type', 'status', 'approvals'];
      expect(Object.keys(task)).toEqual(expect.arrayContaining(required));
      const { metadata } = await client.ask('GET', '/v1/builds?limit=1');
      expect(Object.keys(metadata).sort()).toEqual(['filtered_count', 'limit', 'page', 'pages', 'total_count']);
      expect((await client.ask('GET', '/v1/accounts')).items).toHaveLength(1);
      const { body } = await client.patch(`/v1/tasks/${build.pending_task_id}`, { status: 'APPROVED' });
      expect(body.task_status.status).toBe('SUCCESS');
    });
  });

  it('asks at the newer prefix gets the same bytes', async () => {
    const { build_id, pending_task_id } = await newBuild({ mem_size: 12 });
    const paths = ['builds', `builds/${build_id}`, 'builds?limit=0', 'apps', 'tasks', `tasks/${pending_task_id}`];
    for (const path of [
      ...paths,
      'accounts',
      'users',
      'registry',
      'nodes',
      'sys/version',
      'image/registry',
      'apps/seven',
    ]) {
      const [old, newer] = [
        await client.get(`/v1/${path}`),
        await client.get(`/api/v1/confidential_computing/${path}`),
      ];
      expect([path, newer.status, newer.text]).toEqual([path, old.status, old.text]);
    }
    const made = await client.post('/api/v1/confidential_computing/builds', { mem_size: 13 });
    expect([made.status, made.body.mem_size]).toEqual([200, 13]);
  });
});

import { once } from 'node:events';
import { get } from 'node:http';
import { startTestGateway } from '../../support/gateway.js';
import type { TestGateway } from '../../support/gateway.js';
import { hex, WIRE_ATTRIBUTES, WIRE_CREATE_BUILD, wireConversion } from './documents.js';
import { itWithVendor } from './vendor.js';

let gateway: TestGateway;
let appId: string;

beforeAll(async () => {
  gateway = await startTestGateway();
  const mutation = 'mutation { createApp(input: { name: "hello", description: "says it" }) { app { id } } }';
  appId = (await gateway.send(mutation)).body.data.createApp.app.id;
});
afterAll(() => gateway.close());

type Ask = { method?: string; body?: string | Buffer; headers?: Record<string, string> };

async function ask(path: string, { method, body, headers }: Ask = {}) {
  const authorization = `Bearer ${gateway.token}`;
  const response = await fetch(gateway.url + path, { method, body, headers: { authorization, ...headers } });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
}

const post = (document: unknown, headers?: Record<string, string>) =>
  ask('/v1/builds', { method: 'POST', body: JSON.stringify(document), headers });

/** Requests for a build, and the status and code of the answer. */
const REFUSED: [string, unknown, number, string][] = [
  ['an unknown app', { app_id: 'd9428888-122b-11e1-b85c-61cd3cbb3210' }, 404, 'NOT_FOUND'],
  ['an unknown name', { app_name: 'nobody' }, 404, 'NOT_FOUND'],
  ['a list', [], 400, 'INVALID_BODY_PARAMETER'],
  ['a bad value', { threads: 'many' }, 400, 'INVALID_BODY_PARAMETER'],
  ['a missing value', { docker_info: {} }, 400, 'MISSING_REQUIRED_PARAMETER'],
  ['NUL', { app_name: 'a\0' }, 400, 'INVALID_BODY_PARAMETER'],
  ['too much', { app_name: 'a'.repeat(3_000_000) }, 413, 'REQUEST_PAYLOAD_TOO_LARGE'],
  [
    'too many attributes',
    { attributes: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [i, {}])) },
    400,
    'INVALID_BODY_PARAMETER',
  ],
];

describe('POST /v1/builds', () => {
  it('registers a build with all it is sent', async () => {
    const before = Math.floor(Date.now() / 1000);
    const { status, headers, body } = await post({ ...WIRE_CREATE_BUILD, app_id: appId.toUpperCase() });
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    const { mrenclave, mrsigner, isvprodid, isvsvn, ...sent } = WIRE_CREATE_BUILD;
    expect(body).toStrictEqual({
      ...sent,
      build_id: expect.any(String),
      ...{ app_id: appId, app_name: 'hello', app_description: 'says it' },
      ...{ created_at: expect.any(Number), updated_at: body.created_at },
      status: { status: 'PENDING', status_updated_at: body.created_at },
      deployment_status: { status: 'UNDEPLOYED', status_updated_at: body.created_at },
      enclave_info: { mrenclave, mrsigner, isvprodid, isvsvn },
      pending_task_id: expect.any(String),
    });
    expect(body.created_at).toBeGreaterThanOrEqual(before);
    expect((await ask(`/v1/builds/${body.build_id}`)).body).toStrictEqual(body);
    expect((await ask(`/v1/builds/${body.build_id.toUpperCase()}`)).status).toBe(200);
  });

  it('makes the same build that GraphQL shows', async () => {
    const { body } = await post({ app_name: 'hello', attributes: { nitro: WIRE_ATTRIBUTES.nitro_enclave } });
    const query = `query ($id: ID!, $pcr0: String!) {
      build(id: $id) { app { name } pendingTask { id } attributes { ... on NitroEnclaveAttributes { key pcr0 } } }
      buildsByMeasurement(value: $pcr0) { nodes { id } }
    }`;
    const pcr0 = hex(96);
    const { data } = (await gateway.send(query, { id: body.build_id, pcr0: pcr0.toUpperCase() })).body;
    expect(data.build).toEqual({
      app: { name: 'hello' },
      pendingTask: { id: body.pending_task_id },
      attributes: [{ key: 'nitro', pcr0 }],
    });
    expect(data.buildsByMeasurement.nodes).toContainEqual({ id: body.build_id });
  });

  it('needs nothing', async () => {
    const { status, body } = await post({});
    expect(status).toBe(200);
    expect(Object.keys(body).sort()).toEqual([
      ...['build_id', 'created_at', 'deployment_status', 'enable_overlay_filesystem_persistence', 'pending_task_id'],
      ...['status', 'updated_at'],
    ]);
  });

  it.each([
    'text/plain;charset=UTF-8',
    'application/json',
    'application/octet-stream',
    'application/x-www-form-urlencoded',
  ])('reads JSON that is called %s', async (type) => {
    expect((await post({ threads: 2 }, { 'content-type': type })).body.threads).toBe(2);
  });

  it('reads JSON that is not called anything', async () => {
    const { status, body } = await ask('/v1/builds', { method: 'POST', body: Buffer.from('{"threads":2}') });
    expect([status, body.threads]).toEqual([200, 2]);
  });

  it.each(REFUSED)('refuses %s', async (_name, document, status, code) => {
    const answer = await post(document);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  itWithVendor('answers such as the vendor describes', async (check) => {
    const mrenclave = 'c'.repeat(64);
    const { sgx2: _sgx2, ...attributes } = { ...WIRE_ATTRIBUTES, sgx: { sgx: { mrenclave } } };
    const another = { ...WIRE_CREATE_BUILD, mrenclave, attributes };
    for (const document of [another, {}]) expect(check('Build', (await post(document)).body)).toEqual([]);
    for (const [what, document] of REFUSED) {
      expect([what, ...check('Event', (await post(document)).body)]).toEqual([what]);
    }
  });

  it('refuses an empty body', async () => {
    const { status, body } = await ask('/v1/builds', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    expect([status, body.code]).toEqual([400, 'BAD_REQUEST']);
  });
});

describe('GET /v1/builds/{build-id}', () => {
  it.each([
    ['0190b0c4-5b3a-7000-8000-000000000001', 404, 'NOT_FOUND'],
    ['00000000-0000-0000-0000-000000000000', 404, 'NOT_FOUND'],
    ['seven', 400, 'INVALID_PATH_PARAMETER'],
    ['convert-app', 400, 'INVALID_PATH_PARAMETER'],
    ['%00', 400, 'INVALID_PATH_PARAMETER'],
  ])('answers %s with %i %s', async (id, status, code) => {
    const { status: given, body } = await ask(`/v1/builds/${id}`);
    expect([given, body.code]).toEqual([status, code]);
  });

  it('may come with a content type and no content, as ccm_util and curl send it', async () => {
    const { build_id } = (await post({})).body;
    const headers = {
      ...{ authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json' },
      'content-length': 0,
    };
    const [response] = await once(get(`${gateway.url}/v1/builds/${build_id}`, { headers }), 'response');
    response.resume();
    expect(response.statusCode).toBe(200);
  });

  it('takes the token as any client of CCM sends it', async () => {
    const { build_id } = (await post({})).body;
    const show = (headers: Record<string, string>) => fetch(`${gateway.url}/v1/builds/${build_id}`, { headers });
    expect((await show({ authentication: `Bearer ${gateway.token}` })).status).toBe(200);
    expect((await show({ authentication: gateway.token })).status).toBe(200);
    const unknown = await show({});
    expect([unknown.status, unknown.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect(await unknown.json()).toMatchObject({ code: 'UNAUTHORIZED' });
  });
});

describe('POST /v1/builds/convert-app/nitro-enclaves', () => {
  const convert = (change: object, headers?: Record<string, string>) => {
    const document = wireConversion(appId);
    const body = JSON.stringify({ ...document, request: { ...document.request, ...change } });
    return ask('/v1/builds/convert-app/nitro-enclaves', { method: 'POST', body, headers });
  };

  it.each<[string, object, string]>([
    ['no name', { input_image: { name: 'Not A Name' } }, 'request.input_image.name'],
    ['a digest to write to', { output_image: { name: `a@sha256:${hex(64, '1a')}` } }, 'request.output_image.name'],
    ['no variable', { converter_options: { env_vars: ['A=1', 'B'] } }, 'request.converter_options.env_vars[1]'],
  ])('refuses %s, and says where', async (_name, change, path) => {
    const { status, body } = await convert(change);
    expect([status, body.code]).toEqual([400, 'INVALID_BODY_PARAMETER']);
    expect(body.message.startsWith(`${path}: `)).toBe(true);
  });

  it('says what it takes where the enclave platform is not installed', async () => {
    const { status, body } = await convert({});
    expect([status, body.code]).toEqual([501, 'FEATURE_NOT_SUPPORTED']);
  });
});

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { accessKeyOf, arnOf, imageDocument, register } from '../support/image-builder.js';
import { newMember } from '../support/people.js';
import { describeWith } from '../support/requirements.js';
import { deliver, signed } from '../support/signed-requests.js';
import type { Key, Signed, Unsigned } from '../support/signed-requests.js';

const ARN = arnOf('web/1.0.0/1');
const GET: Unsigned = { path: `/GetImage?imageBuildVersionArn=${encodeURIComponent(ARN)}` };
const LIST: Unsigned = { method: 'POST', path: '/ListImages', body: '{"maxResults":1}' };

const stampOf = (minutes: number): string =>
  new Date(Date.now() + minutes * 60_000).toISOString().replace(/[-:]|\.\d+/g, '');
const hash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

let gateway: TestGateway;
let key: Key;
const get = (unsigned: Unsigned = GET, withKey = key) => signed(gateway, withKey, unsigned);
/** Name and status of the error that answers a request, or OK. */
async function outcome(request: Signed): Promise<string> {
  const { status, headers, body } = await deliver(gateway, request);
  expect(headers['content-type']).toBe('application/json');
  expect(headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/);
  if (status === 200) return 'OK';
  expect(Object.keys(body)).toEqual(['message']);
  return `${headers['x-amzn-errortype']} ${status}`;
}

beforeAll(async () => {
  gateway = await startTestGateway();
  key = await accessKeyOf(gateway);
  await register(gateway, imageDocument('web', '1.0.0/1'));
});
afterAll(() => gateway.close());

describe('a signed request', () => {
  const withAuthorization = (change: (text: string) => string) => (request: Signed) => ({
    ...request,
    headers: { ...request.headers, Authorization: change(String(request.headers.Authorization)) },
  });
  const withHeaders = (more: Signed['headers']) => (request: Signed) => ({
    ...request,
    headers: { ...request.headers, ...more },
  });
  const without = (name: string) => (request: Signed) => {
    const { [name]: _absent, ...headers } = request.headers;
    return { ...request, headers };
  };
  const same = (request: Signed) => request;
  const INVALID = 'InvalidSignatureException 403';
  const INCOMPLETE = 'IncompleteSignatureException 403';
  const UNKNOWN = 'UnrecognizedClientException 403';

  it.each<[what: string, unsigned: Unsigned, change: (request: Signed) => Signed, expected: string]>([
    ['as it is', GET, same, 'OK'],
    ['with a body', LIST, same, 'OK'],
    ['by a path with two slashes', { path: GET.path.replace('/', '//') }, same, 'OK'],
    [
      'with a content type where there is no content',
      { ...GET, headers: { 'Content-Type': 'application/json' } },
      same,
      'OK',
    ],
    ['with more headers, unsigned', GET, withHeaders({ via: '1.1 proxy', 'amz-sdk-request': 'attempt=1' }), 'OK'],
    ['with the hash of its body', { ...GET, headers: { 'X-Amz-Content-Sha256': hash } }, same, 'OK'],
    ['four minutes late', { ...GET, headers: { 'X-Amz-Date': stampOf(-4) } }, same, 'OK'],
    [
      'with parameters in another order than signed',
      { path: '/tags/a?b=1&a=2&a=1' },
      same,
      'InvalidRequestException 400',
    ],
    ['six minutes late', { ...GET, headers: { 'X-Amz-Date': stampOf(-6) } }, same, INVALID],
    ['six minutes early', { ...GET, headers: { 'X-Amz-Date': stampOf(6) } }, same, INVALID],
    ['with another body', LIST, (request) => ({ ...request, body: '{"maxResults":2}' }), INVALID],
    ['with another query', GET, (request) => ({ ...request, path: request.path.replace('web', 'win') }), INVALID],
    ['with more in the query', GET, (request) => ({ ...request, path: `${request.path}&a=1` }), INVALID],
    ['by another path', LIST, (request) => ({ ...request, path: '/ListImageBuildVersions' }), INVALID],
    ['by another method', { path: '/tags/a' }, (request) => ({ ...request, method: 'DELETE' }), INVALID],
    ['for another host', GET, withHeaders({ Host: 'imagebuilder.us-west-2.amazonaws.com' }), INVALID],
    ['with another time', GET, withHeaders({ 'X-Amz-Date': stampOf(1) }), INVALID],
    ['with a header that is not signed', GET, withHeaders({ 'X-Amz-Target': 'a' }), INVALID],
    [
      'with another signed header',
      { ...LIST, headers: { 'Content-Type': 'a/b' } },
      withHeaders({ 'Content-Type': 'a/c' }),
      INVALID,
    ],
    ['without a signed header', { ...GET, headers: { 'X-Amz-Meta': 'a' } }, without('X-Amz-Meta'), INVALID],
    [
      'with a header twice',
      { ...GET, headers: { 'X-Amz-Meta': 'a' } },
      withHeaders({ 'X-Amz-Meta': ['a', 'a'] }),
      INVALID,
    ],
    [
      'with its time twice',
      GET,
      (request) => withHeaders({ 'X-Amz-Date': [stampOf(0), stampOf(0)] })(request),
      INCOMPLETE,
    ],
    ['with an unsigned body', { ...GET, headers: { 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD' } }, same, INVALID],
    [
      'with a body in signed parts',
      { ...LIST, headers: { 'X-Amz-Content-Sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' } },
      same,
      INVALID,
    ],
    ['with the hash of another body', { ...LIST, headers: { 'X-Amz-Content-Sha256': hash } }, same, INVALID],
    ['for another service', { ...GET, service: 's3' }, same, INVALID],
    [
      'for another region than signed',
      GET,
      withAuthorization((text) => text.replace('us-west-2', 'eu-west-1')),
      INVALID,
    ],
    ['for another day', GET, withAuthorization((text) => text.replace(/\/\d{8}\//, '/20200101/')), INVALID],
    [
      'with another terminator',
      GET,
      withAuthorization((text) => text.replace('aws4_request', 'aws3_request')),
      INVALID,
    ],
    ['with less headers signed', GET, withAuthorization((text) => text.replace('host;', '')), INVALID],
    ['with another signature', GET, withAuthorization((text) => text.replace(/[0-9a-f]{64}$/, hash)), INVALID],
    ['with half a signature', GET, withAuthorization((text) => text.slice(0, -32)), INCOMPLETE],
    ['without a signature', GET, withAuthorization((text) => text.replace(/, ?Signature.*/, '')), INCOMPLETE],
    ['with two signatures', GET, withAuthorization((text) => `${text}, Signature=${hash}`), INCOMPLETE],
    ['by another algorithm', GET, withAuthorization((text) => text.replace('SHA256', 'SHA1')), INCOMPLETE],
    ['with a token of the gateway', GET, withAuthorization(() => `Bearer ${gateway.token}`), INCOMPLETE],
    ['without a time', GET, without('X-Amz-Date'), INCOMPLETE],
    ['by nobody', GET, without('Authorization'), 'MissingAuthenticationTokenException 403'],
    [
      'by a key that is unknown',
      GET,
      withAuthorization((text) => text.replace(/AKIA\w+/, 'AKIAAAAAAAAAAAAAAAAA')),
      UNKNOWN,
    ],
    ['with a session', { ...GET, headers: { 'X-Amz-Security-Token': 'a' } }, same, UNKNOWN],
    ['in its query', { path: `${GET.path}&X-Amz-Signature=${hash}` }, same, INCOMPLETE],
    ['with a query that is no text', GET, (request) => ({ ...request, path: `${request.path}%FF` }), INCOMPLETE],
  ])('%s', async (_what, unsigned, change, expected) => {
    expect(await outcome(change(get(unsigned)))).toBe(expected);
  });

  it('is made with a secret that is right', async () => {
    const wrong = { ...key, secretAccessKey: key.secretAccessKey.toUpperCase() };
    expect(await outcome(get(GET, wrong))).toBe(INVALID);
    const { body } = await deliver(gateway, get({ ...GET, headers: { 'X-Amz-Date': stampOf(-6) } }));
    expect(body.message).toMatch(/^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z/);
    const early = await deliver(gateway, get({ ...GET, headers: { 'X-Amz-Date': stampOf(6) } }));
    expect(early.body.message).toMatch(/^Signature not yet current: /);
  });

  it('finds no operation that is not there, in the same words', async () => {
    for (const [method, path] of [
      ['PUT', '/CreateImage'],
      ['GET', '/ListImages'],
      ['DELETE', '/DeleteImage?a=b'],
    ] as const)
      expect(await outcome(get({ method, path }))).toBe('UnknownOperationException 404');
    expect(await outcome(get({ ...LIST, body: '{"maxResults"' }))).toBe('InvalidRequestException 400');
    const path = `${GET.path}&imageBuildVersionArn=b`;
    expect(await outcome(get({ path }))).toBe('InvalidRequestException 400');
    expect(await outcome(get({ ...LIST, body: ' '.repeat(2 ** 21 + 1) }))).toBe('RequestEntityTooLargeException 413');
  });
});

describeWith(['curl'], "curl's signature", () => {
  const curl = async (path: string, ...more: string[]) => {
    const login = [
      '--aws-sigv4',
      'aws:amz:eu-west-3:imagebuilder',
      '--user',
      `${key.accessKeyId}:${key.secretAccessKey}`,
    ];
    const { stdout } = await promisify(execFile)('curl', ['-sS', ...login, ...more, gateway.url + path]);
    return JSON.parse(stdout);
  };

  it('is taken', async () => {
    expect(await curl(GET.path)).toMatchObject({ image: { arn: ARN } });
    expect(await curl('/ListImages', '-d', '{}', '-H', 'content-type: application/json')).toMatchObject({
      imageVersionList: [{ arn: arnOf('web/1.0.0') }],
    });
    const cancel = ['-X', 'PUT', '-d', JSON.stringify({ imageBuildVersionArn: ARN, clientToken: 'a' })];
    expect(await curl('/CancelImageCreation', ...cancel)).toEqual({
      message: expect.stringMatching(/^The image is AVAILABLE/),
    });
  });
});

describe('an access key', () => {
  const KEYS = '{ viewer { awsAccessKeys { accessKeyId name roles expiresAt lastUsedAt createdBy { name } } } }';
  const CREATE = `mutation ($input: CreateAwsAccessKeyInput!) {
    createAwsAccessKey(input: $input) { secretAccessKey awsAccessKey { accessKeyId roles } userErrors { code field } }
  }`;
  const REVOKE = `mutation ($id: ID!) {
    revokeAwsAccessKey(input: { accessKeyId: $id }) { revokedAccessKeyId userErrors { code } }
  }`;
  const ask = async (of: Key) => (await deliver(gateway, signed(gateway, of, GET))).headers['x-amzn-errortype'] ?? 'OK';

  it('is shown once, and tells when it was last used', async () => {
    const made = await accessKeyOf(gateway, 'READER');
    expect(made).toEqual({
      ...{ accessKeyId: expect.stringMatching(/^AKIA[A-Z2-7]{16}$/) },
      secretAccessKey: expect.stringMatching(/^[\w+/]{40}$/),
    });
    expect(await ask(made)).toBe('OK');
    const find = async () =>
      (await gateway.send(KEYS)).body.data.viewer.awsAccessKeys.find(
        (one: Key) => one.accessKeyId === made.accessKeyId,
      );
    let found = await find();
    for (let asked = 0; found.lastUsedAt === null && asked < 100; asked += 1) found = await find();
    expect(Date.now() - Date.parse(found.lastUsedAt)).toBeLessThan(60_000);
    expect(found).toMatchObject({ name: 'a READER', roles: ['READER'], createdBy: { name: 'administrator' } });
    expect(JSON.stringify((await gateway.send(KEYS)).body)).not.toContain(made.secretAccessKey);
  });

  it('is void at once when it is revoked', async () => {
    const made = await accessKeyOf(gateway, 'READER');
    expect(await ask(made)).toBe('OK');
    const revoke = async () => (await gateway.send(REVOKE, { id: made.accessKeyId })).body.data.revokeAwsAccessKey;
    expect(await revoke()).toEqual({ revokedAccessKeyId: made.accessKeyId, userErrors: [] });
    expect(await ask(made)).toBe('UnrecognizedClientException');
    expect((await revoke()).userErrors).toEqual([{ code: 'NOT_FOUND' }]);
  });

  it('is for managers to make, and is worth no more than who made it', async () => {
    await newMember(gateway, 'other-manager@acme.example', 'MANAGER');
    const manager = await newMember(gateway, 'key-maker@acme.example', 'MANAGER');
    const made = await accessKeyOf(gateway, 'WRITER', manager.token);
    const cancel = signed.bind(undefined, gateway, made, { method: 'PUT', path: '/CancelImageCreation', body: '{}' });
    const outcomeOf = async () => (await deliver(gateway, cancel())).headers['x-amzn-errortype'];
    expect(await outcomeOf()).toBe('InvalidRequestException');
    const setRole = (role: string) =>
      gateway.send(
        `mutation { updateUser(input: { userId: "${manager.id}", roles: [${role}] }) { userErrors { code } } }`,
      );
    expect((await setRole('READER')).body.errors).toBeUndefined();
    expect(await outcomeOf()).toBe('AccessDeniedException');
    const input = { name: 'a', roles: ['READER'] };
    const { body } = await gateway.send(CREATE, { input }, { authorization: `Bearer ${manager.token}` });
    expect(body.errors[0].extensions.code).toBe('FORBIDDEN');
    for (const [wrong, field] of [
      [{ ...input, name: ' ' }, 'name'],
      [{ ...input, roles: [] }, 'roles'],
    ] as const) {
      const { data } = (await gateway.send(CREATE, { input: wrong })).body;
      expect(data.createAwsAccessKey.userErrors).toEqual([{ code: 'BAD_USER_INPUT', field: [field] }]);
    }
  });
});

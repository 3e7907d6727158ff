// Logins that are exchanged for others first: AWS access keys for Amazon's registry, docker's identity tokens.
import { sign } from 'aws4';
import { JobFailureCode } from '../../src/lib/job-failure.js';
import { Upstream, readBounded } from '../../src/lib/upstream.js';
import { ecrLogin } from '../../src/oci/ecr-login.js';
import { RegistryClient } from '../../src/oci/registry-client.js';
import { RetryingUpstream } from '../../src/oci/retrying-upstream.js';
import { smallImage } from '../support/documents.js';
import { startHttpFake } from '../support/http-fake.js';
import type { HttpFake } from '../support/http-fake.js';

const { signal } = new AbortController();
const HOST = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';
const KEY = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
const TEMPORARY = { ...KEY, accessKeyId: 'ASIAIOSFODNN7EXAMPLE', sessionToken: 'FwoGZXIvYXdzEXAMPLE:==' };
const { manifest } = smallImage();

let upstream: Upstream;
let amazon: HttpFake;
let answer: (signatureIsRight: boolean) => [number, object];
let refusals: number;

/** Signs what it was asked by itself, as Amazon does, and compares. */
beforeAll(async () => {
  amazon = await startHttpFake((request, response) => {
    void readBounded(request, 10_000).then((body) => {
      if (refusals-- > 0) return response.writeHead(503).end();
      const { authorization, 'x-amz-date': date, 'x-amz-security-token': token } = request.headers;
      const names = ['host', 'content-type', 'content-length', 'x-amz-target', 'x-amz-date'] as const;
      const headers = Object.fromEntries(names.map((name) => [name, request.headers[name]]));
      const key = token === undefined ? KEY : { ...TEMPORARY, sessionToken: String(token) };
      const asked = { method: request.method, path: request.url, body: String(body), headers };
      const expected = sign({ ...asked, service: 'ecr', region: 'eu-central-1' }, key).headers!;
      const isRight = date !== undefined && (token ?? TEMPORARY.sessionToken) === TEMPORARY.sessionToken;
      const [status, told] = answer(isRight && authorization === expected.Authorization);
      return response.writeHead(status).end(JSON.stringify(told));
    });
  });
  upstream = new Upstream({ allow: ['127.0.0.1'] });
});
beforeEach(() => {
  amazon.requests.splice(0);
  refusals = 0;
  answer = (isRight) => (isRight ? [200, loginFor(12 * 3600)] : [400, { __type: 'InvalidSignatureException' }]);
});
afterAll(() => Promise.all([upstream.close(), amazon.close()]));

const loginFor = (seconds: number) => ({
  authorizationData: [
    { authorizationToken: Buffer.from('AWS:given').toString('base64'), expiresAt: Date.now() / 1000 + seconds },
  ],
});
const loginOf = (username: string, password: string, host = HOST) => {
  const retrying = new RetryingUpstream(upstream, { retry: { baseMs: 1 } });
  return ecrLogin(retrying, host, { username, password }, amazon.url);
};

describe('an AWS access key for ECR', () => {
  it.each([
    [KEY.accessKeyId, KEY.secretAccessKey],
    [TEMPORARY.accessKeyId, `${KEY.secretAccessKey}:${TEMPORARY.sessionToken}`],
  ])('%s is exchanged once, signed, for a login that is used until shortly before it ends', async (name, password) => {
    refusals = 1;
    const login = loginOf(name, password)!;
    expect(await login(signal)).toEqual({ username: 'AWS', password: 'given' });
    await login(signal);
    expect(amazon.requests).toHaveLength(2);
    expect(amazon.requests[1]!.headers['x-amz-target']).toMatch(/GetAuthorizationToken$/);
    answer = () => [200, loginFor(200)];
    const short = loginOf(name, password)!;
    await short(signal);
    await short(signal);
    expect(amazon.requests).toHaveLength(4);
  });

  it.each<[string, [number, object], JobFailureCode, RegExp]>([
    [
      'a wrong secret',
      [400, { __type: 'a.b#InvalidSignatureException' }],
      JobFailureCode.REGISTRY_UNAUTHORIZED,
      /secret access key/,
    ],
    ['an expired session', [400, { __type: 'ExpiredTokenException' }], JobFailureCode.REGISTRY_UNAUTHORIZED, /expired/],
    ['a missing right', [400, { __type: 'AccessDeniedException' }], JobFailureCode.REGISTRY_UNAUTHORIZED, /ecr:Get/],
    ['too many requests', [400, { __type: 'ThrottlingException' }], JobFailureCode.REGISTRY_UNREACHABLE, /later/],
    [
      'no login',
      [200, { authorizationData: [{ authorizationToken: 7 }] }],
      JobFailureCode.REGISTRY_UNREACHABLE,
      /later/,
    ],
    ['too much', [200, { a: 'x'.repeat(70_000) }], JobFailureCode.REGISTRY_UNREACHABLE, /later/],
  ])('fails clearly at %s, without the secret', async (_, told, code, hint) => {
    answer = () => told;
    const failure = await loginOf(KEY.accessKeyId, KEY.secretAccessKey)!(signal).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, hint: expect.stringMatching(hint) });
    expect(JSON.stringify(failure) + String((failure as Error).stack)).not.toContain(KEY.secretAccessKey);
  });

  it("is one only at Amazon's own hosts, and only where it looks like one", () => {
    const hosts = [
      'evil.example',
      `${HOST}.evil.example`,
      '1.dkr.ecr.x.amazonaws.com',
      'public.ecr.aws',
      HOST.replace('eu', 'eu/'),
    ];
    for (const host of hosts) expect(loginOf(KEY.accessKeyId, 'x', host)).toBeUndefined();
    for (const name of ['AWS', 'AKIA', 'akiaiosfodnn7example']) expect(loginOf(name, 'x')).toBeUndefined();
    const others = [HOST.replace('ecr', 'ecr-fips'), `${HOST}.cn`];
    for (const host of others) expect(loginOf(KEY.accessKeyId, 'x', host)).toBeDefined();
  });

  it('opens the registry as a password does', async () => {
    const registry = await startHttpFake(({ headers }, response) => {
      const isRight = headers.authorization === `Basic ${Buffer.from('AWS:given').toString('base64')}`;
      if (isRight) response.end(manifest.bytes);
      else response.writeHead(401, { 'www-authenticate': 'Basic realm="ecr",service="ecr.amazonaws.com"' }).end();
    });
    const port = new URL(registry.url).port;
    const here = new Upstream({ allow: [HOST, '127.0.0.1'] }, (_name, options, callback) =>
      options.all ? callback(null, [{ address: '127.0.0.1', family: 4 }] as never) : callback(null, '127.0.0.1', 4),
    );
    const client = new RegistryClient(here, { ecrEndpoint: amazon.url });
    const credentials = { username: KEY.accessKeyId, password: KEY.secretAccessKey };
    const repository = client.repository({ host: `${HOST}:${port}`, repository: 'app' }, credentials);
    expect((await repository.resolve(manifest.digest, signal)).digest).toBe(manifest.digest);
    await Promise.all([here.close(), registry.close()]);
  });
});

describe('an identity token', () => {
  it('is exchanged at the realm by OAuth2, and goes nowhere else', async () => {
    const forms: Record<string, string>[] = [];
    const fake: HttpFake = await startHttpFake((request, response) => {
      if (request.url === '/token') {
        void readBounded(request, 10_000).then((body) => {
          forms.push({ method: request.method!, ...Object.fromEntries(new URLSearchParams(String(body))) });
          response.end(JSON.stringify({ access_token: 'access', refresh_token: 'other' }));
        });
      } else if (request.headers.authorization === 'Bearer access') response.end(manifest.bytes);
      else response.writeHead(401, { 'www-authenticate': `Bearer realm="${fake.url}/token",service="s"` }).end();
    });
    const credentials = { username: '', password: '', identityToken: 'refresh' };
    const at = { host: fake.host, repository: 'a/b' };
    const repository = new RegistryClient(upstream).repository(at, credentials);
    expect((await repository.resolve(manifest.digest, signal)).digest).toBe(manifest.digest);
    const grant = { grant_type: 'refresh_token', refresh_token: 'refresh', client_id: 'build-catalog' };
    expect(forms).toEqual([{ method: 'POST', ...grant, service: 's', scope: 'repository:a/b:pull' }]);
    expect(fake.requests.map(({ headers }) => headers.authorization)).not.toContain(expect.stringMatching(/Basic/));
    await fake.close();
  });

  it('is of no use to a registry that wants a password', async () => {
    const fake = await startHttpFake((_, response) =>
      response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end(),
    );
    const credentials = { username: 'u', password: '', identityToken: 'refresh' };
    const repository = new RegistryClient(upstream).repository({ host: fake.host, repository: 'a' }, credentials);
    await expect(repository.resolve('v1', signal)).rejects.toMatchObject({
      code: JobFailureCode.REGISTRY_UNAUTHORIZED,
    });
    await fake.close();
  });
});

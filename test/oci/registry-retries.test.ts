// Registries that fail for a while: what is tried again, how a download goes on, and what is given up.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { LookupFunction } from 'node:net';
import { JobFailureCode } from '../../src/lib/job-failure.js';
import { Upstream } from '../../src/lib/upstream.js';
import { RegistryClient } from '../../src/oci/registry-client.js';
import type { RegistryRepository } from '../../src/oci/registry-client.js';
import { sha256Digest } from '../../src/oci/verified.js';
import { descriptorOf, smallImage } from '../support/documents.js';
import { startHttpFake } from '../support/http-fake.js';
import type { HttpFake } from '../support/http-fake.js';

const { signal } = new AbortController();
const USER = { username: 'me', password: 'p4ssw0rd' };
const { manifest } = smallImage();
const content = randomBytes(400_000);
const blob = descriptorOf('x/y', content);

let handle: RequestListener;
let fake: HttpFake;
let upstream: Upstream;
let told: string[] = [];
let onRetry: (message: string) => void;
beforeAll(async () => {
  fake = await startHttpFake((request, response) =>
    request.url === '/v2/' ? response.end() : handle(request, response),
  );
  upstream = new Upstream({ allow: [fake.host] });
});
beforeEach(() => {
  fake.requests.splice(0);
  told = [];
  onRetry = (message) => void told.push(message);
});
afterAll(() => Promise.all([upstream.close(), fake.close()]));

const client = (over = upstream) =>
  new RegistryClient(over, { retry: { baseMs: 1 }, onRetry: (message) => onRetry(message) });
const repository = (host = fake.host): RegistryRepository => client().repository({ host, repository: 'a/b' }, USER);
const asked = (method: string) => fake.requests.filter((it) => it.method === method && it.url !== '/v2/');
const failureOf = (work: Promise<unknown>) => work.then(() => undefined).catch((error: unknown) => error);

describe('a request that failed for a while', () => {
  const answering = (...answers: [number, Record<string, string>?][]): RequestListener => {
    return (_, response) => {
      const [status, headers] = answers.shift() ?? [200];
      response.writeHead(status, { 'content-type': manifest.mediaType, ...headers }).end(manifest.bytes);
    };
  };

  it('is told of with its reason and the pause, without secrets', async () => {
    handle = answering([503], [429, { 'retry-after': '0' }]);
    expect((await repository().resolve('v1', signal)).digest).toBe(manifest.digest);
    expect(told).toEqual([
      expect.stringMatching(/^127\.0\.0\.1:\d+ answered with the status 503\. Trying again in 0\.0 s \(2 of 5\)\.$/),
      expect.stringMatching(/status 429\. Trying again in 0\.0 s \(3 of 5\)\.$/),
    ]);
  });

  it.each(['7', () => new Date(Date.now() + 7_900).toUTCString()])(
    'is not sent sooner than asked: %s',
    async (after) => {
      handle = answering([503, { 'retry-after': typeof after === 'string' ? after : after() }]);
      const controller = new AbortController();
      onRetry = (message) => {
        controller.abort(new Error(message));
      };
      await expect(repository().resolve('v1', controller.signal)).rejects.toThrow(/Trying again in [678]\.\d s/);
    },
  );

  it('is sent again where a manifest broke off', async () => {
    handle = (_, response) => {
      response.writeHead(200, { 'content-type': manifest.mediaType, 'content-length': manifest.bytes.length });
      if (asked('GET').length > 1) response.end(manifest.bytes);
      else response.write(manifest.bytes.subarray(0, 9), () => response.destroy());
    };
    expect((await repository().resolve('v1', signal)).digest).toBe(manifest.digest);
  });

  it('is given up at once where the registry asks for more time than there is', async () => {
    handle = answering([429, { 'retry-after': '86400' }]);
    expect(await failureOf(repository().resolve('v1', signal))).toMatchObject({
      code: JobFailureCode.REGISTRY_UNREACHABLE,
    });
    expect(asked('GET')).toHaveLength(1);
  });

  it('is sent again where it stores a manifest', async () => {
    handle = (_, response) => response.writeHead(asked('PUT').length === 1 ? 503 : 201).end();
    await repository().writeManifest('v1', manifest, signal);
    expect(asked('PUT')).toHaveLength(2);
  });

  it('is sent again where the token service or the name server was busy', async () => {
    let lookups = 0;
    const busyAtFirst = ((_name, _options, callback) => {
      if (++lookups === 1) callback(Object.assign(new Error('busy'), { code: 'EAI_AGAIN' }), '');
      else callback(null, [{ address: '127.0.0.1', family: 4 }] as never);
    }) as LookupFunction;
    const host = fake.host.replace('127.0.0.1', 'registry.test');
    let tokens = 0;
    handle = (request, response) => {
      if (request.url?.startsWith('/token')) response.writeHead(++tokens === 1 ? 502 : 200).end('{"token":"t"}');
      else if (request.headers.authorization === 'Bearer t') response.end(manifest.bytes);
      else response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${host}/token"` }).end();
    };
    const named = new Upstream({ allow: [host] }, busyAtFirst);
    const { digest } = await client(named)
      .repository({ host, repository: 'a/b' }, USER)
      .resolve(manifest.digest, signal);
    await named.close();
    expect(digest).toBe(manifest.digest);
    expect(told.map((message) => /EAI_AGAIN|502/.exec(message)?.[0])).toEqual(['EAI_AGAIN', '502']);
    expect(told.join()).not.toContain('p4ssw0rd');
  });
});

describe('a download that broke off', () => {
  type Resumed = (request: IncomingMessage, response: ServerResponse, start: number) => void;
  /** Sends at most that many bytes of each answer, then breaks off. */
  const breakingAfter =
    (bytes: number, resumed: Resumed): RequestListener =>
    (request, response) => {
      const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
      if (start > 0) return resumed(request, response, start);
      response.writeHead(200, { 'content-length': content.length });
      return void response.write(content.subarray(0, bytes), () => response.destroy());
    };
  const partial: (until: number) => Resumed = (until) => (_, response, start) => {
    const range = `bytes ${start}-${content.length - 1}/${content.length}`;
    response.writeHead(206, { 'content-range': range, 'content-length': content.length - start });
    const end = Math.min(start + until, content.length);
    response.write(content.subarray(start, end), () => (end === content.length ? response.end() : response.destroy()));
  };
  const pull = async () => {
    const stream = await repository().openBlob(blob, signal);
    return sha256Digest(Buffer.concat(await stream.toArray()));
  };
  const starts = () => asked('GET').map(({ headers }) => Number(/\d+/.exec(headers.range ?? '0')?.[0]));

  it('goes on from where it was, as often as it comes further', async () => {
    handle = breakingAfter(70_000, partial(66_000));
    expect(await pull()).toBe(blob.digest);
    expect(starts()).toHaveLength(6);
    expect(starts()).toEqual([...starts()].sort((a, b) => a - b));
    expect(told[0]).toMatch(/broke the connection off .* of 400000 bytes of sha256:.* had come\. Trying again/);
  });

  it.each<[string, Resumed]>([
    ['ignores ranges', (_, response) => response.end(content)],
    ['knows no ranges', (_, response) => response.writeHead(416).end()],
    [
      'answers with another range',
      (_, response) => response.writeHead(206, { 'content-range': 'bytes 5-9/10' }).end('other'),
    ],
  ])('begins anew with a registry that %s', async (_, resumed) => {
    handle = breakingAfter(70_000, (request, response, start) => {
      resumed(request, response, start);
      handle = (_request, again) => again.end(content);
    });
    expect(await pull()).toBe(blob.digest);
  });

  it('fails where the rest is of another content', async () => {
    handle = breakingAfter(70_000, (_, response, start) => {
      response.writeHead(206, { 'content-range': `bytes ${start}-${content.length - 1}/*` });
      response.end(Buffer.alloc(content.length - start));
    });
    expect(await failureOf(pull())).toMatchObject({ code: JobFailureCode.DIGEST_MISMATCH });
  });

  it('is given up after five tries that brought nothing', async () => {
    handle = breakingAfter(70_000, (_, response) => response.destroy());
    expect(await failureOf(pull())).toMatchObject({ code: JobFailureCode.REGISTRY_UNREACHABLE });
    handle = breakingAfter(70_000, partial(1));
    fake.requests.splice(0);
    expect(await failureOf(pull())).toMatchObject({
      code: JobFailureCode.REGISTRY_UNREACHABLE,
      message: expect.stringMatching(/\d+ of 400000 bytes of sha256:\w+ had come/),
    });
    expect(starts()).toHaveLength(5);
  });

  it('is let go of when nobody reads it any more, though the registry is silent', async () => {
    let closed: Promise<void> | undefined;
    handle = (_, response) => {
      closed = new Promise((resolve) => response.on('close', resolve));
      response.writeHead(200, { 'content-length': content.length }).write('x');
    };
    const stream = await repository().openBlob(blob, signal);
    stream.once('data', () => stream.destroy());
    await closed;
    expect(asked('GET')).toHaveLength(1);
  });
});

describe('an upload that failed for a while', () => {
  it('is made anew, unless it was stored after all', async () => {
    const stored = new Set<string>();
    const puts = [503, 0];
    handle = (request, response) => {
      const { method } = request;
      if (method === 'HEAD') return response.writeHead(stored.has(blob.digest) ? 200 : 404).end();
      if (method === 'POST') return response.writeHead(202, { location: `/upload/${fake.requests.length}` }).end();
      request.resume().once('end', () => {
        const status = puts.shift();
        if (status === 503) return response.writeHead(503).end();
        stored.add(blob.digest);
        return response.destroy();
      });
      return undefined;
    };
    let moved = 0;
    await repository().writeBlob(blob, content, signal, (bytes) => (moved += bytes));
    const uploads = asked('PUT').map(({ url }) => url!.split('?')[0]);
    expect(uploads).toHaveLength(2);
    expect(new Set(uploads).size).toBe(2);
    expect(moved).toBe(content.length);
  });
});

import { Readable } from 'node:stream';
import { JobFailureCode } from '../../src/lib/job-failure.js';
import { Upstream, readBounded } from '../../src/lib/upstream.js';
import { startHttpFake } from '../support/http-fake.js';
import type { HttpFake } from '../support/http-fake.js';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((it) => it.close()));
});

async function serve(handle: Parameters<typeof startHttpFake>[0]): Promise<HttpFake> {
  const fake = await startHttpFake(handle);
  open.push(fake);
  return fake;
}

function upstream(...allow: string[]): Upstream {
  const made = new Upstream({ allow });
  open.push(made);
  return made;
}

const forbidden = { code: JobFailureCode.REGISTRY_FORBIDDEN_ADDRESS, hint: expect.stringContaining('UPSTREAM_ALLOW') };

describe('Upstream', () => {
  it('refuses addresses that are not public, as literals and behind names, without connecting', async () => {
    const fake = await serve((_, response) => response.end());
    const { port } = new URL(fake.url);
    const client = upstream();
    for (const host of ['127.0.0.1', '2130706433', '[::ffff:127.0.0.1]', 'localhost']) {
      await expect(client.request(`https://${host}:${port}/`)).rejects.toMatchObject(forbidden);
    }
    expect(fake.requests).toHaveLength(0);
  });

  it('refuses plain http to a host that is not on the allow list', async () => {
    await expect(upstream().request('http://example.com/')).rejects.toMatchObject(forbidden);
  });

  it('checks every hop of a redirect', async () => {
    const secret = await serve((_, response) => response.end('secret'));
    const fake = await serve((request, response) => {
      const target = request.url === '/literal' ? secret.url : secret.url.replace('127.0.0.1', 'localhost');
      response
        .writeHead(307, { location: target.replace('http:', request.url === '/name' ? 'https:' : 'http:') })
        .end();
    });
    const client = upstream(fake.host);
    await expect(client.request(`${fake.url}/literal`)).rejects.toMatchObject(forbidden);
    await expect(client.request(`${fake.url}/name`)).rejects.toMatchObject(forbidden);
    expect(secret.requests).toHaveLength(0);
  });

  it('sends a body that is a secret to no other origin', async () => {
    const other = await serve((_, response) => response.end());
    const fake = await serve((_, response) => response.writeHead(307, { location: other.url }).end());
    const asked = upstream(fake.host, other.host).request(fake.url, {
      ...{ method: 'POST', body: 'refresh_token=secret', isBodySecret: true },
    });
    await expect(asked).rejects.toMatchObject({ kind: 'REDIRECT' });
    expect(other.requests).toHaveLength(0);
  });

  it('lets nobody lead to what is allowed who is not allowed too', async () => {
    const inner = await serve((_, response) => response.end());
    const client = upstream(inner.host);
    const namedBy = new URL('https://registry.example.com');
    await expect(client.request(inner.url, { namedBy })).rejects.toMatchObject(forbidden);
    expect(inner.requests).toHaveLength(0);
    expect((await client.request(inner.url, { namedBy: new URL(inner.url) })).status).toBe(200);
  });

  it('drops whatever may be a secret when a redirect leads to another origin, and keeps it within one', async () => {
    const other = await serve((_, response) => response.end());
    const fake = await serve((request, response) => {
      if (request.url === '/within') response.writeHead(302, { location: '/away' }).end();
      else response.writeHead(307, { location: `${other.url}/there` }).end();
    });
    const headers = { authorization: 'Basic c2VjcmV0', cookie: 'a=b', 'x-api-key': 'k', accept: 'text/plain' };
    const answer = await upstream('127.0.0.1').request(`${fake.url}/within`, { headers });
    expect(answer.url.href).toBe(`${other.url}/there`);
    expect(fake.requests[1]!.headers).toMatchObject(headers);
    const seen = other.requests[0]!.headers;
    expect(seen.accept).toBe('text/plain');
    expect([seen.authorization, seen.cookie, seen['x-api-key']]).toEqual([undefined, undefined, undefined]);
  });

  it('sends a streamed body again where a redirect keeps the method', async () => {
    const bodies: string[] = [];
    const fake = await serve((request, response) => {
      void readBounded(request, 100).then((body) => {
        bodies.push(String(body));
        if (request.url === '/a') response.writeHead(308, { location: '/b' }).end();
        else response.end();
      });
    });
    const body = () => Readable.from([Buffer.from('hello')]);
    await upstream(fake.host).request(`${fake.url}/a`, { method: 'PUT', body, headers: { 'content-length': '5' } });
    expect(bodies).toEqual(['hello', 'hello']);
  });

  it('never makes another request of one that changes something, but of a POST', async () => {
    const asked: string[] = [];
    const fake = await serve(({ method, url }, response) => {
      asked.push(`${method} ${url}`);
      if (url === '/a') response.writeHead(302, { location: '/b' }).end();
      else response.end();
    });
    for (const method of ['PATCH', 'POST'] as const)
      await upstream(fake.host).request(`${fake.url}/a`, { method, body: '{}' });
    expect(asked).toEqual(['PATCH /a', 'PATCH /b', 'POST /a', 'GET /b']);
  });

  it('gives up after five redirects', async () => {
    const fake = await serve((_, response) => response.writeHead(302, { location: '/again' }).end());
    await expect(upstream(fake.host).request(fake.url)).rejects.toMatchObject({ kind: 'REDIRECT' });
    expect(fake.requests).toHaveLength(6);
  });

  it('tells a host that is silent from one that refuses', async () => {
    const fake = await serve(() => {});
    const client = upstream('127.0.0.1');
    await expect(client.request(fake.url, { headersTimeoutMs: 50 })).rejects.toMatchObject({ kind: 'TIMEOUT' });
    await fake.close();
    await expect(client.request(`${fake.url}/?signature=secret`)).rejects.toMatchObject({
      kind: 'CONNECT',
      message: `${fake.host} could not be connected to (ECONNREFUSED).`,
    });
  });

  it('rejects with the reason of the signal that ended it', async () => {
    const reason = new Error('the user changed her mind');
    const controller = new AbortController();
    const fake = await serve(() => controller.abort(reason));
    await expect(upstream(fake.host).request(fake.url, { signal: controller.signal })).rejects.toBe(reason);
  });
});

describe('readBounded', () => {
  it('reads no more than it may', async () => {
    const fake = await serve((_, response) => response.end('12345'));
    const client = upstream(fake.host);
    expect(String(await readBounded((await client.request(fake.url)).body, 5))).toBe('12345');
    const { body } = await client.request(fake.url);
    await expect(readBounded(body, 4)).rejects.toMatchObject({ kind: 'TOO_LARGE' });
  });
});

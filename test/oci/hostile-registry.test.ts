// Registries that lie, break off, or try to make the gateway talk to somebody else.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { JobFailureCode } from '../../src/lib/job-failure.js';
import { Upstream } from '../../src/lib/upstream.js';
import { readImage } from '../../src/oci/image.js';
import { OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.js';
import { RegistryClient } from '../../src/oci/registry-client.js';
import type { RegistryRepository } from '../../src/oci/registry-client.js';
import { contentOf, smallImage } from '../support/documents.js';
import { startHttpFake } from '../support/http-fake.js';
import type { HttpFake } from '../support/http-fake.js';

const { signal } = new AbortController();
const USER = { username: 'me', password: 'p4ssw0rd' };
const { layerBlob, layer, manifest } = smallImage();

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((it) => it.close()));
});

async function serve(handle: RequestListener): Promise<HttpFake> {
  const fake = await startHttpFake(handle);
  open.push(fake);
  return fake;
}

function repositoryAt(fake: HttpFake, allow = fake.host): RegistryRepository {
  const upstream = new Upstream({ allow: [allow] });
  open.push(upstream);
  return new RegistryClient(upstream, { retry: { baseMs: 1 } }).repository(
    { host: fake.host, repository: 'a/b' },
    USER,
  );
}

async function pullLayer(handle: RequestListener): Promise<unknown> {
  const repository = repositoryAt(await serve(handle));
  return repository
    .openBlob(layerBlob, signal)
    .then(contentOf)
    .catch((error: unknown) => error);
}

const challenge = (response: ServerResponse, realm: string) =>
  response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="s"` }).end();
const authorizationOf = (requests: IncomingMessage[]) => requests.map(({ headers }) => headers.authorization);

describe('a blob', () => {
  it.each<[string, JobFailureCode, RequestListener]>([
    ['with other content', JobFailureCode.DIGEST_MISMATCH, (_, response) => response.end('LAYER')],
    ['that is longer than announced', JobFailureCode.DIGEST_MISMATCH, (_, response) => response.end('layer and more')],
    ['that is shorter than announced', JobFailureCode.DIGEST_MISMATCH, (_, response) => response.end('lay')],
    [
      'that ends early, without a length',
      JobFailureCode.DIGEST_MISMATCH,
      (_, response) => {
        response.writeHead(200, { 'transfer-encoding': 'chunked' });
        response.end('lay');
      },
    ],
    [
      'that breaks off',
      JobFailureCode.REGISTRY_UNREACHABLE,
      (_, response) => {
        response.writeHead(200, { 'content-length': layer.length });
        response.write('lay', () => response.destroy());
      },
    ],
    ['that the registry does not have', JobFailureCode.IMAGE_NOT_FOUND, (_, response) => response.writeHead(404).end()],
    [
      'that is elsewhere, at a private address',
      JobFailureCode.REGISTRY_FORBIDDEN_ADDRESS,
      (_, response) => {
        response.writeHead(307, { location: 'https://169.254.169.254/latest/meta-data' }).end();
      },
    ],
  ])('%s fails as %s', async (_, code, handle) => expect(await pullLayer(handle)).toMatchObject({ code }));

  it('that never ends is dropped at the first byte too many', async () => {
    let closed: Promise<void> | undefined;
    const failure = await pullLayer((request, response) => {
      if (request.url === '/v2/') return response.end();
      closed = new Promise((resolve) => response.on('close', resolve));
      const more = () => void (response.destroyed || response.write(Buffer.alloc(65_536), more));
      return more();
    });
    expect(failure).toMatchObject({ code: JobFailureCode.DIGEST_MISMATCH });
    await closed;
  });

  it('ends with the reason of the signal, when that ends it', async () => {
    const controller = new AbortController();
    const fake = await serve((_, response) => response.writeHead(200, { 'content-length': layer.length }).write('lay'));
    const stream = await repositoryAt(fake).openBlob(layerBlob, controller.signal);
    const ended = contentOf(stream);
    controller.abort(new Error('enough'));
    await expect(ended).rejects.not.toMatchObject({ code: JobFailureCode.DIGEST_MISMATCH });
    expect(controller.signal.aborted).toBe(true);
  });
});

describe('a manifest', () => {
  const resolve = async (tag: string, headers: Record<string, string>, bytes = manifest.bytes) => {
    const repository = repositoryAt(await serve((_, response) => response.writeHead(200, headers).end(bytes)));
    return readImage(repository, tag, 'amd64', signal).catch((error: unknown) => error);
  };

  it('must have the digest it was asked for by', async () => {
    const bytes = Buffer.concat([manifest.bytes, Buffer.from(' ')]);
    const failure = await resolve(manifest.digest, { 'content-type': OCI_MANIFEST }, bytes);
    expect(failure).toMatchObject({ code: JobFailureCode.DIGEST_MISMATCH });
  });

  it('must have the digest the registry names', async () => {
    const headers = { 'content-type': OCI_MANIFEST, 'docker-content-digest': layerBlob.digest };
    expect(await resolve('v1', headers)).toMatchObject({ code: JobFailureCode.DIGEST_MISMATCH });
  });

  it('must be what the content type says', async () => {
    expect(await resolve('v1', { 'content-type': OCI_INDEX })).toMatchObject({ code: JobFailureCode.IMAGE_INVALID });
    expect(await resolve('v1', { 'content-type': 'text/html' })).toMatchObject({ code: JobFailureCode.IMAGE_INVALID });
  });

  it('must not be endless', async () => {
    const failure = await resolve('v1', { 'content-type': OCI_MANIFEST }, Buffer.alloc(5 * 1024 * 1024, ' '));
    expect(failure).toMatchObject({ code: JobFailureCode.IMAGE_INVALID });
  });
});

describe('credentials', () => {
  it('go to no realm in plain http that the operator did not allow', async () => {
    const realm = await serve((_, response) => response.end('{"token":"t"}'));
    const fake = await serve((_, response) => challenge(response, `${realm.url}/token`));
    await expect(repositoryAt(fake).resolve('v1', signal)).rejects.toMatchObject({
      code: JobFailureCode.REGISTRY_FORBIDDEN_ADDRESS,
      hint: expect.stringContaining('UPSTREAM_ALLOW'),
    });
    expect(realm.requests).toHaveLength(0);
  });

  it('do not follow a redirect, not even when the other host asks for them', async () => {
    const other: HttpFake = await serve((_, response) => challenge(response, `${other.url}/token`));
    const fake = await serve((request, response) => {
      if (request.headers.authorization === undefined) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
      } else {
        response.writeHead(307, { location: `${other.url}/blob` }).end();
      }
    });
    await expect(repositoryAt(fake, '127.0.0.1').openBlob(layerBlob, signal)).rejects.toMatchObject({
      code: JobFailureCode.REGISTRY_UNAUTHORIZED,
    });
    expect(authorizationOf(fake.requests)).toContain(`Basic ${Buffer.from('me:p4ssw0rd').toString('base64')}`);
    expect(authorizationOf(other.requests)).toEqual([undefined]);
  });

  it('do not follow an upload to another host', async () => {
    const other = await serve((_, response) => response.writeHead(201).end());
    const fake = await serve((request, response) => {
      if (request.headers.authorization === undefined) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
      } else if (request.method === 'POST') {
        response.writeHead(202, { location: `${other.url}/upload?state=1` }).end();
      } else {
        response.writeHead(404).end();
      }
    });
    await repositoryAt(fake, '127.0.0.1').writeBlob(layerBlob, layer, signal);
    expect(other.requests.map(({ url }) => url)).toEqual([
      `/upload?state=1&digest=${encodeURIComponent(layerBlob.digest)}`,
    ]);
    expect(authorizationOf(other.requests)).toEqual([undefined]);
  });

  it('are in no message, even where the registry repeats them', async () => {
    const fake = await serve((request, response) => {
      const { authorization } = request.headers;
      if (authorization === undefined) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
      } else {
        const message = Buffer.from(authorization.slice(6), 'base64').toString();
        response.writeHead(403).end(JSON.stringify({ errors: [{ code: 'DENIED', message }, { code: message }] }));
      }
    });
    const failure = await repositoryAt(fake)
      .resolve('v1', signal)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: JobFailureCode.REGISTRY_UNAUTHORIZED,
      message: expect.stringContaining('DENIED'),
    });
    expect(String(failure) + JSON.stringify(failure)).not.toContain('p4ssw0rd');
  });

  it('buy no token from a service that answers too much, or none', async () => {
    for (const answer of [`{"token":"${'t'.repeat(70_000)}"}`, '{}', 'null', '{"token":"a\\nb"}', '<html>']) {
      const fake: HttpFake = await serve((request, response) => {
        if (request.url?.startsWith('/token')) response.end(answer);
        else challenge(response, `${fake.url}/token`);
      });
      await expect(repositoryAt(fake).resolve('v1', signal)).rejects.toMatchObject({
        code: JobFailureCode.REGISTRY_UNREACHABLE,
      });
    }
  });
});

describe('a registry that stumbles', () => {
  const counting = async (statuses: number[], work: (repository: RegistryRepository) => Promise<unknown>) => {
    const fake = await serve((request, response) => {
      if (request.url === '/v2/') return response.end();
      const status = statuses.shift() ?? 200;
      if (status === 0) return request.socket.destroy();
      return response.writeHead(status, { 'retry-after': '0', 'content-type': OCI_MANIFEST }).end(manifest.bytes);
    });
    const result = await work(repositoryAt(fake)).catch((error: unknown) => error);
    return { result, requests: fake.requests.filter(({ url }) => url !== '/v2/').length };
  };

  it.each([[[503, 200]], [[429, 502, 200]], [[0, 200]]])('is asked again after %j', async (statuses) => {
    const { result } = await counting(statuses, (repository) => repository.resolve('v1', signal));
    expect(result).toMatchObject({ digest: manifest.digest });
  });

  it('is given up after five tries', async () => {
    const { result, requests } = await counting([503, 408, 0, 504, 429], (repository) =>
      repository.resolve('v1', signal),
    );
    expect(result).toMatchObject({ code: JobFailureCode.REGISTRY_UNREACHABLE });
    expect(requests).toBe(5);
  });

  it('is told apart from one that is not there', async () => {
    const fake = await serve(() => {});
    await fake.close();
    await expect(repositoryAt(fake).resolve('v1', signal)).rejects.toMatchObject({
      code: JobFailureCode.REGISTRY_UNREACHABLE,
      hint: expect.stringContaining('port'),
    });
  });
});

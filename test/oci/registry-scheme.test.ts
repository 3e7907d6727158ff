import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { JobFailureCode } from '../../src/lib/job-failure.js';
import { Upstream } from '../../src/lib/upstream.js';
import { parseChallenges } from '../../src/oci/auth-challenge.js';
import { RegistryClient } from '../../src/oci/registry-client.js';
import { smallImage } from '../support/documents.js';
import { run, temporaryFolder } from '../support/folders.js';
import { startHttpFake } from '../support/http-fake.js';
import { describeWith } from '../support/requirements.js';

const { signal } = new AbortController();

describeWith(['openssl'], 'a registry whose certificate nobody trusts', () => {
  const folder = temporaryFolder();

  it('is not spoken to in plain http instead', async () => {
    const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
    await run(
      'openssl',
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=x',
      '-keyout',
      key,
      '-out',
      cert,
    );
    const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const upstream = new Upstream({ allow: [host] });
    await expect(
      new RegistryClient(upstream).repository({ host, repository: 'a' }).resolve('v1', signal),
    ).rejects.toMatchObject({
      code: JobFailureCode.REGISTRY_UNREACHABLE,
      message: expect.stringContaining('certificate'),
    });
    await upstream.close();
    server.close();
  });
});

describe('a registry in plain http', () => {
  it('gets its uploads in http, even where it believes to be behind TLS', async () => {
    const { layerBlob, layer } = smallImage();
    const fake = await startHttpFake(({ method, headers }, response) => {
      if (method === 'POST') response.writeHead(202, { location: `https://${headers.host}/upload` }).end();
      else response.writeHead(method === 'PUT' ? 201 : 404).end();
    });
    const upstream = new Upstream({ allow: [fake.host] });
    await new RegistryClient(upstream)
      .repository({ host: fake.host, repository: 'a' })
      .writeBlob(layerBlob, layer, signal);
    expect(fake.requests.at(-1)!.method).toBe('PUT');
    await upstream.close();
    await fake.close();
  });
});

describe('parseChallenges', () => {
  it('reads several challenges, quoted and not', () => {
    expect(
      parseChallenges('Bearer realm="https://a/t?x=1,2",service="a \\"b\\"",scope=x:y:pull, Basic realm=r'),
    ).toEqual([
      { scheme: 'bearer', parameters: { realm: 'https://a/t?x=1,2', service: 'a "b"', scope: 'x:y:pull' } },
      { scheme: 'basic', parameters: { realm: 'r' } },
    ]);
    expect(parseChallenges(['Negotiate', 'BASIC Realm="x"'])).toEqual([
      { scheme: 'negotiate', parameters: {} },
      { scheme: 'basic', parameters: { realm: 'x' } },
    ]);
  });

  it.each([undefined, '', '=', '"""', ', , ,', 'Bearer realm="unclosed', `Bearer ${'a=,'.repeat(5_000)}`])(
    'makes do with %j',
    (header) =>
      expect(parseChallenges(header).every(({ parameters }) => Object.keys(parameters).length === 0)).toBe(true),
  );

  it.each([
    `Bearer a="${'x'.repeat(30_000_000)}"`,
    `a${' '.repeat(1_000_000)}`,
    'a a="\\'.repeat(300_000),
    ','.repeat(1_000_000),
  ])('is quick with a header that no server sends', (header) => {
    const startedAt = performance.now();
    expect(Array.isArray(parseChallenges(header))).toBe(true);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it('throws at nothing', () => {
    const piece = fc.constantFrom('Bearer', ' ', ',', '=', '"', '\\', 'a', 'realm="x"', '\n', '__proto__=x');
    const header = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join('')),
    );
    fc.assert(fc.property(header, (text) => Array.isArray(parseChallenges(text))));
  });
});

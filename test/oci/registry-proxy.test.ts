// Registries behind a proxy and behind a private certificate authority.
import type { LookupFunction } from 'node:net';
import { readConfig } from '../../src/config.js';
import { JobFailureCode } from '../../src/lib/job-failure.js';
import { Upstream } from '../../src/lib/upstream.js';
import type { UpstreamOptions } from '../../src/lib/upstream-options.js';
import { RegistryClient } from '../../src/oci/registry-client.js';
import { makeCertificate } from '../support/certificate.js';
import { startConnectProxy } from '../support/connect-proxy.js';
import type { ConnectProxy } from '../support/connect-proxy.js';
import { contentOf, smallImage } from '../support/documents.js';
import { temporaryFolder } from '../support/folders.js';
import { startRegistry } from '../support/registry.js';
import type { TestRegistry } from '../support/registry.js';
import { describeWith } from '../support/requirements.js';

const { signal } = new AbortController();
const PASSWORD = 'pr0xy-secret';

describeWith(['docker-registry', 'openssl'], 'a registry behind a proxy', () => {
  const { keyFile, certificateFile } = makeCertificate(temporaryFolder(), 'DNS:registry.test,IP:127.0.0.1');
  const open: { close(): Promise<void> }[] = [];
  let plain: TestRegistry;
  let secure: TestRegistry;
  let proxy: ConnectProxy;

  beforeAll(async () => {
    plain = await startRegistry();
    secure = await startRegistry({ tls: { keyFile, certificateFile } });
    proxy = await startConnectProxy((authority) => (authority.startsWith('closed.test') ? 407 : 200));
  });
  beforeEach(() => proxy.asked.splice(0));
  afterEach(() => Promise.all(open.splice(0).map((it) => it.close())));
  afterAll(() => Promise.all([plain.stop(), secure.stop(), proxy.close()]));

  const optionsOf = (environment: Record<string, string>): UpstreamOptions => {
    const url = `http://gateway:${PASSWORD}@${proxy.host}`;
    return readConfig({ UPSTREAM_CA_FILE: certificateFile, HTTPS_PROXY: url, http_proxy: url, ...environment })
      .upstream;
  };
  const repositoryAt = (host: string, environment: Record<string, string>, lookup?: LookupFunction) => {
    const upstream = new Upstream(optionsOf(environment), lookup);
    open.push(upstream);
    return new RegistryClient(upstream).repository({ host, repository: 'team/app' });
  };
  const named = (registry: TestRegistry) => registry.host.replace('127.0.0.1', 'registry.test');

  it.each(['https', 'http'])(
    "is pushed to and pulled from over %s, by its name and with the proxy's password",
    async (kind) => {
      const host = named(kind === 'https' ? secure : plain);
      const repository = repositoryAt(host, { UPSTREAM_ALLOW: host });
      const { layerBlob, layer } = smallImage();
      await repository.writeBlob(layerBlob, layer, signal);
      expect(await contentOf(await repository.openBlob(layerBlob, signal))).toBe('layer');
      const authorization = `Basic ${Buffer.from(`gateway:${PASSWORD}`).toString('base64')}`;
      expect(proxy.asked).toContainEqual({ authority: host, authorization });
      expect(proxy.asked.filter(({ authority }) => authority !== host)).toEqual([]);
    },
  );

  it('is connected to directly where NO_PROXY names it, and where it is on this machine', async () => {
    for (const host of [secure.host, plain.host]) {
      const resolving = repositoryAt(host, { UPSTREAM_ALLOW: '127.0.0.1' }).resolve('v1', signal);
      await expect(resolving).rejects.toMatchObject({ code: JobFailureCode.IMAGE_NOT_FOUND });
    }
    const here = (_name: unknown, { all }: { all?: boolean }, callback: (...args: any[]) => void) =>
      all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4);
    const environment = { UPSTREAM_ALLOW: named(secure), NO_PROXY: 'elsewhere.test, .test' };
    const resolving = repositoryAt(named(secure), environment, here as LookupFunction).resolve('v1', signal);
    await expect(resolving).rejects.toMatchObject({ code: JobFailureCode.IMAGE_NOT_FOUND });
    expect(proxy.asked).toEqual([]);
  });

  it('is not asked for where any address of its name is not public', async () => {
    const answering =
      (...addresses: string[]) =>
      (_name: unknown, _options: unknown, callback: (...args: any[]) => void) =>
        callback(
          null,
          addresses.map((address) => ({ address, family: 4 })),
        );
    const resolve = (lookup: LookupFunction) => repositoryAt(named(secure), {}, lookup).resolve('v1', signal);
    await expect(resolve(answering('1.1.1.1', '10.0.0.1') as LookupFunction)).rejects.toMatchObject({
      code: JobFailureCode.REGISTRY_FORBIDDEN_ADDRESS,
    });
    expect(proxy.asked).toEqual([]);
    await expect(resolve(answering('1.1.1.1') as LookupFunction)).rejects.toMatchObject({
      code: JobFailureCode.IMAGE_NOT_FOUND,
    });
    expect(proxy.asked.map(({ authority }) => authority)).toEqual([named(secure)]);
  });

  it("is said to be out of reach by a proxy that refuses, without the proxy's password", async () => {
    const failure = await repositoryAt('closed.test:1', { UPSTREAM_ALLOW: 'closed.test' })
      .resolve('v1', signal)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: JobFailureCode.REGISTRY_UNREACHABLE,
      message: "The gateway's proxy did not connect to closed.test:1 (status 407).",
    });
    expect(JSON.stringify(failure) + String((failure as Error).stack)).not.toContain(PASSWORD);
  });

  it('is trusted only where its private authority is named, by us or by node', async () => {
    const upstream = new Upstream({ allow: [secure.host] });
    open.push(upstream);
    await expect(upstream.request(`https://${secure.host}/v2/`)).rejects.toMatchObject({ kind: 'CERTIFICATE' });
    const other = makeCertificate(temporaryFolder(), 'DNS:other.test').certificateFile;
    const both = { UPSTREAM_CA_FILE: other, NODE_EXTRA_CA_CERTS: certificateFile, UPSTREAM_ALLOW: secure.host };
    const trusting = new Upstream(readConfig(both).upstream);
    open.push(trusting);
    const answer = await trusting.request(`https://${secure.host}/v2/`);
    answer.body.resume();
    expect(answer.status).toBe(200);
  });
});

import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { JobFailureCode } from '../../src/lib/job-failure.js';
import { Upstream } from '../../src/lib/upstream.js';
import { readImage } from '../../src/oci/image.js';
import type { Descriptor, ImageRepository } from '../../src/oci/image-repository.js';
import { OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.js';
import { RegistryClient } from '../../src/oci/registry-client.js';
import { sha256Digest } from '../../src/oci/verified.js';
import { contentOf, documentOf, smallImage } from '../support/documents.js';
import type { SmallImage } from '../support/documents.js';
import { run, temporaryFolder } from '../support/folders.js';
import { startHttpFake } from '../support/http-fake.js';
import { REGISTRY_USER, startRegistry } from '../support/registry.js';
import type { TestRegistry } from '../support/registry.js';
import { describeWith } from '../support/requirements.js';
import { buildCornerCaseImage, pushImage } from '../support/umoci-image.js';

const { signal } = new AbortController();
const WRONG_USER = { username: 'tester', password: 'wr0ng-secret' };

async function push(repository: ImageRepository, tag: string, image: SmallImage): Promise<void> {
  await repository.writeBlob(image.layerBlob, image.layer, signal);
  await repository.writeBlob(image.configBlob, image.config, signal);
  await repository.writeManifest(tag, image.manifest, signal);
}

describeWith(['docker-registry', 'openssl'], 'RegistryRepository', () => {
  let registry: TestRegistry;
  let upstream: Upstream;
  const repository = (name: string, credentials?: typeof REGISTRY_USER) =>
    new RegistryClient(upstream).repository({ host: registry.host, repository: name }, credentials);

  describe.each([[undefined], ['password' as const], ['token' as const]])(
    'with a registry that asks for: %s',
    (auth) => {
      const user = auth && REGISTRY_USER;
      const folder = temporaryFolder();

      beforeAll(async () => {
        registry = await startRegistry({ auth });
        upstream = new Upstream({ allow: ['127.0.0.1'] });
      });
      afterAll(async () => {
        await upstream.close();
        await registry.stop();
      });

      it('pulls what it pushed', async () => {
        const image = smallImage();
        const pushing = repository('team/app', user);
        await push(pushing, 'v1', image);
        await push(pushing, 'v1', image);
        const pulling = repository('team/app', user);
        expect(await pulling.resolve('v1', signal)).toEqual(image.manifest);
        expect(await pulling.resolve(image.manifest.digest, signal)).toEqual(image.manifest);
        expect(await contentOf(await pulling.openBlob(image.layerBlob, signal))).toBe('layer');
      });

      it('uploads a large file and tells how far it is', async () => {
        const content = Buffer.alloc(5_000_001, 'large');
        const file = join(folder, 'large');
        writeFileSync(file, content);
        const blob: Descriptor = { mediaType: 'x/y', digest: sha256Digest(content), size: content.length };
        let moved = 0;
        await repository('large', user).writeBlob(blob, { file }, signal, (bytes) => (moved += bytes));
        expect(moved).toBe(content.length);
        const pulled = await contentOf(await repository('large', user).openBlob(blob, signal));
        expect(sha256Digest(Buffer.from(pulled))).toBe(blob.digest);
      });

      it('uploads in pieces through a proxy that takes no large request', async () => {
        const { host } = new URL(`http://${registry.host}`);
        const small = await startHttpFake((asked, answer) => {
          const { method, url: path, headers } = asked;
          if (Number(headers['content-length'] ?? 0) > 1024 * 1024) return answer.writeHead(413).end();
          const [hostname, port] = host.split(':');
          const passed = request({ hostname, port, method, path, headers }, (told) => {
            answer.writeHead(told.statusCode!, told.headers);
            told.pipe(answer);
          });
          return void asked.pipe(passed);
        });
        const content = Buffer.alloc(2_500_000, 'pieces');
        const file = join(folder, 'pieces');
        writeFileSync(file, content);
        const blob: Descriptor = { mediaType: 'x/y', digest: sha256Digest(content), size: content.length };
        let moved = 0;
        const through = new RegistryClient(upstream).repository({ host: small.host, repository: 'pieces' }, user);
        await through.writeBlob(blob, { file }, signal, (bytes) => (moved += bytes));
        expect(moved).toBe(content.length);
        expect(small.requests.filter(({ method }) => method === 'PATCH')).toHaveLength(3);
        const pulled = await (await repository('pieces', user).openBlob(blob, signal)).toArray();
        expect(sha256Digest(Buffer.concat(pulled))).toBe(blob.digest);
        await small.close();
      });

      it('says which image is not there', async () => {
        await push(repository('team/app', user), 'v1', smallImage());
        await expect(repository('team/app', user).resolve('v2', signal)).rejects.toMatchObject({
          code: JobFailureCode.IMAGE_NOT_FOUND,
          message: expect.stringContaining('team/app:v2'),
        });
      });

      if (auth) {
        it('says that a password is wrong or missing, without repeating it', async () => {
          for (const credentials of [WRONG_USER, undefined]) {
            const failure = await repository('team/app', credentials)
              .resolve('v1', signal)
              .catch((error: unknown) => error);
            expect(failure).toMatchObject({ code: JobFailureCode.REGISTRY_UNAUTHORIZED });
            expect(JSON.stringify(failure) + String(failure)).not.toContain('wr0ng');
          }
        });
      }

      if (auth === 'token') {
        it('fetches one token for pulling and one for pushing, however many requests there are', async () => {
          const { requests } = registry.tokens!;
          const before = requests.length;
          const one = repository('tokens/app', user);
          await push(one, 'v1', smallImage());
          await one.resolve('v1', signal);
          await one.resolve('v1', signal);
          const scopes = requests
            .slice(before)
            .map(({ url }) => new URL(url ?? '', 'http://x').searchParams.get('scope'));
          expect(scopes).toEqual(['repository:tokens/app:pull,push', 'repository:tokens/app:pull']);
        });
      }
    },
  );
});

describeWith(['docker-registry', 'skopeo', 'umoci', 'busybox'], 'readImage', () => {
  let registry: TestRegistry;
  let upstream: Upstream;
  const folder = temporaryFolder();
  const repository = (name: string) =>
    new RegistryClient(upstream).repository({ host: registry.host, repository: name });

  beforeAll(async () => {
    registry = await startRegistry();
    upstream = new Upstream({ allow: [registry.host] });
    await pushImage(await buildCornerCaseImage(folder), `${registry.host}/test/corner:v1`);
  });
  afterAll(async () => {
    await upstream.close();
    await registry.stop();
  });

  it('reads an image that umoci built and skopeo pushed', async () => {
    const image = await readImage(repository('test/corner'), 'v1', 'amd64', signal);
    const inspected = JSON.parse(
      await run('skopeo', 'inspect', '--tls-verify=false', `docker://${registry.host}/test/corner:v1`),
    );
    expect(image.imageDigest).toBe(inspected.Digest);
    expect(image.manifestDigest).toBe(inspected.Digest);
    expect(image.layers.map(({ digest }) => digest)).toEqual(inspected.Layers);
    expect(image.config.rootfs.diff_ids).toHaveLength(3);
    expect(image.config.config).toEqual({
      Entrypoint: ['/bin/busybox'],
      Cmd: ['echo', 'hello world'],
      Env: ['PATH=/bin', 'GREETING=hello'],
      WorkingDir: '/data',
      ExposedPorts: ['8080/tcp'],
      Labels: { purpose: 'test' },
    });
  });

  it('refuses another architecture than the image has', async () => {
    await expect(readImage(repository('test/corner'), 'v1', 'arm64', signal)).rejects.toMatchObject({
      code: JobFailureCode.ARCHITECTURE_NOT_AVAILABLE,
      message: expect.stringContaining('linux/amd64'),
    });
  });

  it('follows an index to the architecture asked for', async () => {
    const images = { amd64: smallImage(), arm64: smallImage({ config: { architecture: 'arm64' } }) };
    const target = repository('test/index');
    const manifests = Object.entries(images).map(([architecture, { manifest }]) => ({
      ...{ mediaType: OCI_MANIFEST, digest: manifest.digest, size: manifest.bytes.length },
      platform: { os: 'linux', architecture },
    }));
    for (const image of Object.values(images)) await push(target, image.manifest.digest, image);
    const index = documentOf(OCI_INDEX, { schemaVersion: 2, mediaType: OCI_INDEX, manifests });
    await target.writeManifest('both', index, signal);
    expect(await readImage(target, 'both', 'arm64', signal)).toMatchObject({
      imageDigest: index.digest,
      manifestDigest: images.arm64.manifest.digest,
      imageId: images.arm64.configBlob.digest,
    });
  });

  it.each([
    [
      'a foreign layer',
      {
        manifest: {
          layers: [
            { ...smallImage().layerBlob, mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip' },
          ],
        },
      },
    ],
    [
      'an encrypted layer',
      {
        manifest: {
          layers: [{ ...smallImage().layerBlob, mediaType: 'application/vnd.oci.image.layer.v1.tar+encrypted' }],
        },
      },
    ],
    ['another number of diff_ids', { config: { rootfs: { type: 'layers', diff_ids: [] } } }],
    ['a command that is no list', { config: { config: { Cmd: 'sh' } } }],
    [
      'a config of another kind',
      { manifest: { config: { ...smallImage().configBlob, mediaType: 'application/vnd.cncf.helm.config.v1+json' } } },
    ],
  ])('refuses %s', async (_, change) => {
    const image = smallImage(change);
    const stored: ImageRepository = {
      resolve: async () => image.manifest,
      openBlob: async () => Readable.from([image.config]),
      writeBlob: async () => {},
      writeManifest: async () => {},
      attach: async () => {},
    };
    await expect(readImage(stored, 'v1', 'amd64', signal)).rejects.toMatchObject({
      code: JobFailureCode.IMAGE_INVALID,
    });
  });
});

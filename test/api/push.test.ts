import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readdirSync } from 'node:fs';
import { finished, startConversion, startConvertingGateway } from '../support/conversions.js';
import { descriptorOf, documentOf } from '../support/documents.js';
import { run, temporaryFolder } from '../support/folders.js';
import type { TestGateway } from '../support/gateway.js';
import { describeWith } from '../support/requirements.js';
import { statementsDuring } from '../support/statements.js';
import { outcome, pushBlob, putManifest, startUpload, storeClient } from '../support/store-client.js';
import type { StoreClient } from '../support/store-client.js';
import { buildCornerCaseImage } from '../support/umoci-image.js';

const MIB = 2 ** 20;
const EIF = `query ($id: ID!) { build(id: $id) { eifUrl runCommand } }`;

describeWith(['skopeo', 'umoci'], 'a newcomer without a registry', () => {
  let gateway: TestGateway;
  let host: string;
  let ask: StoreClient;
  let layout: string;

  beforeAll(async () => {
    gateway = await startConvertingGateway({ STORE_QUOTA_MIB: '24' });
    host = new URL(gateway.url).host;
    ask = storeClient(gateway.url, gateway.token);
    layout = await buildCornerCaseImage(temporaryFolder());
    await copy(layout, `docker://${host}/acme/corner:v1`);
  });
  afterAll(() => gateway.close());

  const login = () => ['--dest-creds', `any:${gateway.token}`, '--dest-tls-verify=false'];
  const copy = (from: string, to: string) => {
    const source = from.startsWith('docker:') ? login().map((word) => word.replace('dest', 'src')) : [];
    const target = to.startsWith('docker:') ? login() : [];
    return run('skopeo', 'copy', '--quiet', ...source, ...target, from, to);
  };
  const inspect = async (name: string) =>
    JSON.parse(
      await run(
        'skopeo',
        'inspect',
        '--creds',
        `any:${gateway.token}`,
        '--tls-verify=false',
        `docker://${host}/${name}`,
      ),
    );
  const tokenOf = async (role: string): Promise<string> => {
    const input = `{ name: "${role}", roles: [${role}] }`;
    return (await gateway.send(`mutation { createAccessToken(input: ${input}) { secret } }`)).body.data
      .createAccessToken.secret;
  };

  it('pushes an image, copies it, and pulls it again as it was', async () => {
    await copy(`docker://${host}/acme/corner:v1`, `docker://${host}/copy/corner:v2`);
    const pulled = join(temporaryFolder(), 'pulled');
    await copy(`docker://${host}/copy/corner:v2`, `oci:${pulled}:v2`);
    const original = layout.replace(/^oci:(.*):corner$/, '$1');
    const blobs = (folder: string) => readdirSync(join(folder, 'blobs/sha256'));
    expect(blobs(pulled).length).toBeGreaterThan(4);
    expect(blobs(original)).toEqual(expect.arrayContaining(blobs(pulled)));
    expect((await inspect('acme/corner:v1')).Digest).toBe((await inspect('copy/corner:v2')).Digest);
  });

  it('lists tags and deletes an image', async () => {
    await copy(layout, `docker://${host}/gone/corner:v1`);
    await copy(`docker://${host}/gone/corner:v1`, `docker://${host}/gone/corner:v2`);
    expect((await inspect('gone/corner:v1')).RepoTags).toEqual(['v1', 'v2']);
    const credentials = ['--creds', `any:${gateway.token}`, '--tls-verify=false'];
    await run('skopeo', 'delete', ...credentials, `docker://${host}/gone/corner:v1`);
    expect(await outcome(await ask('/v2/gone/corner/manifests/v2'))).toEqual([404, 'MANIFEST_UNKNOWN']);
    expect(await (await ask('/v2/gone/corner/tags/list')).json()).toMatchObject({ tags: [] });
  });

  it('finds what refers to the image', async () => {
    const { Digest: digest } = await inspect('acme/corner:v1');
    const empty = Buffer.from('{}');
    const config = descriptorOf('application/vnd.oci.empty.v1+json', empty);
    const sbom = documentOf('application/vnd.oci.image.manifest.v1+json', {
      ...{ schemaVersion: 2, artifactType: 'application/vnd.cyclonedx+json', config, layers: [config] },
      subject: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 1 },
    });
    await pushBlob(ask, 'acme/corner', empty);
    const pushed = await putManifest(ask, `/v2/acme/corner/manifests/${sbom.digest}`, sbom);
    expect([pushed.status, pushed.headers.get('oci-subject')]).toEqual([201, digest]);
    const { manifests } = (await (await ask(`/v2/acme/corner/referrers/${digest}`)).json()) as any;
    expect(manifests).toMatchObject([{ digest: sbom.digest, artifactType: 'application/vnd.cyclonedx+json' }]);
  });

  it('may push as a writer only', async () => {
    const reader = storeClient(gateway.url, await tokenOf('READER'));
    expect((await reader('/v2/acme/corner/tags/list')).status).toBe(200);
    expect(await outcome(await pushBlob(reader, 'acme/corner', Buffer.from('x')))).toEqual([403, 'DENIED']);
    const writer = storeClient(gateway.url, await tokenOf('WRITER'));
    expect((await pushBlob(writer, 'acme/corner', Buffer.from('x'))).status).toBe(201);
    expect((await storeClient(gateway.url, 'wrong')('/v2/x/blobs/uploads/', { method: 'POST' })).status).toBe(401);
  });

  it('pushes more than any other request may hold, and is told where that is too much', async () => {
    const large = Buffer.alloc(6 * MIB, 1);
    expect((await pushBlob(ask, 'large', large)).status).toBe(201);
    const to = await startUpload(ask, 'large');
    const piece = Buffer.alloc(8 * MIB, 2);
    expect((await ask(to, { method: 'PATCH', body: piece })).status).toBe(202);
    const refused = await pushBlob(ask, 'large', Buffer.alloc(16 * MIB, 3));
    expect(refused.status).toBe(413);
    expect(await refused.text()).toMatch(/DENIED.*24 MiB/);
    expect((await ask(to, { method: 'DELETE' })).status).toBe(204);
  });

  it('converts what was pushed, and downloads the EIF alone', async () => {
    const jobId = await startConversion(gateway, {
      inputImage: { name: `${host}/acme/corner:v1` },
      nitroEnclavesOptions: { cpuCount: 4, memSizeMb: 64 },
    });
    const job = await finished(gateway, jobId);
    expect(job).toMatchObject({ status: 'SUCCEEDED' });
    const { eifUrl, runCommand } = (await gateway.send(EIF, { id: job.build!.id })).body.data.build;
    expect(eifUrl).toBe(`${gateway.url}/builds/${job.build!.id}/eif`);

    const authorization = `Bearer ${gateway.token}`;
    const response = await fetch(eifUrl, { headers: { authorization } });
    const eif = Buffer.from(await response.arrayBuffer());
    expect(response.headers.get('content-length')).toBe(String(eif.length));
    expect(eif.toString('latin1', 0, 4)).toBe('.eif');
    expect(response.headers.get('content-disposition')).toMatch(
      /^attachment; filename="corner-v1-eif-[0-9a-f]{8}.eif"$/,
    );
    const memory = Math.ceil((4 * eif.length) / MIB);
    const file = /"(.+)"/.exec(response.headers.get('content-disposition')!)![1];
    expect(runCommand).toBe(`nitro-cli run-enclave --eif-path ${file} --memory ${Math.max(memory, 64)} --cpu-count 4`);
    const sha256 = createHash('sha256').update(eif).digest('base64');
    expect(response.headers.get('repr-digest')).toBe(`sha-256=:${sha256}:`);

    const etag = response.headers.get('etag')!;
    const part = async (headers: Record<string, string>) => {
      const answer = await fetch(eifUrl, { headers: { authorization, ...headers } });
      return [answer.status, Buffer.from(await answer.arrayBuffer())] as const;
    };
    expect(await part({ range: 'bytes=100-199' })).toEqual([206, eif.subarray(100, 200)]);
    expect(await part({ range: 'bytes=-10', 'if-range': etag })).toEqual([206, eif.subarray(-10)]);
    expect((await part({ range: 'bytes=0-1', 'if-range': '"other"' }))[0]).toBe(200);
    expect((await part({ range: `bytes=${eif.length}-` }))[0]).toBe(416);
    expect((await part({ 'if-none-match': etag }))[0]).toBe(304);
    const head = await ask(`/builds/${job.build!.id}/eif`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(eif.length)]);

    // The tag moves on, and the image is still there.
    const [, repository] = /^[^/]+\/(.*):/.exec(job.outputImage!.name)!;
    await copy(`docker://${host}/acme/corner:v1`, `docker://${job.outputImage!.name}`);
    const build = () => gateway.send(EIF, { id: job.build!.id }).then(({ body }) => body.data.build);
    expect(await build()).toEqual({ eifUrl, runCommand });
    expect(await part({ range: 'bytes=100-199' })).toEqual([206, eif.subarray(100, 200)]);

    await ask(`/v2/${repository}/manifests/${job.outputImage!.digest}`, { method: 'DELETE' });
    expect(await build()).toEqual({ eifUrl: null, runCommand: null });
    expect((await part({}))[0]).toBe(404);
  });

  it('finds the EIFs of images that were pushed by others, unless their manifest is large', async () => {
    const inputImage = { name: `${host}/acme/corner:v1` };
    const job = await finished(gateway, await startConversion(gateway, { inputImage, register: false }));
    const [, repository, tag] = /^[^/]+\/(.*):([^:]+)$/.exec(job.outputImage!.name)!;
    const made: any = await (await ask(`/v2/${repository}/manifests/${tag}`)).json();
    const input = { dockerInfo: { dockerImageName: `${host}/${repository}`, dockerVersion: 'theirs' } };
    const create = `mutation ($input: CreateBuildInput!) { createBuild(input: $input) { build { id } } }`;
    const { id } = (await gateway.send(create, { input })).body.data.createBuild.build;
    const padded = async (bytes: number) => {
      const half = 'x'.repeat(bytes / 2);
      const annotations = { ...made.annotations, padding: half, more: half };
      const document = documentOf(made.mediaType, { ...made, annotations });
      expect((await putManifest(ask, `/v2/${repository}/manifests/theirs`, document)).status).toBe(201);
      return (await gateway.send(EIF, { id })).body.data.build;
    };
    expect(await padded(60_000)).toEqual({
      eifUrl: `${gateway.url}/builds/${id}/eif`,
      runCommand: expect.stringContaining('-theirs.eif'),
    });
    expect(await padded(66_000)).toEqual({ eifUrl: null, runCommand: null });
  });

  it('finds the EIFs of many builds with as many SQL statements as that of one', async () => {
    const count = (first: number) =>
      statementsDuring(async () => {
        const query = '{ builds(first: ' + first + ') { nodes { id eifUrl runCommand } } }';
        expect((await gateway.send(query)).body.data.builds.nodes).toHaveLength(first);
      });
    expect((await count(2)).length).toBe((await count(1)).length);
  });

  it('has no EIF of builds that are elsewhere', async () => {
    const dockerInfo = { dockerImageName: `${host}/acme/corner`, dockerVersion: 'v1' };
    const create = `mutation ($input: CreateBuildInput!) { createBuild(input: $input) { build { id eifUrl runCommand } } }`;
    for (const change of [{}, { dockerImageName: 'docker.io/x/y' }, { dockerVersion: '../x' }]) {
      const { body } = await gateway.send(create, { input: { dockerInfo: { ...dockerInfo, ...change } } });
      expect(body.data.createBuild.build).toMatchObject({ eifUrl: null, runCommand: null });
    }
    for (const id of ['x', '%00', '..%2f']) {
      const response = await ask(`/builds/${id}/eif`);
      expect([response.status, ((await response.json()) as any).code]).toEqual([404, 'NOT_FOUND']);
    }
  });
});

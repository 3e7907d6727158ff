import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeDevelopmentBlobs } from '../../src/demo/development-blobs.js';
import { finished, startConversion, startConvertingGateway } from '../support/conversions.js';
import { onEachDatabaseAtScale } from '../support/databases.js';
import { temporaryFolder } from '../support/folders.js';
import type { TestGateway } from '../support/gateway.js';
import { REGISTRY_USER, startRegistry } from '../support/registry.js';
import { describeWith } from '../support/requirements.js';
import { newSigner } from '../support/signers.js';
import { storeSmallImage } from '../support/small-image.js';
import { sha256 } from '../support/tar-builder.js';

const RUN = { name: 'app/run', data: 'program', mode: 0o755 };
const CONF = { name: 'etc/app.conf', data: 'one' };
const CONFIG = { Entrypoint: ['/app/run'], Cmd: ['--fast'], Env: ['KEPT=1', 'PLACE=here', 'GONE=x'] };
const DIFF = `query ($a: ID!, $b: ID!) {
  buildDiff(a: $a, b: $b) {
    a { id } b { id }
    measurements { platform name a b }
    eif {
      identical firstDifference { section file } kernelChanged initChanged fileCount notes
      pcrs { name moved }
      sections { section changed moves }
      files { ramdisk path changes moves a { type mode uid gid mtime sizeBytes sha256 target } b { type mode sizeBytes sha256 } }
      cmdline { a b } argv { a b } env { name change } metadata { path a b }
    }
  }
}`;
const REPRODUCTION = `query ($id: ID!) {
  job(id: $id) {
    kind status outputImage { name } build { id } failure { code message }
    reproduction { verdict section file measurements { name value } }
  }
}`;

const hex = (text: string) => createHash('sha256').update(text).digest('hex');

onEachDatabaseAtScale('a build that was converted', (kind) => {
  let gateway: TestGateway;
  let blobs: string;
  let image: string;
  let build: { id: string; outputImage: { name: string; digest: string } };

  const ask = async (query: string, variables: object = {}) => {
    const { body } = await gateway.send(query, variables);
    if (body.errors) throw new Error(JSON.stringify(body.errors));
    return Object.values(body.data as Record<string, any>)[0];
  };
  const convert = async (inputImage: string, more: object = {}) => {
    const job = await finished(gateway, await startConversion(gateway, { inputImage: { name: inputImage }, ...more }));
    if (!job.build) throw new Error(JSON.stringify(job.failure));
    return { id: job.build.id, outputImage: job.outputImage as { name: string; digest: string } };
  };
  const store = (tag: string, layers: Parameters<typeof storeSmallImage>[2], config: object = CONFIG) =>
    storeSmallImage(gateway, ['acme/app', tag], layers, config);
  const get = async (path: string, accept = '*/*') => {
    const headers = { authorization: `Bearer ${gateway.token}`, accept };
    return fetch(`${gateway.url}/v2/${path}`, { headers });
  };

  beforeAll(async () => {
    const folder = temporaryFolder();
    blobs = join(folder, 'blobs');
    const signer = newSigner(folder, 'prime256v1');
    const certificate = join(folder, 'certificate.pem');
    writeFileSync(certificate, signer.certificate);
    gateway = await startConvertingGateway({
      ...{ NITRO_BLOBS_DIR: blobs, DATABASE_URL: await kind.create(), UPSTREAM_ALLOW: '127.0.0.1' },
      ...{ SIGNING_KEY_FILE: signer.keyFile, SIGNING_CERTIFICATE_FILE: certificate },
    });
    image = await store('1', [[RUN, CONF]]);
    build = await convert(image, { signing: { by: 'NONE' } });
  });
  afterAll(() => gateway.close());

  describe('is made again', () => {
    afterEach(() => writeDevelopmentBlobs(blobs));

    const reproduce = async (buildId: string) => {
      const { job, userErrors } = await ask(
        'mutation ($input: ReproduceBuildInput!) { reproduceBuild(input: $input) { job { id } userErrors { code } } }',
        { input: { buildId } },
      );
      if (!job) return userErrors;
      await finished(gateway, job.id);
      return ask(REPRODUCTION, { id: job.id });
    };

    it('to the same bytes, and nothing is pushed or registered by that', async () => {
      const state = async () => [
        await (await get('acme/app/tags/list')).text(),
        (await ask('{ builds { totalCount } }')).totalCount,
      ];
      const before = await state();
      const again = await reproduce(build.id.toUpperCase());
      expect(again).toMatchObject({
        ...{ kind: 'REPRODUCTION', status: 'SUCCEEDED', outputImage: null, build: { id: build.id } },
        reproduction: { verdict: 'IDENTICAL', section: null, file: null },
      });
      expect(again.reproduction.measurements.map(({ name }: any) => name)).toEqual(['pcr0', 'pcr1', 'pcr2']);
      expect(await state()).toEqual(before);
    });

    it('from what its tag led to, wherever that leads now', async () => {
      const moving = await store('moving', [[RUN]]);
      const made = await convert(moving, { signing: { by: 'NONE' } });
      await store('moving', [[{ ...RUN, data: 'another' }]]);
      expect((await reproduce(made.id)).reproduction).toMatchObject({ verdict: 'IDENTICAL' });
    });

    it('to the same but for the signature where it was signed', async () => {
      const signed = await convert(image);
      const again = await reproduce(signed.id);
      expect(again).toMatchObject({ status: 'SUCCEEDED', reproduction: { verdict: 'IDENTICAL', section: null } });
      writeFileSync(join(blobs, 'cmdline'), 'reboot=k\n');
      const other = await reproduce(signed.id);
      expect(other.reproduction).toMatchObject({ verdict: 'DIFFERENT', section: 'cmdline', file: null });
    });

    it.each([
      ['cmdline', 'reboot=k\n', 'cmdline', null],
      ['bzImage.config', '#\n#\n# Linux/x86_64 9.9.9 Kernel Configuration\n', 'metadata', null],
    ])(
      'to something else after %s was changed, and the first that differs is named',
      async (name, text, section, file) => {
        writeFileSync(join(blobs, name), text);
        const { reproduction } = await reproduce(build.id);
        expect(reproduction).toMatchObject({ verdict: 'DIFFERENT', section, file });
      },
    );

    it('names the measured part first where the metadata differ too', async () => {
      const config = readFileSync(join(blobs, 'bzImage.config'), 'utf8');
      writeFileSync(join(blobs, 'bzImage.config'), config.replace('0.0.0', '9.9.9'));
      writeFileSync(join(blobs, 'init'), 'another init');
      expect((await reproduce(build.id)).reproduction).toMatchObject({ section: 'ramdisk0', file: 'init' });
    });

    it('only where it was converted here', async () => {
      const { build: bare } = await ask('mutation { createBuild(input: {}) { build { id } userErrors { code } } }');
      expect(await reproduce(bare.id)).toEqual([{ code: 'FEATURE_NOT_SUPPORTED' }]);
      expect(await reproduce('0190b0c4-5b3a-7000-8000-000000000001')).toEqual([{ code: 'NOT_FOUND' }]);
    });
  });

  it('is compared with itself and finds nothing', async () => {
    const { measurements, eif } = await ask(DIFF, { a: build.id, b: build.id });
    expect(measurements).toEqual([]);
    expect(eif).toMatchObject({ identical: true, firstDifference: null, fileCount: 0, files: [], env: [], argv: null });
    expect(eif.pcrs.filter(({ moved }: any) => moved)).toEqual([]);
  });

  it('is compared with another one to the file, the argument, the variable and the register', async () => {
    const upper = [
      { ...CONF, data: 'two!', mode: 0o600 },
      { name: 'new', link: 'etc' },
      'app/.wh.run',
      { ...RUN, name: 'app/go' },
    ];
    const other = await store('2', [[RUN, CONF], upper], { ...CONFIG, Entrypoint: ['/app/go'] });
    const options = { envVars: ['PLACE=there', 'ADDED=secret value'], entrypointArgs: ['--slow'] };
    const changed = await convert(other, { signing: { by: 'NONE' }, converterOptions: options });
    const diff = await ask(DIFF, { a: build.id, b: changed.id });
    expect([diff.a.id, diff.b.id]).toEqual([build.id, changed.id]);
    expect(diff.measurements.map(({ platform, name }: any) => `${platform} ${name}`)).toEqual([
      ...['NITRO_ENCLAVE pcr0', 'NITRO_ENCLAVE pcr2'],
    ]);
    const { eif } = diff;
    expect(eif.pcrs).toEqual([
      { name: 'PCR0', moved: true },
      { name: 'PCR1', moved: false },
      { name: 'PCR2', moved: true },
    ]);
    expect(eif.sections).toEqual([
      ...['kernel', 'cmdline', 'ramdisk0'].map((section) => ({ section, changed: false, moves: [] })),
      { section: 'ramdisk1', changed: true, moves: ['PCR0', 'PCR2'] },
      { section: 'metadata', changed: true, moves: [] },
    ]);
    expect(eif).toMatchObject({ identical: false, kernelChanged: false, initChanged: false, cmdline: null });
    expect(eif.argv).toEqual({ a: ['/app/run', '--fast'], b: ['/app/go', '--slow'] });
    expect(eif.env).toEqual([
      { name: 'PLACE', change: 'CHANGED' },
      { name: 'ADDED', change: 'ADDED' },
    ]);
    expect(JSON.stringify(diff)).not.toContain('secret value');
    const files = Object.fromEntries(eif.files.map(({ path, changes }: any) => [path, changes]));
    expect(files).toEqual({
      'rootfs/app/go': ['ADDED'],
      'rootfs/app/run': ['REMOVED'],
      'rootfs/etc/app.conf': ['CONTENT', 'MODE'],
      'rootfs/new': ['ADDED'],
      ...{ cmd: ['CONTENT'], env: ['CONTENT'] },
    });
    expect(eif.fileCount).toBe(6);
    const some = async (first: number) => {
      const query =
        'query ($a: ID!, $b: ID!, $n: Int!) { buildDiff(a: $a, b: $b) { eif { files(first: $n) { path } } } }';
      return (await gateway.send(query, { a: build.id, b: changed.id, n: first })).body;
    };
    expect((await some(1)).data.buildDiff.eif.files).toEqual([{ path: eif.files[0].path }]);
    for (const first of [-1, 1001]) expect((await some(first)).errors[0].extensions.code).toBe('BAD_USER_INPUT');
    expect(eif.firstDifference).toEqual({ section: 'ramdisk1', file: 'rootfs/app/run' });
    expect(eif.files.find(({ path }: any) => path === 'rootfs/etc/app.conf')).toMatchObject({
      ...{ ramdisk: 'ramdisk1', moves: ['PCR0', 'PCR2'] },
      a: { type: 'file', mode: 0o644, uid: 0, mtime: 1_600_000_000, sizeBytes: 3, sha256: hex('one'), target: null },
      b: { type: 'file', mode: 0o600, sizeBytes: 4, sha256: hex('two!') },
    });
    const paths = eif.metadata.map(({ path }: any) => path);
    expect(paths).toEqual(['ImageVersion']);
  });

  it('is compared by measurements alone with one that was made elsewhere', async () => {
    const pcrs = { pcr0: '0'.repeat(96), pcr1: '1'.repeat(96), pcr2: '2'.repeat(96) };
    const input = { attributes: [{ nitroEnclave: { hashAlgorithm: 'SHA384', ...pcrs } }] };
    const create = 'mutation ($input: CreateBuildInput!) { createBuild(input: $input) { build { id } } }';
    const elsewhere = (await ask(create, { input })).build.id;
    const { measurements, eif } = await ask(DIFF, { a: elsewhere, b: build.id });
    expect(eif).toBeNull();
    expect(measurements.map(({ name, a }: any) => [name, a])).toEqual(Object.entries(pcrs));
  });

  it('says in its provenance what the referrer of its image says, found through the store', async () => {
    const provenance = (await ask('query ($id: ID!) { build(id: $id) { provenance } }', { id: build.id })).provenance;
    expect(provenance).toMatchObject({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [
        { name: build.outputImage.name, digest: { sha256: build.outputImage.digest.slice(7) } },
        { name: '/enclave/enclave.eif' },
      ],
      predicate: { buildDefinition: { externalParameters: { image } } },
    });
    const list = await get(`acme/app/referrers/${build.outputImage.digest}`);
    expect(list.status).toBe(200);
    const { manifests } = (await list.json()) as { manifests: any[] };
    expect(manifests.map(({ artifactType }) => artifactType).sort()).toEqual([
      ...['application/vnd.cyclonedx+json', 'application/vnd.in-toto+json'],
    ]);
    const { pcr0 } = (
      await ask('query ($id: ID!) { build(id: $id) { attributes { ... on NitroEnclaveAttributes { pcr0 } } } }', {
        id: build.id,
      })
    ).attributes[0];
    for (const { annotations } of manifests) expect(annotations['nitro-enclave.pcr0']).toBe(pcr0);
    const statement = manifests.find(({ artifactType }) => artifactType === 'application/vnd.in-toto+json');
    const manifest = (await (await get(`acme/app/manifests/${statement.digest}`)).json()) as any;
    const pushed = await (await get(`acme/app/blobs/${manifest.layers[0].digest}`)).text();
    expect(sha256(Buffer.from(pushed))).toBe(manifest.layers[0].digest);
    expect(JSON.parse(pushed)).toEqual(provenance);
    const { id: bare } = (await ask('mutation { createBuild(input: {}) { build { id } } }')).build;
    expect(await ask('query ($id: ID!) { build(id: $id) { provenance } }', { id: bare })).toEqual({ provenance: null });
  });

  describeWith(['docker-registry'], 'in a registry without an API for referrers', () => {
    it('has them under the tag for that, with its PCRs', async () => {
      const registry = await startRegistry({ auth: 'password' });
      try {
        const outputImage = { name: `${registry.host}/acme/out:1`, auth: REGISTRY_USER };
        const { outputImage: pushed } = await convert(image, { outputImage });
        const { username, password } = REGISTRY_USER;
        const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
        const accept = 'application/vnd.oci.image.index.v1+json';
        const tag = pushed.digest.replace(':', '-');
        const response = await fetch(`http://${registry.host}/v2/acme/out/manifests/${tag}`, {
          headers: { authorization, accept },
        });
        const { manifests } = (await response.json()) as { manifests: any[] };
        expect(manifests.map(({ artifactType }) => artifactType).sort()).toEqual([
          ...['application/vnd.cyclonedx+json', 'application/vnd.in-toto+json'],
        ]);
        for (const { annotations } of manifests) {
          const names = Object.keys(annotations).filter((name) => name.startsWith('nitro-enclave.pcr'));
          expect(names.sort()).toEqual([0, 1, 2, 8].map((register) => `nitro-enclave.pcr${register}`));
        }
      } finally {
        await registry.stop();
      }
    });
  });
});

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeDevelopmentBlobs } from '../../src/demo/development-blobs.js';
import { finished, startConversion } from '../support/conversions.js';
import { onEachDatabaseAtScale } from '../support/databases.js';
import { extractEif, itJudged, judgeEif } from '../support/eif-judge.js';
import type { EifReport } from '../support/eif-judge.js';
import { run, temporaryFolder } from '../support/folders.js';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { REGISTRY_USER, startRegistry } from '../support/registry.js';
import type { TestRegistry } from '../support/registry.js';
import { describeWith } from '../support/requirements.js';
import { buildCornerCaseImage, CORNER_CASE_ABSENT, CORNER_CASE_FILES, pushImage } from '../support/umoci-image.js';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describeWith(['docker-registry', 'skopeo', 'umoci'], 'with real registries', () => {
  let registry: TestRegistry;
  let tokenRegistry: TestRegistry;
  let image: string;

  beforeAll(async () => {
    registry = await startRegistry({ auth: 'password' });
    tokenRegistry = await startRegistry({ auth: 'token' });
    const layout = await buildCornerCaseImage(temporaryFolder());
    image = `${registry.host}/test/corner:v1`;
    await pushImage(layout, image, REGISTRY_USER);
    await pushImage(layout, `${tokenRegistry.host}/test/corner:v1`, REGISTRY_USER);
  });
  afterAll(() => Promise.all([registry.stop(), tokenRegistry.stop()]));

  onEachDatabaseAtScale('a conversion of an image made by umoci', (kind) => {
    let gateway: TestGateway;
    const auth = REGISTRY_USER;

    beforeAll(async () => {
      const blobs = join(temporaryFolder(), 'blobs');
      await writeDevelopmentBlobs(blobs);
      const allow = [registry.host, tokenRegistry.host, tokenRegistry.tokens!.url.replace('http://', '')].join();
      const environment = { NITRO_BLOBS_DIR: blobs, UPSTREAM_ALLOW: allow };
      gateway = await startTestGateway({ ...environment, DATABASE_URL: await kind.create() });
    });
    afterAll(() => gateway.close());

    const convert = async (input: object) => finished(gateway, await startConversion(gateway, input));

    const copyOf = async (reference: string, credentials: string) => {
      const folder = temporaryFolder();
      const source = `docker://${reference}`;
      await run(
        'skopeo',
        'copy',
        '--quiet',
        '--src-tls-verify=false',
        '--src-creds',
        credentials,
        source,
        `dir:${folder}`,
      );
      return { folder, manifest: JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) };
    };

    /** What the checker finds in the image that a conversion puts into the store. */
    const judge = async (input: object) => {
      const job = await convert(input);
      const { folder, manifest } = await copyOf(job.outputImage!.name, `token:${gateway.token}`);
      return { job, report: judgeEif(await extractEif(folder, manifest.layers[0].digest)) };
    };

    const filesOf = ({ cpio }: EifReport) => new Map(cpio[1]!.map((entry) => [entry.name, entry]));

    it('gives the same image in the registry and in the store, and both can be pulled', async () => {
      const outputImage = { name: `${registry.host}/test/corner-eif:v1`, auth };
      const pushed = await convert({ inputImage: { name: image, auth }, outputImage });
      expect(pushed).toMatchObject({ status: 'SUCCEEDED', outputImage: { name: outputImage.name } });
      const stored = await convert({ inputImage: { name: image, auth } });
      expect(stored.outputImage?.name).toMatch(/^localhost:\d+\/test\/corner:v1-eif-[0-9a-f]{8}$/);
      expect(stored.outputImage?.digest).toBe(pushed.outputImage?.digest);

      const fromRegistry = await copyOf(pushed.outputImage!.name, `${auth.username}:${auth.password}`);
      const fromStore = await copyOf(stored.outputImage!.name, `token:${gateway.token}`);
      expect(fromStore.manifest).toEqual(fromRegistry.manifest);
      const [attributes] = pushed.build!.attributes as { pcr0: string; pcr1: string; pcr2: string }[];
      expect(fromStore.manifest.annotations).toEqual({
        'nitro-enclave.eif.sha256': expect.stringMatching(/^[0-9a-f]{64}$/),
        'nitro-enclave.pcr0': attributes!.pcr0,
        'nitro-enclave.pcr1': attributes!.pcr1,
        'nitro-enclave.pcr2': attributes!.pcr2,
      });
    });

    itJudged('has the files of the image and the measurements of the build, as the checker finds them', async () => {
      const { report, job } = await judge({ inputImage: { name: image, auth } });
      const [attributes] = job.build!.attributes as { pcr0: string; pcr1: string; pcr2: string }[];
      expect(report.measurements).toEqual({ PCR0: attributes!.pcr0, PCR1: attributes!.pcr1, PCR2: attributes!.pcr2 });
      expect(JSON.stringify(report.metadata.CustomMetadata)).toMatch(/will not start as an enclave/);
      const files = filesOf(report);
      for (const [path, text] of Object.entries(CORNER_CASE_FILES)) {
        expect([path, files.get(`rootfs/${path}`)?.sha256]).toEqual([path, sha256(text)]);
      }
      for (const path of CORNER_CASE_ABSENT) expect([path, files.has(`rootfs/${path}`)]).toEqual([path, false]);
      expect(files.get('cmd')?.sha256).toBe(sha256('/bin/busybox\necho\nhello world\n'));
      expect(files.get('env')?.sha256).toBe(sha256('PATH=/bin\nGREETING=hello\n'));
    });

    it('pulls and pushes with tokens where the registry hands them out', async () => {
      const { host } = tokenRegistry;
      const inputImage = { name: `${host}/test/corner:v1`, auth };
      const job = await convert({ inputImage, outputImage: { name: `${host}/test/corner-eif:v1`, auth } });
      expect(job).toMatchObject({ status: 'SUCCEEDED' });
      await copyOf(job.outputImage!.name, `${auth.username}:${auth.password}`);
    });

    it('warns of options without effect', async () => {
      const converterOptions = { debug: true, javaMode: 'OPENJDK' };
      const job = await convert({ inputImage: { name: image, auth }, converterOptions });
      expect(job.warnings).toContainEqual({ code: 'OPTION_IGNORED', message: expect.stringContaining('javaMode') });
      expect(job.warnings).toContainEqual({
        ...{ code: 'DEBUG_MODE_ZERO_PCRS', message: expect.stringContaining('all its PCRs zero') },
      });
    });

    itJudged('takes arguments and environment from the options', async () => {
      const converterOptions = {
        entrypoint: ['/bin/sh', '-c'],
        entrypointArgs: ['echo $A'],
        envVars: ['A=1', 'PATH=/usr/bin'],
        mutableEnvVars: ['A=2'],
      };
      const { report } = await judge({ inputImage: { name: image, auth }, converterOptions });
      const files = filesOf(report);
      expect(files.get('cmd')?.sha256).toBe(sha256('/bin/sh\n-c\necho $A\n'));
      expect(files.get('env')?.sha256).toBe(sha256('PATH=/usr/bin\nGREETING=hello\nA=2\n'));
    });

    it.each([
      ['a wrong password', () => ({ name: image, auth: { ...auth, password: 'wrong' } }), 'REGISTRY_UNAUTHORIZED'],
      ['no password', () => ({ name: image }), 'REGISTRY_UNAUTHORIZED'],
      ['a missing tag', () => ({ name: `${registry.host}/test/corner:none`, auth }), 'IMAGE_NOT_FOUND'],
      ['a missing repository', () => ({ name: `${registry.host}/test/none:v1`, auth }), 'IMAGE_NOT_FOUND'],
      ['nobody listening', () => ({ name: 'localhost:1/test/corner:v1' }), 'REGISTRY_FORBIDDEN_ADDRESS'],
      ['a host without address', () => ({ name: 'registry.invalid/test/corner:v1' }), 'REGISTRY_UNREACHABLE'],
    ])('fails with a code and a hint on %s', async (_what, inputImage, code) => {
      const job = await convert({ inputImage: inputImage() });
      expect(job).toMatchObject({
        status: 'FAILED',
        build: null,
        failure: { code, hint: expect.stringMatching(/\w+ \w+/) },
      });
      expect(JSON.stringify(job)).not.toContain('wrong');
    });
  });
});

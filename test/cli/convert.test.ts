import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeDevelopmentBlobs } from '../../src/demo/development-blobs.js';
import { CLI, eventsOf, runCli, startCli } from '../support/command-line.js';
import { smallImage } from '../support/documents.js';
import { run, temporaryFolder } from '../support/folders.js';
import { startHttpFake } from '../support/http-fake.js';
import { REGISTRY_USER, startRegistry } from '../support/registry.js';
import type { TestRegistry } from '../support/registry.js';
import { describeWith } from '../support/requirements.js';
import { newSigner } from '../support/signers.js';
import { buildCornerCaseImage, pushImage } from '../support/umoci-image.js';

const folder = temporaryFolder();
const blobs = join(folder, 'blobs');
const tmp = join(folder, 'tmp');
const archive = `docker-archive:${join(folder, 'archive.tar')}`;
const common = ['--blobs', blobs, '--tmp', tmp];

beforeAll(async () => {
  mkdirSync(tmp);
  await writeDevelopmentBlobs(blobs);
});

afterEach(() => expect(readdirSync(tmp)).toEqual([]));

describeWith(['docker-registry', 'skopeo', 'umoci'], 'build-catalog convert', () => {
  let registry: TestRegistry;
  let layout: string;
  let remote: string;
  let atRegistry: string[];
  const login = { stdin: `${REGISTRY_USER.password}\n` };

  beforeAll(async () => {
    registry = await startRegistry({ auth: 'password' });
    remote = `${registry.host}/acme/hello`;
    atRegistry = ['--allow', registry.host, '--username', REGISTRY_USER.username, '--password-stdin'];
    layout = await buildCornerCaseImage(folder);
    await run('skopeo', 'copy', '--quiet', layout, `${archive}:acme/hello:1`);
    await pushImage(layout, `${remote}:1`, REGISTRY_USER);
  });
  afterAll(() => registry.stop());

  it('makes the same EIF and image of a registry, an OCI layout and a docker archive', async () => {
    const convert = async (image: string, name: string, more: string[], options = {}) => {
      const file = join(folder, name);
      const args = ['convert', image, '-o', file, '--json', '--image-name', remote, ...common, ...more];
      const result = eventsOf(await runCli(args, options)).at(-1);
      expect(result).toMatchObject({ type: 'result', output: file, eif: { file } });
      return { eif: readFileSync(file), result };
    };
    const [pulled, fromLayout, fromArchive] = await Promise.all([
      convert(`${remote}:1`, 'registry.eif', atRegistry, login),
      convert(layout, 'layout.eif', []),
      convert(`${archive}:docker.io/acme/hello:1`, 'archive.eif', []),
    ]);
    expect(pulled.eif.subarray(0, 4).toString()).toBe('.eif');
    expect(pulled.eif.length).toBe(pulled.result.eif.sizeBytes);
    for (const { eif, result } of [fromLayout, fromArchive]) {
      expect(eif.equals(pulled.eif)).toBe(true);
      for (const name of ['imageDigest', 'imageId', 'measurements']) expect(result[name]).toEqual(pulled.result[name]);
    }
    expect(pulled.result.runCommand).toBe(
      `nitro-cli run-enclave --eif-path ${pulled.result.output} --memory ${pulled.result.memoryMib} --cpu-count 2`,
    );
    expect(pulled.result.memoryMib * 1024 ** 2).toBeGreaterThanOrEqual(4 * pulled.eif.length);
  });

  it('writes images to registries and into layouts, which skopeo and umoci read, and keeps what is there', async () => {
    const out = join(folder, 'out');
    const image = ['convert', `${archive}:@0`, '--image-name', remote, '--json', ...common];
    const first = eventsOf(await runCli([...image, '-o', `oci:${out}:registry.example/hello:v1`])).at(-1);
    const second = eventsOf(await runCli([...image, '-o', `oci:${out}:v2`, '--env', 'GREETING=other'])).at(-1);
    const pushed = eventsOf(await runCli([...image, '-o', `${remote}:eif`, ...atRegistry], login)).at(-1);
    const digest = async (name: string) =>
      JSON.parse(await run('skopeo', 'inspect', '--tls-verify=false', '--creds', creds(), name)).Digest;
    expect(await digest(`oci:${out}:registry.example/hello:v1`)).toBe(first.imageDigest);
    expect(await digest(`oci:${out}:v2`)).toBe(second.imageDigest);
    expect(await digest(`docker://${remote}:eif`)).toBe(first.imageDigest);
    expect(pushed.imageDigest).toBe(first.imageDigest);
    expect(second.imageDigest).not.toBe(first.imageDigest);
    expect((await run('umoci', 'ls', '--layout', out)).trim().split('\n')).toHaveLength(2);
    expect(readdirSync(out).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
  });
  const creds = () => `${REGISTRY_USER.username}:${REGISTRY_USER.password}`;

  it('tells programs every step as JSON, one object a line', async () => {
    const file = join(folder, 'json.eif');
    const result = await runCli(['convert', layout, '-o', file, '--json', ...common]);
    const events = eventsOf(result);
    const steps = events.filter(({ type }) => type === 'progress').map(({ step }) => step);
    expect([...new Set(steps)]).toEqual(['PULLING', 'FLATTENING', 'BUILDING', 'MEASURING', 'PUSHING', 'REGISTERING']);
    expect(events.filter(({ type }) => type === 'warning').map(({ code }) => code)).toContain('NOT_BOOTABLE');
    expect(events.filter(({ type }) => type === 'result')).toEqual([events.at(-1)]);
    expect(result).toMatchObject({ code: 0, stderr: '' });
  });

  it('tells people the result on standard output and all else on standard error', async () => {
    const file = join(folder, "it's.eif");
    const { code, stdout, stderr } = await runCli(['convert', layout, '-o', file, ...common]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^PCR0 {2}[0-9a-f]{96}\nPCR1 {2}[0-9a-f]{96}\nPCR2 {2}[0-9a-f]{96}\nfile .*\nrun .*\n$/);
    expect(stdout).toContain(`--eif-path '${file.replace("'", "'\\''")}'`);
    expect(stderr).toMatch(/warning: NOT_BOOTABLE[^]*PULLING[^]*REGISTERING/);
  });

  it('fails by name where the registry refuses the login, and says the password to nobody else', async () => {
    const args = ['convert', `${remote}:1`, '-o', join(folder, 'no.eif'), ...common, ...atRegistry];
    const refused = await runCli(args, { stdin: 'wrong password' });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/error: REGISTRY_UNAUTHORIZED[^]*docker login/);
    expect(refused.stdout + refused.stderr).not.toContain('wrong password');
    expect(existsSync(join(folder, 'no.eif'))).toBe(false);
  });

  it('signs with a key, and names the file that can not be used', async () => {
    const { keyFile } = newSigner(folder, 'prime256v1');
    const signing = ['--signing-key', keyFile, '--signing-certificate', join(folder, 'prime256v1.pem')];
    const file = join(folder, 'signed.eif');
    const signed = eventsOf(await runCli(['convert', layout, '-o', file, '--json', ...common, ...signing])).at(-1);
    expect(signed.measurements.pcr8).toMatch(/^[0-9a-f]{96}$/);
    const described = eventsOf(await runCli(['describe', file, '--json'])).at(-1);
    expect(described).toMatchObject({
      IsSigned: true,
      CheckCRC: true,
      Measurements: { PCR8: signed.measurements.pcr8 },
    });
    const wrong = await runCli(['convert', layout, '-o', file, ...common, ...signing.slice(0, 3), keyFile]);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain(`${keyFile} can not be used for signing`);
  });

  it('pulls a layer once where it has a cache', async () => {
    const cache = ['--cache', join(folder, 'cache'), '--json', ...common, ...atRegistry];
    const first = await runCli(['convert', `${remote}:1`, '-o', join(folder, 'c1.eif'), ...cache], login);
    const kept = readdirSync(join(folder, 'cache', 'build-catalog-layers', 'own'));
    const second = await runCli(['convert', `${remote}:1`, '-o', join(folder, 'c2.eif'), ...cache], login);
    expect(kept).toHaveLength(3);
    const told = eventsOf(second).filter((event) => /^Layer \d/.test(String(event.message)));
    expect(told.map((event) => /from the cache/.test(String(event.message)))).toEqual([true, true, true]);
    expect(eventsOf(second).at(-1).eif.sha256).toBe(eventsOf(first).at(-1).eif.sha256);
  });
});

describe('build-catalog convert, interrupted', () => {
  it('stops at once and leaves nothing behind', async () => {
    const { manifest, config, configBlob, layerBlob } = smallImage();
    const asked = new Promise<void>((resolve) => {
      opened = resolve;
    });
    const fake = await startHttpFake(({ url }, response) => {
      if (url?.includes('/manifests/')) {
        response.writeHead(200, { 'content-type': manifest.mediaType }).end(manifest.bytes);
      } else if (url?.endsWith(configBlob.digest)) response.end(config);
      else if (url?.endsWith(layerBlob.digest)) {
        response.writeHead(200, { 'content-length': layerBlob.size }).write('lay');
        opened();
      } else response.writeHead(404).end();
    });
    const place = join(folder, 'interrupted');
    mkdirSync(place);
    const args = ['convert', `${fake.host}/a/b:1`, '-o', join(place, 'x.eif'), '--allow', fake.host, '--json'];
    const command = startCli([...args, ...common]);
    await asked;
    command.process.kill('SIGINT');
    const ended = await command.ended;
    await fake.close();
    expect(ended.code).toBe(130);
    expect(eventsOf(ended).at(-1)).toMatchObject({ type: 'failure', code: 'CANCELLED' });
    expect(readdirSync(place)).toEqual([]);
  });
  let opened: () => void;
});

describe('build-catalog', () => {
  it('ends with 2 where it is used wrongly, in words or as JSON', async () => {
    const [words, json] = await Promise.all([runCli(['convert']), runCli(['convert', 'hello', '--json'])]);
    expect(words).toMatchObject({ code: 2, stdout: '' });
    expect(words.stderr).toBe('error: USAGE: convert takes one image.\nSee build-catalog --help.\n');
    expect(json).toMatchObject({ code: 2, stderr: '' });
    expect(eventsOf(json)).toEqual([
      { type: 'failure', code: 'USAGE', message: expect.stringContaining('--output'), hint: expect.any(String) },
    ]);
  });

  it('loads nothing of the database, of GraphQL or of the web server', async () => {
    const loaded = async (file: string) =>
      run(
        process.execPath,
        '-e',
        `require(${JSON.stringify(file)}); console.log(Object.keys(require.cache).join('\\n'))`,
      );
    const server = /node_modules\/(?:typeorm|sqlite3|pg|graphql|type-graphql|fastify|@apollo)\//;
    const commands = await loaded(CLI.replace('main.js', 'convert-command.js'));
    expect(commands).toContain('convert.js');
    expect(commands).not.toMatch(server);
    // Nor, to tell its version, what conversions need.
    const { stdout } = await runCli(['--version'], { environment: { NODE_OPTIONS: `--require ${traceFile()}` } });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n[^]*cli\/main\.js/);
    expect(stdout).not.toMatch(/node_modules/);
  });
});

/** A module that prints at the end what the process loaded. */
function traceFile(): string {
  const file = join(folder, 'trace.cjs');
  const script = `process.on('exit', () => console.log(Object.keys(require.cache).join('\\n')));`;
  writeFileSync(file, script);
  return file;
}

import { join } from 'node:path';
import { writeDevelopmentBlobs } from '../../src/demo/development-blobs.js';
import { writeFileSync } from 'node:fs';
import { eventsOf, finished, startConversion, startConvertingGateway, waiting } from '../support/conversions.js';
import { onEachDatabaseAtScale } from '../support/databases.js';
import { itJudged, judgeEif } from '../support/eif-judge.js';
import { everythingIn } from '../support/everything.js';
import { temporaryFolder } from '../support/folders.js';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { newSigner, openssl } from '../support/signers.js';
import type { Signer } from '../support/signers.js';
import { pullEif, storeSmallImage } from '../support/small-image.js';

const RUN = { name: 'app/run', data: 'program', mode: 0o755 };
const CONFIG = { Entrypoint: ['/app/run'], Env: ['A=1'] };
const JOB = `{
  job(id: $id) {
    id status attempt step failure { code message hint } retryOf { id }
    signing { algorithm pcr0 pcr8 digest toBeSigned expiresAt }
    outputImage { name digest measurements { name value } }
    build { id attributes { ... on NitroEnclaveAttributes { pcr0 pcr1 pcr2 pcr8 } } }
  }
}`;

const asker = (gateway: TestGateway) => async (query: string, variables: object) => {
  const { body } = await gateway.send(query, variables);
  if (body.errors) throw new Error(JSON.stringify(body.errors));
  return Object.values(body.data as Record<string, any>)[0];
};
const jobOf = (gateway: TestGateway, id: string) => asker(gateway)(`query ($id: ID!) ${JOB}`, { id });
const convert = async (gateway: TestGateway, input: object) => {
  const id = await startConversion(gateway, input);
  await finished(gateway, id);
  return jobOf(gateway, id);
};

describe.each([
  ['prime256v1', 'ES256'],
  ['secp384r1', 'ES384'],
  ['secp521r1', 'ES512'],
])('a gateway with a key on %s', (curve) => {
  const { certificate, key, keyFile } = newSigner(temporaryFolder(), curve);
  let gateway: TestGateway;
  let image: string;
  let signed: any;

  beforeAll(async () => {
    const certificateFile = join(temporaryFolder(), 'certificate.pem');
    writeFileSync(certificateFile, certificate);
    gateway = await startConvertingGateway({ SIGNING_KEY_FILE: keyFile, SIGNING_CERTIFICATE_FILE: certificateFile });
    image = await storeSmallImage(gateway, ['acme/app', '1'], [[RUN]], CONFIG);
    signed = await convert(gateway, { inputImage: { name: image } });
  });
  afterAll(() => gateway.close());

  it('signs what it converts, which is found by PCR8', async () => {
    const [{ pcr0, pcr8 }] = signed.build.attributes;
    expect(pcr8).toMatch(/^[0-9a-f]{96}$/);
    expect(signed.outputImage.measurements).toContainEqual({ name: 'pcr8', value: pcr8 });
    expect((await pullEif(gateway, signed.outputImage.name)).annotations['nitro-enclave.pcr8']).toBe(pcr8);
    const find = (value: string) =>
      asker(gateway)(`query ($value: String!) { buildsByMeasurement(value: $value) { nodes { id } } }`, { value });
    expect(await find(pcr8)).toEqual({ nodes: [{ id: signed.build.id }] });
    expect(await find(pcr0)).toEqual({ nodes: [{ id: signed.build.id }] });
  });

  itJudged('makes EIFs that the independent checker accepts, signature and all', async () => {
    const { file } = await pullEif(gateway, signed.outputImage.name);
    const [{ pcr0, pcr1, pcr2, pcr8 }] = signed.build.attributes;
    const report = judgeEif(file);
    expect(report.measurements).toEqual({ PCR0: pcr0, PCR1: pcr1, PCR2: pcr2, PCR8: pcr8 });
    expect(report.sections.at(-1)![0]).toBe('signature');
  });

  it('tells nobody its key', async () => {
    const known = await everythingIn(join(gateway.dataDir, 'catalog.sqlite'));
    for (const line of key.split('\n').filter((text) => text !== '' && !text.startsWith('-----'))) {
      expect(known).not.toContain(line);
    }
    const events = await eventsOf(gateway, signed.id);
    expect([...new Set(events.flatMap(({ step }) => step ?? []))]).toContain('SIGNING');
  });
});

describe('the key of a gateway', () => {
  it('signs nothing where it is asked not to, and that measures the same', async () => {
    const { certificate, keyFile } = newSigner(temporaryFolder(), 'prime256v1');
    const file = join(temporaryFolder(), 'certificate.pem');
    writeFileSync(file, certificate);
    const gateway = await startConvertingGateway({ SIGNING_KEY_FILE: keyFile, SIGNING_CERTIFICATE_FILE: file });
    const inputImage = { name: await storeSmallImage(gateway, ['acme/app', '1'], [[RUN]], CONFIG) };
    const signed = await convert(gateway, { inputImage, signing: { by: 'GATEWAY' } });
    const unsigned = await convert(gateway, { inputImage, signing: { by: 'NONE' } });
    await gateway.close();
    expect(signed.build.attributes[0].pcr8).toMatch(/^[0-9a-f]{96}$/);
    expect(unsigned.build.attributes).toEqual([{ ...signed.build.attributes[0], pcr8: null }]);
    expect(unsigned.outputImage.name).not.toBe(signed.outputImage.name);
  });

  it('must be that of the certificate, or the gateway does not start and says which file is wrong', async () => {
    const [one, other] = [newSigner(temporaryFolder(), 'prime256v1'), newSigner(temporaryFolder(), 'prime256v1')];
    const file = join(temporaryFolder(), 'certificate.pem');
    writeFileSync(file, other.certificate);
    const starting = startTestGateway({ SIGNING_KEY_FILE: one.keyFile, SIGNING_CERTIFICATE_FILE: file });
    await expect(starting).rejects.toThrow(
      /prime256v1.key can not .*: The signing key is not the key of the certificate/,
    );
  });
});

onEachDatabaseAtScale('an EIF that is signed elsewhere', (kind) => {
  let environment: Record<string, string>;
  let gateway: TestGateway;
  let image: string;
  let signer: Signer;

  beforeAll(async () => {
    const folder = temporaryFolder();
    signer = newSigner(folder, 'secp384r1');
    const folders = { DATA_DIR: folder, NITRO_BLOBS_DIR: join(folder, 'blobs') };
    environment = { ...folders, DATABASE_URL: await kind.create() };
    gateway = await startConvertingGateway(environment);
    image = await storeSmallImage(gateway, ['acme/app', '1'], [[RUN]], CONFIG);
  });
  afterAll(() => gateway.close());

  let outputs = 0;
  const input = () => ({
    ...{ inputImage: { name: image }, outputImage: { name: image.replace(/:1$/, `-out:${(outputs += 1)}`) } },
    signing: { by: 'EXTERNAL', certificate: signer.certificate },
  });
  const start = async (more: object = {}) => {
    const id = await startConversion(gateway, { ...input(), ...more });
    await waiting(gateway, id);
    return jobOf(gateway, id);
  };
  /** As somebody would who has the key: r and s in DER. */
  const sign = ({ signing }: any, keyFile = signer.keyFile): Buffer => {
    const file = join(temporaryFolder(), 'to-be-signed');
    writeFileSync(file, Buffer.from(signing.toBeSigned, 'base64'));
    return openssl('dgst', '-sha384', '-sign', keyFile, file);
  };
  const mutate = (name: string, given: object) => {
    const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
    const query = `mutation ($input: ${type}!) { ${name}(input: $input) { job { id status } userErrors { code field } } }`;
    return asker(gateway)(query, { input: given });
  };
  const attach = (jobId: string, signature: Buffer, encoding: BufferEncoding = 'base64') =>
    mutate('attachSignature', { jobId, signature: signature.toString(encoding) });
  const statusesOf = async (id: string) =>
    (await eventsOf(gateway, id)).filter((event) => event.kind === 'STATUS').map(({ status }) => status);

  it('waits with what is to be signed, refuses what is not that, and goes on with it', async () => {
    const job = await start();
    expect(job).toMatchObject({ status: 'WAITING', attempt: 1, build: null, step: null });
    expect(job.signing).toMatchObject({ algorithm: 'ES384', pcr0: expect.stringMatching(/^[0-9a-f]{96}$/) });
    expect(Date.parse(job.signing.expiresAt)).toBeGreaterThan(Date.now());
    const isPushed = await fetch(`${gateway.url}/v2/acme/app-out/manifests/${outputs}`, {
      headers: { authorization: `Bearer ${gateway.token}` },
    });
    expect(isPushed.status).toBe(404);

    const other = newSigner(temporaryFolder(), 'secp384r1');
    for (const wrong of [sign(job, other.keyFile), Buffer.from('none')]) {
      const { userErrors } = await attach(job.id, wrong);
      expect(userErrors).toEqual([{ code: 'BAD_USER_INPUT', field: ['signature'] }]);
    }
    expect((await jobOf(gateway, job.id)).status).toBe('WAITING');

    const signature = sign(job);
    expect((await attach(job.id, signature)).job).toMatchObject({ id: job.id, status: 'QUEUED' });
    expect((await attach(job.id, signature, 'hex')).job.id).toBe(job.id);
    await finished(gateway, job.id);
    const done = await jobOf(gateway, job.id);
    expect(done).toMatchObject({ status: 'SUCCEEDED', attempt: 2, signing: job.signing });
    const [{ pcr0, pcr8 }] = done.build.attributes;
    expect({ pcr0, pcr8 }).toEqual({ pcr0: job.signing.pcr0, pcr8: job.signing.pcr8 });
    expect(await statusesOf(job.id)).toEqual(['QUEUED', 'RUNNING', 'WAITING', 'QUEUED', 'RUNNING', 'SUCCEEDED']);

    // The same one again changes nothing; another one comes too late.
    expect((await attach(job.id, signature)).job).toEqual({ id: job.id, status: 'SUCCEEDED' });
    expect((await attach(job.id, sign(job))).userErrors).toMatchObject([{ code: 'CONFLICT' }]);
    expect(await jobOf(gateway, job.id)).toEqual(done);
  });

  it('differs in its signature only from one that nobody signed', async () => {
    const job = await start();
    const raw = rawOf(sign(job));
    expect((await attach(job.id, raw)).userErrors).toEqual([]);
    await finished(gateway, job.id);
    const signed = await jobOf(gateway, job.id);
    const unsigned = await convert(gateway, { inputImage: { name: image } });
    const diff = `query ($a: ID!, $b: ID!) { buildDiff(a: $a, b: $b) {
      measurements { name a b } eif { identical pcrs { name moved } sections { section changed } fileCount argv { a } }
    } }`;
    const { measurements, eif } = await asker(gateway)(diff, { a: unsigned.build.id, b: signed.build.id });
    expect(measurements).toEqual([{ name: 'pcr8', a: null, b: job.signing.pcr8 }]);
    expect(eif).toMatchObject({ identical: false, fileCount: 0, argv: null });
    const changed = eif.sections.filter(({ changed }: any) => changed).map(({ section }: any) => section);
    const moved = eif.pcrs.filter(({ moved }: any) => moved).map(({ name }: any) => name);
    expect([changed, moved]).toEqual([['signature'], ['PCR8']]);
  });

  it('is not made of other boot files than what was signed, and can be asked for again', async () => {
    const job = await start();
    const blobs = environment.NITRO_BLOBS_DIR!;
    writeFileSync(join(blobs, 'cmdline'), 'reboot=k panic=1\n');
    await attach(job.id, sign(job));
    await finished(gateway, job.id);
    await writeDevelopmentBlobs(blobs);
    const failed = await jobOf(gateway, job.id);
    expect(failed).toMatchObject({ status: 'FAILED', build: null, failure: { code: 'SIGNATURE_INVALID' } });
    const retried = await mutate('retryJob', { jobId: job.id });
    await waiting(gateway, retried.job.id);
    const next = await jobOf(gateway, retried.job.id);
    expect(next).toMatchObject({ retryOf: { id: job.id }, signing: { pcr0: job.signing.pcr0 } });
    await attach(next.id, sign(next));
    expect((await finished(gateway, next.id)).status).toBe('SUCCEEDED');
  });

  it('is cancelled while it waits, and then takes no signature', async () => {
    const job = await start();
    expect((await mutate('cancelJob', { jobId: job.id })).job).toEqual({ id: job.id, status: 'CANCELLED' });
    expect((await attach(job.id, sign(job))).userErrors).toMatchObject([{ code: 'CONFLICT' }]);
    expect(await statusesOf(job.id)).toEqual(['QUEUED', 'RUNNING', 'WAITING', 'CANCELLED']);
  });

  it('waits on after a restart, and is made of what its tag led to before', async () => {
    const job = await start();
    await gateway.close();
    gateway = await startConvertingGateway(environment);
    expect(await jobOf(gateway, job.id)).toEqual({ ...job, outputImage: expect.anything() });
    await storeSmallImage(gateway, ['acme/app', '1'], [[{ ...RUN, data: 'another program' }]], CONFIG);
    await attach(job.id, sign(job));
    await finished(gateway, job.id);
    const done = await jobOf(gateway, job.id);
    expect(done).toMatchObject({ status: 'SUCCEEDED', build: { attributes: [{ pcr0: job.signing.pcr0 }] } });
  });

  it('is refused at once without a certificate, with one that is none, and by a key that is not there', async () => {
    const refused = async (signing: object) => (await mutate('convertNitroImage', { ...input(), signing })).userErrors;
    const field = ['signing', 'certificate'];
    expect(await refused({ by: 'EXTERNAL' })).toEqual([{ code: 'BAD_USER_INPUT', field }]);
    expect(await refused({ by: 'EXTERNAL', certificate: 'x' })).toEqual([{ code: 'BAD_USER_INPUT', field }]);
    const rsa = newSigner(temporaryFolder(), 'rsa').certificate;
    expect(await refused({ by: 'EXTERNAL', certificate: rsa })).toEqual([{ code: 'BAD_USER_INPUT', field }]);
    const both = { by: 'EXTERNAL', certificate: signer.certificate + signer.key };
    expect(await refused(both)).toEqual([{ code: 'BAD_USER_INPUT', field }]);
    expect(await refused({ by: 'GATEWAY' })).toMatchObject([{ code: 'FEATURE_NOT_SUPPORTED' }]);
  });
});

/** r and s of P-384, one after the other. */
function rawOf(der: Buffer): Buffer {
  const integers: Buffer[] = [];
  for (let at = 2; at < der.length; at += 2 + der[at + 1]!) integers.push(der.subarray(at + 2, at + 2 + der[at + 1]!));
  const padded = integers.map((bytes) => Buffer.concat([Buffer.alloc(48), bytes]).subarray(-48));
  return Buffer.concat(padded);
}

import { describeEif } from '../../src/nitro/describe.js';
import { readEif } from '../../src/nitro/eif-reader.js';
import { formatDescription } from '../../src/nitro/format-description.js';
import { signatureSection } from '../../src/nitro/cose.js';
import { parseSigningCertificate, parseSigningKey, signPcr0 } from '../../src/nitro/signing.js';
import {
  TEST_METADATA,
  cmdline,
  eifOf,
  entry,
  kernel,
  memoryFile,
  metadata,
  ramdisk,
  signature,
  withSection,
} from '../support/eif-builder.js';
import { temporaryFolder } from '../support/folders.js';
import { newSigner } from '../support/signers.js';

const { signal } = new AbortController();
const read = (eif: Buffer) => readEif(memoryFile(eif), { offset: 0, sizeBytes: eif.length, signal });
const DOCKER = { Id: 'x', Config: { Env: ['SECRET=hunter2', 'B'], Cmd: ['/run'] }, ContainerConfig: { Env: null } };
const application = [entry('cmd', '/run\n\x1b[2J\n'), entry('env', 'SECRET=hunter2\nÜ=ü\nBARE\n')];
const eif = (document: unknown = { ...TEST_METADATA, DockerInfo: DOCKER }) =>
  eifOf([kernel(), cmdline(), metadata(document), ramdisk([entry('init', 'i')]), ramdisk(application)]);

describe('the description of an EIF', () => {
  it('has the names of nitro-cli where it has one', async () => {
    const reading = await read(eif());
    const { pcr0, pcr1, pcr2 } = reading.measurements!;
    expect(describeEif(reading)).toMatchObject({
      EifVersion: 4,
      Measurements: { HashAlgorithm: 'Sha384 { ... }', PCR0: pcr0, PCR1: pcr1, PCR2: pcr2 },
      IsSigned: false,
      CheckCRC: true,
      ImageName: 'app',
      ImageVersion: '1',
      Metadata: { BuildTool: 'tool', KernelVersion: '4.14.256', CustomMetadata: null },
      Architecture: 'x86_64',
      DefaultMemoryBytes: 2 ** 30,
      DefaultCpus: 2,
      Cmdline: 'reboot=k panic=30',
      Ramdisks: [
        { Format: 'cpio', EntryCount: 1, DataBytes: 1 },
        { Format: 'cpio', EntryCount: 2 },
      ],
      Argv: ['/run', '\x1b[2J'],
      Problems: [],
    });
    expect(describeEif(reading)).not.toHaveProperty('SignatureCheck');
    expect(() => JSON.stringify(describeEif(reading))).not.toThrow();
  });

  it('has no values of the environment unless they are asked for', async () => {
    const reading = await read(eif());
    const shown = describeEif(reading);
    expect(shown.Env).toEqual([
      { Name: 'SECRET', SizeBytes: 7 },
      { Name: 'Ü', SizeBytes: 2 },
      { Name: 'BARE', SizeBytes: 0 },
    ]);
    expect(shown.Metadata).toMatchObject({ DockerInfo: { Id: 'x', Config: { Env: ['SECRET', 'B'], Cmd: ['/run'] } } });
    expect(JSON.stringify(shown) + formatDescription(shown)).not.toContain('hunter2');
    const all = describeEif(reading, { showEnvironment: true });
    expect(all.Env?.[0]).toEqual({ Name: 'SECRET', SizeBytes: 7, Value: 'hunter2' });
    expect(all.Metadata).toMatchObject({ DockerInfo: DOCKER });
    expect(formatDescription(all)).toContain('SECRET=hunter2');
  });

  it('says who has signed it and whether that is true', async () => {
    const signer = newSigner(temporaryFolder(), 'secp384r1');
    const certificate = parseSigningCertificate(signer.certificate);
    const { pcr0 } = (await read(eif())).measurements!;
    const raw = signPcr0(parseSigningKey(signer.key, certificate), certificate, pcr0);
    const signed = async (value: Buffer) =>
      describeEif(await read(withSection(eif(), signature(signatureSection(certificate, pcr0, value)))));
    const good = await signed(raw);
    expect(good).toMatchObject({
      IsSigned: true,
      SignatureCheck: true,
      Measurements: { PCR8: certificate.pcr8 },
      SigningCertificate: { IssuerName: { O: 'Example', CN: 'release' }, KeyAlgorithm: 'ES384' },
    });
    expect(good.SigningCertificate?.NotAfter).toMatch(/^[A-Z][a-z]{2} .* GMT$/);
    expect(formatDescription(good)).toMatch(/Signature +valid for its certificate\nCertificate +O=Example, CN=release/);
    const bad = await signed(Buffer.alloc(96, 1));
    expect(bad).toMatchObject({ IsSigned: true, SignatureCheck: false });
    expect(formatDescription(bad)).toMatch(
      /Signature +NOT VALID[^]*Problems:\n {2}its signature is not of its certificate/,
    );
    const unreadable = describeEif(await read(withSection(eif(), signature(Buffer.from('80', 'hex')))));
    expect(unreadable).toMatchObject({ IsSigned: true, SignatureCheck: false });
    expect(unreadable).not.toHaveProperty('SigningCertificate');
  });

  it('moves no cursor at a terminal', async () => {
    const name = 'a\x1b[31mb\u202ec\u0085d\ne';
    const text = formatDescription(describeEif(await read(eif({ ...TEST_METADATA, ImageName: name }))));
    expect(text).toContain('Image            a\\u{1b}[31mb\\u{202e}c\\u{85}d\\u{a}e 1\n');
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it('is short for people, whatever the file holds', async () => {
    const words = [entry('cmd', `${'x'.repeat(1000)}\n`.repeat(100)), entry('env', 'A=1\n'.repeat(100))];
    const long = eifOf([kernel(), cmdline(), metadata(), ramdisk([entry('init', 'i')]), ramdisk(words)]);
    const text = formatDescription(describeEif(await read(long)));
    expect(text).toContain('... and 60 more');
    expect(text.length).toBeLessThan(15_000);
  });

  it.each([
    ['no object', '[1]'],
    ['odd members', { ImageName: 1, BuildMetadata: [1], DockerInfo: { Config: { Env: [{ toString: 1 }, null] } } }],
    ['the names of what every object has', '{"__proto__":1,"BuildMetadata":{"__proto__":2,"toString":3}}'],
  ])('is given for metadata with %s', async (_what, document) => {
    const shown = describeEif(await read(eif(document)));
    expect(shown.Problems).not.toEqual([]);
    expect(formatDescription(shown)).toContain('PCR0');
  });
});

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { loadBlobs } from '../../src/nitro/blobs.js';
import { signatureSection } from '../../src/nitro/cose.js';
import { planEif, writeEif } from '../../src/nitro/eif.js';
import { eifMetadata } from '../../src/nitro/eif-metadata.js';
import { readEif } from '../../src/nitro/eif-reader.js';
import type { EifReading } from '../../src/nitro/eif-reader.js';
import { InvalidEif } from '../../src/nitro/invalid-eif.js';
import { bootRamdisk, customerRamdisk } from '../../src/nitro/ramdisks.js';
import { parseSigningCertificate, parseSigningKey, signPcr0 } from '../../src/nitro/signing.js';
import { FileTree } from '../../src/oci/file-tree.js';
import { writeBlobs } from '../support/blob-folder.js';
import {
  TEST_METADATA,
  cmdline,
  eifOf,
  entry,
  kernel,
  link,
  memoryFile,
  metadata,
  ramdisk,
  signature,
  withChecksum,
  withSection,
} from '../support/eif-builder.js';
import { itJudged, judgeEif } from '../support/eif-judge.js';
import { temporaryFolder } from '../support/folders.js';
import { mutated, mutations } from '../support/mutations.js';
import { newSigner } from '../support/signers.js';

const NO_CMDLINE = 'it has 0 cmdline sections; it must have one';
const ONE_SIGNATURE = 'it does not have exactly one signature';
const folder = temporaryFolder();
const { signal } = new AbortController();
let unsigned: Buffer;
let measurements: { pcr0: string; pcr1: string; pcr2: string };

const read = (eif: Buffer): Promise<EifReading> =>
  readEif(memoryFile(eif), { offset: 0, sizeBytes: eif.length, signal });

function signed(kind: string, pcr0 = measurements.pcr0): { eif: Buffer; pcr8: string } {
  const place = join(folder, kind);
  mkdirSync(place, { recursive: true });
  const { certificate: pem, key } = newSigner(place, kind);
  const certificate = parseSigningCertificate(pem);
  const raw = signPcr0(parseSigningKey(key, certificate), certificate, pcr0);
  const eif = withSection(unsigned, signature(signatureSection(certificate, pcr0, raw)));
  return { eif, pcr8: certificate.pcr8 };
}

beforeAll(async () => {
  const blobs = await loadBlobs(writeBlobs(join(folder, 'blobs')), 'amd64');
  const names = { imageName: 'app', imageVersion: '1', buildToolVersion: '9', ...blobs };
  const ramdisks = [
    bootRamdisk(blobs),
    customerRamdisk({ argv: ['/a', 'b c'], env: ['A=1', 'B=x=y'] })(new FileTree()),
  ];
  const { kernel: image, cmdline: line } = blobs;
  const content = {
    architecture: 'amd64' as const,
    kernel: image,
    cmdline: line,
    metadata: eifMetadata(names),
    ramdisks,
  };
  const path = join(folder, 'unsigned.eif');
  const file = await open(path, 'w');
  const plan = await planEif(content, signal);
  ({ measurements } = await writeEif(plan, { file, offset: 0 }, { spoolPaths: [], signal }));
  await file.close();
  unsigned = readFileSync(path);
});

describe('the reader of EIFs', () => {
  it('finds in an EIF what the writer has put there', async () => {
    const reading = await read(unsigned);
    expect(reading).toMatchObject({
      sizeBytes: unsigned.length,
      header: { version: 4, flags: 0, architecture: 'amd64', sectionCount: 5 },
      crcOk: true,
      measurements,
      signature: null,
      cmdline: 'reboot=k panic=30 console=ttyS0',
      metadata: { ImageName: 'app', BuildMetadata: { KernelVersion: '4.14.256' } },
      ramdisks: [
        { format: 'cpio', entryCount: 3 },
        { format: 'cpio', entryCount: 19 },
      ],
      argv: ['/a', 'b c'],
      env: ['A=1', 'B=x=y'],
      problems: [],
    });
    expect(reading.sections.map(({ name }) => name)).toEqual(['kernel', 'cmdline', 'metadata', 'ramdisk', 'ramdisk']);
    for (const { offset, sizeBytes } of reading.sections) {
      expect(unsigned.readBigUInt64BE(offset - 8)).toBe(BigInt(sizeBytes));
    }
  });

  it('reads one in the middle of a file, in pieces, and no byte twice', async () => {
    const around = Buffer.concat([Buffer.alloc(100, 'x'), unsigned, Buffer.alloc(100, 'y')]);
    const file = memoryFile(around, 1000);
    const reading = await readEif(file, { offset: 100, sizeBytes: unsigned.length, signal });
    expect(reading).toEqual(await read(unsigned));
    expect(file.bytesRead).toBe(unsigned.length);
  });

  it.each(['prime256v1', 'secp384r1', 'secp521r1'])('verifies a signature with a key on %s', async (kind) => {
    const { eif, pcr8 } = signed(kind);
    const reading = await read(eif);
    expect(reading.problems).toEqual([]);
    expect(reading.measurements).toEqual({ ...measurements, pcr8 });
    expect(reading.signature).toMatchObject({ valid: true, certificate: { subject: 'O=Example, CN=release' } });
  });

  itJudged('agrees with the independent checker on EIFs signed with each of the curves', async () => {
    for (const kind of ['prime256v1', 'secp384r1', 'secp521r1']) {
      const { eif, pcr8 } = signed(kind);
      const path = join(folder, `${kind}.eif`);
      writeFileSync(path, eif);
      const { pcr0: PCR0, pcr1: PCR1, pcr2: PCR2 } = measurements;
      expect(judgeEif(path).measurements).toEqual({ PCR0, PCR1, PCR2, PCR8: pcr8 });
    }
  });

  it('tells of a signature over another PCR0', async () => {
    const { eif } = signed('secp384r1', 'ab'.repeat(48));
    const { signature: verdict, problems } = await read(eif);
    expect([verdict?.valid, problems]).toEqual([false, ['its signature is over another PCR0']]);
  });

  const parts = () => [
    kernel(),
    cmdline(),
    metadata(),
    ramdisk([entry('init', 'i')]),
    ramdisk([entry('cmd', '/run\n')]),
  ];
  const replaced = (index: number, section: { type: number; data: Buffer }) =>
    eifOf(parts().map((part, at) => (at === index ? section : part)));
  const changed = (change: (eif: Buffer) => void) => {
    const eif = eifOf(parts());
    change(eif);
    return withChecksum(eif);
  };

  it.each([
    ['a link in the place of the command', [entry('cmd', '/honest\n'), link('cmd', 'rootfs/evil')]],
    ['a name that leads back to it', [entry('cmd', '/honest\n'), entry('rootfs/../cmd', '/evil\n')]],
    ['a link that names lead through', [link('etc', '.'), entry('cmd', '/honest\n'), entry('etc/cmd', '/evil\n')]],
  ])('tells no command that the kernel would not find: %s', async (_what, entries) => {
    const { argv, problems } = await read(eifOf([...parts().slice(0, 4), ramdisk(entries)]));
    expect([argv, problems.join()]).toEqual([null, expect.stringMatching(/can not be told/)]);
  });

  it.each<[string, () => Buffer, string[]]>([
    ['nothing wrong', () => eifOf(parts()), []],
    ['another version', () => changed((eif) => eif.writeUInt16BE(5, 4)), ['it has the version 5; 2 to 4 are known']],
    ['unknown flags', () => changed((eif) => eif.writeUInt16BE(2, 6)), ['it has unknown flags (2)']],
    ['reserved bytes', () => changed((eif) => eif.writeUInt16BE(2, 24)), ['its reserved bytes are not zero']],
    [
      'another count',
      () => changed((eif) => eif.writeUInt16BE(4, 26)),
      ['its table has entries that no section uses', 'it has 5 sections; its header counts 4'],
    ],
    [
      'a table that lies',
      () => changed((eif) => eif.writeBigUInt64BE(2n ** 63n, 284 + 8)),
      ['section 1 (cmdline) is not where or not as long as its table says'],
    ],
    ['section flags', () => changed((eif) => eif.writeUInt16BE(1, 550)), ['section 0 (kernel) has flags']],
    ['a wrong checksum', () => Buffer.concat([withByte(eifOf(parts()), 544)]), ['its checksum is wrong']],
    ['two kernels', () => replaced(1, kernel()), ['it has 2 kernel sections; it must have one', NO_CMDLINE]],
    ['no command line', () => eifOf(parts().filter(({ type }) => type !== 2)), [NO_CMDLINE]],
    ['no ramdisk', () => eifOf(parts().slice(0, 3)), ['it has no ramdisk']],
    ['no metadata', () => eifOf(parts().filter(({ type }) => type !== 5)), ['it has no metadata']],
    ['a late kernel', () => eifOf([...parts().slice(1), kernel()]), ['it has a ramdisk before the kernel']],
    ['metadata that is no JSON', () => replaced(2, metadata('{')), ['its metadata is not JSON']],
    ['metadata that is a list', () => replaced(2, metadata([])), ['its metadata is not an object of reasonable depth']],
    [
      'metadata nested deep',
      () => replaced(2, metadata('{"a":' + '['.repeat(100_000) + ']'.repeat(100_000) + '}')),
      ['its metadata is not an object of reasonable depth'],
    ],
    [
      'metadata without a field',
      () => replaced(2, metadata({ ...TEST_METADATA, DockerInfo: undefined })),
      ['its metadata lacks DockerInfo'],
    ],
    [
      'metadata without fields of the build',
      () => replaced(2, metadata({ ...TEST_METADATA, BuildMetadata: { BuildTool: 'x', KernelVersion: '1' } })),
      ['its metadata lacks BuildTime, BuildToolVersion, OperatingSystem'],
    ],
    [
      'huge metadata',
      () => replaced(2, metadata(' '.repeat(2 ** 20 + 1))),
      ['its metadata section has 1048577 bytes; 1048576 are read'],
    ],
    ['a broken ramdisk', () => replaced(4, { type: 3, data: Buffer.from('070701') }), ['a ramdisk is cut']],
    ['an unreadable signature', () => eifOf([...parts(), signature(Buffer.from('80', 'hex'))]), [ONE_SIGNATURE]],
  ])('tells of %s', async (_what, eif, problems) => {
    const reading = await read(eif());
    expect(reading.problems).toEqual(problems);
    expect(reading.measurements).not.toBeNull();
  });

  it.each<[string, () => Buffer, string]>([
    ['of an unknown type', () => replaced(1, { type: 6, data: Buffer.from('x') }), 'section 1 is of an unknown type'],
    ['of the invalid type', () => replaced(1, { type: 0, data: Buffer.from('x') }), 'section 1 is of an unknown type'],
    [
      'longer than the file',
      () => changed((eif) => eif.writeBigUInt64BE(2n ** 63n, 548 + 4)),
      'section 0 (kernel) is longer than the file',
    ],
    [
      'of a few bytes',
      () => withChecksum(Buffer.concat([eifOf(parts()), Buffer.from('abc')])),
      'bytes follow its last section',
    ],
  ])('does not measure one whose sections cannot be followed: %s', async (_what, eif, problem) => {
    const reading = await read(eif());
    expect(reading.measurements).toBeNull();
    expect(reading.crcOk).toBe(true);
    expect(reading.problems).toContain(problem);
  });

  it('stops after 32 sections', async () => {
    const many = withChecksum(Buffer.concat([eifOf(parts()), ...Array.from({ length: 28 }, () => emptySection())]));
    expect((await read(many)).problems).toContain('it has more than 32 sections');
  });

  it('knows a compressed ramdisk and looks into none', async () => {
    const gzip = { type: 3, data: Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]) };
    const reading = await read(replaced(3, gzip));
    expect(reading.problems).toEqual([]);
    expect(reading.ramdisks[0]).toEqual({ format: 'gzip', entryCount: null, dataBytes: 0 });
  });

  it.each([
    ['nothing', Buffer.alloc(0), 'shorter than its header'],
    ['something short', Buffer.from('.eif'), 'shorter than its header'],
    ['something else', Buffer.alloc(2000, 'x'), 'does not begin with ".eif"'],
  ])('refuses %s', async (_what, bytes, message) => {
    await expect(read(bytes)).rejects.toThrow(InvalidEif);
    await expect(read(bytes)).rejects.toThrow(message);
  });

  it('refuses a file that ends early, and stops when it is told to', async () => {
    const eif = eifOf(parts());
    const longer = { offset: 0, sizeBytes: eif.length + 1, signal };
    await expect(readEif(memoryFile(eif), longer)).rejects.toThrow('shorter than it should be');
    const stop = AbortSignal.abort(new Error('stop'));
    await expect(readEif(memoryFile(eif), { ...longer, signal: stop })).rejects.toThrow('stop');
  });

  it('takes no memory by what a file says of its size', async () => {
    const huge = 2 ** 40;
    const eif = changed((bytes) => bytes.writeBigUInt64BE(BigInt(huge / 2), 548 + 4));
    const file = memoryFile(eif);
    await expect(readEif(file, { offset: 0, sizeBytes: huge, signal })).rejects.toThrow(InvalidEif);
    expect(file.largest).toBeLessThanOrEqual(1024 * 1024);
  });

  it('never does anything but read or refuse', async () => {
    const { eif } = signed('secp384r1');
    const { sections } = await read(eif);
    const places = [
      0,
      24,
      284,
      540,
      ...sections.flatMap(({ offset, sizeBytes }) => [offset - 12, offset, offset + sizeBytes]),
    ];
    await fc.assert(
      fc.asyncProperty(mutations(eif.length, places), fc.boolean(), async (list, summed) => {
        const bytes = mutated(eif, list);
        if (summed && bytes.length >= 548) withChecksum(bytes);
        const outcome = await read(bytes).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(InvalidEif);
        else expect((outcome as EifReading).sizeBytes).toBe(bytes.length);
      }),
      { numRuns: 500 * Number(process.env.TEST_SCALE ?? 1) },
    );
  });
});

function withByte(eif: Buffer, at: number): Buffer {
  eif[at] = eif[at]! ^ 1;
  return eif;
}

function emptySection(): Buffer {
  const section = Buffer.alloc(12);
  section.writeUInt16BE(3, 0);
  return section;
}

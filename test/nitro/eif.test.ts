import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, symlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { LayerIndex } from '../../src/oci/layer.js';
import { loadBlobs } from '../../src/nitro/blobs.js';
import { planEif, writeEif } from '../../src/nitro/eif.js';
import type { EifContent } from '../../src/nitro/eif.js';
import { eifMetadata } from '../../src/nitro/eif-metadata.js';
import { bootRamdisk, customerRamdisk } from '../../src/nitro/ramdisks.js';
import { bzImage, writeBlobs } from '../support/blob-folder.js';
import { itJudged, judgeEif } from '../support/eif-judge.js';
import { readCpio } from '../support/cpio-reader.js';
import { flattenLayers } from '../support/flatten-layers.js';
import { temporaryFolder } from '../support/folders.js';
import { ramdiskBytes } from '../support/ramdisk-bytes.js';
import { itWithFullDevice } from '../support/requirements.js';
import { spool, tarOf } from '../support/tar-builder.js';

// PCR2 of an EIF with one ramdisk, as others have published it.
const PCR2_OF_NOTHING =
  '21b9efbc184807662e966d34f390821309eeac6802309798826296bf3e8bec7c10edb30948c90ba67310f7b964fc500a';

const folder = temporaryFolder();
const signal = new AbortController().signal;
let files = 0;
let layers: LayerIndex[];
let content: EifContent;

async function write(parts: EifContent, offset = 0, options: Partial<Parameters<typeof writeEif>[2]> = {}) {
  const plan = await planEif(parts, signal);
  const path = join(folder, `eif-${++files}`);
  const file = await open(path, 'w');
  try {
    const spoolPaths = layers.map((layer) => layer.spoolPath);
    const { measurements, sizeBytes } = await writeEif(plan, { file, offset }, { spoolPaths, signal, ...options });
    return { path, plan, measurements, sizeBytes };
  } finally {
    await file.close();
  }
}

function extend(...parts: Buffer[]): string {
  const digest = createHash('sha384').update(Buffer.concat(parts)).digest();
  return createHash('sha384')
    .update(Buffer.concat([Buffer.alloc(48), digest]))
    .digest('hex');
}

beforeAll(async () => {
  const big = { name: 'big', data: randomBytes(3_000_001) };
  const small = Array.from({ length: 3000 }, (_, index) => ({ name: `s/${index}`, data: randomBytes(index % 700) }));
  const lower = tarOf([{ name: 'a', data: 'lower' }, big, ...small]);
  const upper = tarOf([
    { name: 'a', data: 'upper' },
    { name: 's/10', data: 'replaced' },
    { name: 'z', data: randomBytes(70_000) },
  ]);
  layers = [await spool(folder, { stored: lower, tar: lower }), await spool(folder, { stored: upper, tar: upper })];
  const blobs = await loadBlobs(writeBlobs(join(folder, 'blobs'), { bzImage: bzImage(2_000_003) }), 'amd64');
  const tree = await flattenLayers(layers.map((layer) => layer.entries));
  const { kernel, cmdline, operatingSystem, kernelVersion } = blobs;
  const names = { imageName: 'Bär', imageVersion: '1', buildToolVersion: '9.9.9' };
  const metadata = eifMetadata({ ...names, operatingSystem, kernelVersion });
  const command = { argv: ['/a'], env: ['A=1'] };
  const ramdisks = [bootRamdisk(blobs), customerRamdisk(command)(tree)];
  content = { architecture: 'amd64', kernel, cmdline, metadata, ramdisks };
});

/** Data of the sections, by the table in the header. */
function sections(eif: Buffer): { type: number; data: Buffer }[] {
  return Array.from({ length: eif.readUInt16BE(26) }, (_, index) => {
    const offset = Number(eif.readBigUInt64BE(28 + 8 * index));
    const size = Number(eif.readBigUInt64BE(284 + 8 * index));
    expect(eif.readBigUInt64BE(offset + 4)).toBe(BigInt(size));
    return { type: eif.readUInt16BE(offset), data: eif.subarray(offset + 12, offset + 12 + size) };
  });
}

describe('an EIF', () => {
  it('has its sections in order, the planned size and the right checksum', async () => {
    const { path, plan } = await write(content);
    const eif = readFileSync(path);
    expect(eif).toHaveLength(plan.sizeBytes);
    expect(eif.toString('hex', 0, 28)).toBe('2e65696600040000000000004000000000000000000000020000' + '0005');
    expect(sections(eif).map((section) => section.type)).toEqual([1, 2, 5, 3, 3]);
    expect(eif.readUInt32BE(544)).toBe(crc32(eif.subarray(548), crc32(eif.subarray(0, 544))));
  });

  it("holds the blobs and the image's files, byte for byte", async () => {
    const eif = sections(readFileSync((await write(content)).path)).map((section) => section.data);
    const spools = layers.map((layer) => layer.spoolPath);
    expect(eif[0]?.equals(content.kernel)).toBe(true);
    expect(eif[1]?.equals(content.cmdline)).toBe(true);
    expect(eif[3]?.equals(ramdiskBytes(content.ramdisks[0]!))).toBe(true);
    expect(eif[4]?.equals(ramdiskBytes(content.ramdisks[1]!, spools))).toBe(true);
    const records = readCpio(eif[4]!);
    expect(records.find((record) => record.name === 'rootfs/a')?.data.toString()).toBe('upper');
    expect(records.find((record) => record.name === 'rootfs/s/10')?.data.toString()).toBe('replaced');
  });

  it('is measured over kernel, command line and ramdisks, without headers and metadata', async () => {
    const { path, measurements } = await write(content);
    const [kernel, cmdline, , boot, application] = sections(readFileSync(path)).map((section) => section.data);
    expect(measurements).toEqual({
      pcr0: extend(kernel!, cmdline!, boot!, application!),
      pcr1: extend(kernel!, cmdline!, boot!),
      pcr2: extend(application!),
    });
  });

  it('with one ramdisk has the known PCR2 and equal PCR0 and PCR1', async () => {
    const { measurements } = await write({ ...content, ramdisks: content.ramdisks.slice(0, 1) });
    expect(measurements.pcr2).toBe(PCR2_OF_NOTHING);
    expect(measurements.pcr0).toBe(measurements.pcr1);
  });

  it('has the same bytes each time, also in the middle of a file', async () => {
    const [first, second, moved] = [await write(content), await write(content), await write(content, 1024)];
    const bytes = readFileSync(first.path);
    expect(readFileSync(second.path).equals(bytes)).toBe(true);
    expect(readFileSync(moved.path).subarray(1024).equals(bytes)).toBe(true);
    expect(moved.measurements).toEqual(first.measurements);
  });

  it('says so in its flags when it is for arm64', async () => {
    expect(readFileSync((await write({ ...content, architecture: 'arm64' })).path).readUInt16BE(6)).toBe(1);
  });

  it('has metadata in the order of AWS, with a fixed time', async () => {
    const metadata = sections(readFileSync((await write(content)).path))[2]!.data.toString();
    expect(metadata).toBe(
      '{"ImageName":"Bär","ImageVersion":"1","BuildMetadata":{"BuildTime":"1970-01-01T00:00:00+00:00",' +
        '"BuildTool":"build-catalog","BuildToolVersion":"9.9.9","OperatingSystem":"Linux","KernelVersion":"4.14.256"},' +
        '"DockerInfo":null,"CustomMetadata":null}',
    );
    const dockerInfo = { b: [{ z: 1, y: 2 }], a: null };
    const other = eifMetadata({
      imageName: '',
      imageVersion: '',
      buildToolVersion: '',
      operatingSystem: '',
      kernelVersion: '',
      dockerInfo,
      customMetadata: { k: 1 },
    });
    expect(other.toString()).toContain('"DockerInfo":{"a":null,"b":[{"y":2,"z":1}]},"CustomMetadata":{"k":1}}');
  });

  it('reports its progress up to the planned size', async () => {
    let bytes = 548;
    const { plan } = await write(content, 0, { onBytes: (more) => (bytes += more) });
    expect(bytes).toBe(plan.sizeBytes);
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const writing = write(content, 0, { signal: stop.signal, onBytes: () => stop.abort(new Error('stop')) });
    await expect(writing).rejects.toThrow('stop');
  });

  itWithFullDevice('says so when the disk is full', async () => {
    const path = join(folder, 'full');
    symlinkSync('/dev/full', path);
    const file = await open(path, 'w');
    const spoolPaths = layers.map((layer) => layer.spoolPath);
    const writing = writeEif(await planEif(content, signal), { file, offset: 0 }, { spoolPaths, signal });
    await expect(writing).rejects.toMatchObject({ code: 'DISK_FULL' });
    await file.close();
  });

  itJudged('is valid for the independent checker, which measures the same', async () => {
    const { path, measurements } = await write(content);
    const report = judgeEif(path);
    expect(report.measurements).toEqual({ PCR0: measurements.pcr0, PCR1: measurements.pcr1, PCR2: measurements.pcr2 });
    expect(report).toMatchObject({ flags: 0, cmdline: content.cmdline.toString(), metadata: { ImageName: 'Bär' } });
  });
});

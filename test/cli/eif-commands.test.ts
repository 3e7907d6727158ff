import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeDevelopmentBlobs } from '../../src/demo/development-blobs.js';
import { writeSampleImage } from '../../src/demo/sample-image.js';
import { LayoutRepository } from '../../src/oci/layout-repository.js';
import { eventsOf, runCli } from '../support/command-line.js';
import { temporaryFolder } from '../support/folders.js';

const folder = temporaryFolder();
const fileOf = (name: string) => join(folder, `${name}.eif`);
const [a, b, damaged, cut] = [fileOf('a'), fileOf('b'), fileOf('damaged'), fileOf('cut')];
let measured: Record<string, string>;

beforeAll(async () => {
  const blobs = join(folder, 'blobs');
  await writeDevelopmentBlobs(blobs);
  await writeSampleImage(new LayoutRepository(join(folder, 'layout')), '1', 4);
  const convert = (file: string, ...more: string[]) =>
    runCli(['convert', `oci:${join(folder, 'layout')}`, '-o', file, '--blobs', blobs, '--json', ...more]);
  const [first] = await Promise.all([convert(a), convert(b, '--env', 'TOKEN=hunter2')]);
  measured = eventsOf(first).at(-1).measurements;
  const bytes = readFileSync(a);
  writeFileSync(cut, bytes.subarray(0, 400));
  bytes[700]! ^= 1;
  writeFileSync(damaged, bytes);
});

describe('build-catalog describe', () => {
  it('prints what nitro-cli would, with the names of variables but not their values', async () => {
    const [plain, shown] = await Promise.all([runCli(['describe', b]), runCli(['describe', b, '--show-env'])]);
    expect(plain).toMatchObject({ code: 0, stderr: '' });
    const description = JSON.parse(plain.stdout);
    expect(description).toMatchObject({ IsSigned: false, CheckCRC: true, ImageName: 'layout', Problems: [] });
    expect(description.Env).toContainEqual({ Name: 'TOKEN', SizeBytes: 7 });
    expect(plain.stdout).not.toContain('hunter2');
    expect(JSON.parse(shown.stdout).Env).toContainEqual({ Name: 'TOKEN', SizeBytes: 7, Value: 'hunter2' });
  });

  it('measures what the conversion measured', async () => {
    const [result] = eventsOf(await runCli(['describe', a, '--json']));
    expect(result).toMatchObject({ type: 'result', Measurements: { PCR0: measured.pcr0, PCR2: measured.pcr2 } });
  });

  it('describes a damaged EIF all the same, and fails', async () => {
    const described = await runCli(['describe', damaged, '--json']);
    const [warning, result] = eventsOf(described);
    expect(described.code).toBe(1);
    expect(warning).toEqual({ type: 'warning', code: 'EIF_INVALID', message: 'its checksum is wrong.' });
    expect(result).toMatchObject({ type: 'result', CheckCRC: false });
  });

  it('fails by name for what is no EIF, a folder, or not there', async () => {
    const files = [cut, folder, join(folder, 'none')];
    const results = await Promise.all(files.map((file) => runCli(['describe', file, '--json'])));
    expect(results.map(({ code }) => code)).toEqual([1, 1, 1]);
    const codes = results.map((result) => eventsOf(result).at(-1).code);
    expect(codes).toEqual(['IMAGE_INVALID', 'IMAGE_INVALID', 'FILE_SYSTEM']);
  });
});

describe('build-catalog diff', () => {
  it('ends with 0, 1 or 2 as diff(1) does', async () => {
    const pairs = [[a, a], [a, b], [a, cut], [a]];
    const results = await Promise.all(pairs.map((pair) => runCli(['diff', ...pair])));
    expect(results.map(({ code }) => code)).toEqual([0, 1, 2, 2]);
    expect(results[0]!.stdout).toBe('The EIFs are identical.\n');
    expect(results[1]!.stdout).toMatch(/^PCR0\n {2}a [0-9a-f]{96}\n {2}b [0-9a-f]{96}\nPCR1 same\nPCR2\n/);
    expect(results[1]!.stdout).toContain('env TOKEN: added\n');
    expect(results[1]!.stdout).toContain('ramdisk1 env: content (moves PCR0, PCR2)\nfirst difference: ramdisk1 env\n');
    expect(results[1]!.stdout).not.toContain('hunter2');
  });

  it('tells programs which PCRs moved, and why', async () => {
    const [diff] = eventsOf(await runCli(['diff', a, b, '--json']));
    const moved = diff.pcrs.filter((pcr: { moved: boolean }) => pcr.moved).map(({ name }: { name: string }) => name);
    expect(diff).toMatchObject({ type: 'result', identical: false, env: [{ name: 'TOKEN', change: 'ADDED' }] });
    expect(moved).toEqual(['PCR0', 'PCR2']);
  });
});

import fc from 'fast-check';
import { diffEifs } from '../../src/nitro/eif-diff.js';
import type { EifDiff } from '../../src/nitro/eif-diff.js';
import type { DiffLimits } from '../../src/nitro/file-differences.js';
import { InvalidEif } from '../../src/nitro/invalid-eif.js';
import { entry, memoryFile, sourceOf } from '../support/eif-builder.js';
import { eif } from '../support/eif-samples.js';
import { mutated, mutations } from '../support/mutations.js';

const { signal } = new AbortController();
const diff = (a: Buffer, b: Buffer, limits: Partial<DiffLimits> = {}) =>
  diffEifs(sourceOf(a), sourceOf(b), { signal, limits });
const told = ({ files }: EifDiff) => files.map(({ ramdisk: place, path, changes }) => [place, path, ...changes]);

describe('the difference of two EIFs, within its bounds', () => {
  it('tells of so many files and counts the others', async () => {
    const many = Array.from({ length: 30 }, (_, index) => entry(`f${index}`, 'x'));
    const found = await diff(eif({ application: many }), eif({ application: [] }), { files: 10 });
    expect(found.files).toHaveLength(10);
    expect(found.fileCount).toBe(30);
    await expect(diff(eif({ application: many }), eif(), { pendingEntries: 20 })).rejects.toThrow(InvalidEif);
    await expect(diff(eif({ application: many }), eif(), { pendingNameBytes: 20 })).rejects.toThrow(InvalidEif);
  });

  it('holds neither of two large ramdisks in memory, wherever they part', async () => {
    const large = entry('large', 'x'.repeat(12_000_000));
    const files = Array.from({ length: 20_000 }, (_, index) => entry(`f${index}`, 'data'));
    const [a, b] = [eif({ application: [large, ...files] }), eif({ application: [...files, entry('last')] })];
    const [fileA, fileB] = [memoryFile(a), memoryFile(b)];
    const found = await diffEifs(
      { file: fileA, offset: 0, sizeBytes: a.length },
      { file: fileB, offset: 0, sizeBytes: b.length },
      // What is read of the one while the other shows its large file would be far more.
      { signal, limits: { pendingEntries: 15_000 } },
    );
    expect(told(found).map(([, path, change]) => [path, change])).toEqual([
      ['large', 'REMOVED'],
      ['last', 'ADDED'],
    ]);
    expect(Math.max(fileA.largest, fileB.largest)).toBe(1024 * 1024);
    expect(fileA.bytesRead).toBeLessThan(2 * a.length);
  });

  it('never does anything but answer or refuse', async () => {
    const base = eif();
    const places = [548, 566, ...[...base.toString('latin1').matchAll(/070701/g)].map(({ index }) => index)];
    await fc.assert(
      fc.asyncProperty(mutations(base.length, places), async (list) => {
        const other = mutated(base, list);
        const outcome = await diff(base, other).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(InvalidEif);
        else expect((outcome as EifDiff).identical).toBe(base.equals(other));
      }),
      { numRuns: 300 * Number(process.env.TEST_SCALE ?? 1) },
    );
  });
});

import fc from 'fast-check';
import { DEFAULT_DIFF_LIMITS, FileDifferences } from '../../src/nitro/file-differences.js';
import type { SeenFile } from '../../src/nitro/changed-file.js';

const seen = (name: string, position: number): SeenFile => {
  const numbers = { mode: 0o100644, uid: 0, gid: 0, mtime: 0, size: 0, devMajor: 0, devMinor: 0 };
  return { file: { name, ...numbers, position, offset: position + 110 }, sha256: '', target: '' };
};

/** The names of `of` that `other` has too, each as often as in the one that has fewer of it. */
function common(of: string[], other: string[]): string[] {
  const left = [...other];
  return of.filter((name) => {
    const at = left.indexOf(name);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

describe('the files of two ramdisks', () => {
  it('are matched alike in whatever turns the two are read', () => {
    const names = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { maxLength: 7 });
    fc.assert(
      fc.property(names, names, fc.infiniteStream(fc.boolean()), (a, b, turns) => {
        const differences = new FileDifferences(DEFAULT_DIFF_LIMITS);
        const read = { a: 0, b: 0 };
        while (read.a < a.length || read.b < b.length) {
          const takesA = read.b === b.length || (read.a < a.length && turns.next().value);
          const side = takesA ? 'a' : 'b';
          const index = read[side]++;
          differences.see(side, seen((takesA ? a : b)[index]!, index * 112));
        }
        const { files } = differences.end();
        const paths = (change: string) =>
          files.filter(({ changes }) => changes.join() === change).map(({ path }) => path);
        const [keptA, keptB] = [common(a, b), common(b, a)];
        expect(paths('REMOVED').sort()).toEqual([...a].sort().filter(without(keptA)));
        expect(paths('ADDED').sort()).toEqual([...b].sort().filter(without(keptB)));
        expect(paths('ORDER')).toHaveLength(keptA.join() === keptB.join() ? 0 : 1);
        expect([differences.pendingOf('a'), differences.pendingOf('b')]).toEqual([
          a.length - keptA.length,
          b.length - keptB.length,
        ]);
      }),
      { numRuns: 1000 * Number(process.env.TEST_SCALE ?? 1) },
    );
  });
});

/** Leaves out each of the names once. */
function without(names: string[]): (name: string) => boolean {
  const left = [...names];
  return (name) => {
    const at = left.indexOf(name);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  };
}

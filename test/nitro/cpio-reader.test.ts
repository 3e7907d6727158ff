import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { CpioReader } from '../../src/nitro/cpio-reader.js';
import type { CpioFile } from '../../src/nitro/cpio-reader.js';
import { InvalidEif } from '../../src/nitro/invalid-eif.js';
import { readCpio } from '../support/cpio-reader.js';
import { cpioOf, entry } from '../support/eif-builder.js';
import { mutated, mutations } from '../support/mutations.js';

type Read = CpioFile & { sha256: string; ended: boolean };

function read(archive: Buffer, piece = archive.length): Read[] {
  const found: Read[] = [];
  let hash = createHash('sha256');
  const reader = new CpioReader({
    entry(file) {
      hash = createHash('sha256');
      found.push({ ...file, sha256: '', ended: false });
    },
    data: (chunk) => void hash.update(chunk),
    endOfEntry: () => void Object.assign(found.at(-1)!, { sha256: hash.digest('hex'), ended: true }),
  });
  for (let at = 0; at < archive.length; at += piece) reader.write(archive.subarray(at, at + piece));
  reader.end();
  return found;
}

const ENTRIES = [
  entry('d/', '', { mode: 0o41777, uid: 1, gid: 2, mtime: 0xffff_ffff }),
  entry('d/f', 'hello'),
  entry('d/l', 'f', { mode: 0o120777 }),
  entry('null', '', { mode: 0o20666, devMajor: 1, devMinor: 3 }),
  entry('n\xe9', 'x'.repeat(1000)),
  entry('empty'),
];
const ARCHIVE = cpioOf(ENTRIES);

describe('the reader of ramdisks', () => {
  it.each([1, 3, 4, 109, 110, 111, 512, 100_000])('finds every entry in pieces of %i bytes', (piece) => {
    const expected = readCpio(ARCHIVE).slice(0, -1);
    const found = read(ARCHIVE, piece);
    expect(found).toHaveLength(expected.length);
    found.forEach((file, index) => {
      const { name, mode, uid, gid, mtime, rdevMajor, rdevMinor, data } = expected[index]!;
      const sha256 = createHash('sha256').update(data).digest('hex');
      const numbers = { mode, uid, gid, mtime, devMajor: rdevMajor, devMinor: rdevMinor, size: data.length };
      expect(file).toMatchObject({ name, ...numbers, sha256, ended: true });
      expect(ARCHIVE.subarray(file.offset, file.offset + file.size)).toEqual(data);
      expect(ARCHIVE.toString('latin1', file.position, file.position + 6)).toBe('070701');
    });
  });

  it('reads archives that follow one another', () => {
    expect(read(Buffer.concat([ARCHIVE, ARCHIVE]), 7)).toHaveLength(2 * ENTRIES.length);
  });

  const header = (change: (archive: Buffer) => void) => {
    const archive = Buffer.from(cpioOf([entry('name', 'data')]));
    change(archive);
    return archive;
  };
  const field = (index: number, digits: string) => header((archive) => archive.write(digits, 6 + 8 * index, 'latin1'));

  it.each([
    ['is empty', Buffer.alloc(0), 'a ramdisk is empty'],
    ['is something else', Buffer.alloc(600, 'x'), 'a ramdisk has no cpio header at byte 0'],
    ['is cut in a header', ARCHIVE.subarray(0, 50), 'a ramdisk is cut'],
    ['is cut in a name', ARCHIVE.subarray(0, 111), 'a ramdisk is cut'],
    ['is cut in its data', ARCHIVE.subarray(0, ARCHIVE.indexOf('xxxx') + 5), 'a ramdisk is cut'],
    ['is cut before its end', ARCHIVE.subarray(0, ARCHIVE.indexOf('TRAILER!!!') - 110), 'a ramdisk is cut'],
    ['has other digits', field(1, '0000g000'), 'a ramdisk has a header that is not in hex digits'],
    ['has no name', field(11, '00000000'), 'a ramdisk has a name of 0 bytes'],
    ['has a very long name', field(11, 'ffffffff'), 'a ramdisk has a name of 4294967295 bytes'],
    ['has a name without end', field(11, '00000003'), 'a ramdisk has a name without end'],
    ['has a name with a NUL', header((bytes) => bytes.write('\0', 111)), 'a ramdisk has a name without end'],
    ['says more data than there is', field(6, 'ffffffff'), 'a ramdisk is cut'],
    ['has bytes after its end', Buffer.concat([ARCHIVE, Buffer.from('\0x')]), 'a ramdisk has bytes after its end'],
    ['has others after its end', Buffer.concat([ARCHIVE, Buffer.alloc(110, 'x')]), 'no cpio header'],
    ['has a link with a long target', cpioOf([entry('l', 't'.repeat(4097), { mode: 0o120777 })]), 'too long a target'],
  ])('refuses one that %s', (_what, archive, message) => {
    expect(() => read(archive)).toThrow(InvalidEif);
    expect(() => read(archive, 5)).toThrow(message);
  });

  it('refuses nothing but by its own failure, and reads the same in pieces', () => {
    const places = readCpioPositions();
    fc.assert(
      fc.property(mutations(ARCHIVE.length, places), fc.integer({ min: 1, max: 300 }), (list, piece) => {
        const archive = mutated(ARCHIVE, list);
        const outcome = (size: number) => {
          try {
            return JSON.stringify(read(archive, size));
          } catch (error) {
            expect(error).toBeInstanceOf(InvalidEif);
            return (error as Error).message;
          }
        };
        expect(outcome(piece)).toBe(outcome(archive.length || 1));
      }),
      { numRuns: 1000 * Number(process.env.TEST_SCALE ?? 1) },
    );
  });
});

function readCpioPositions(): number[] {
  return read(ARCHIVE).flatMap(({ position }) => [position, position + 54, position + 94, position + 110]);
}

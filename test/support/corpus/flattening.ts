// Images whose layers meet in odd ways: what replaces or leaves out what.
import { layersOf } from './image-content.js';
import type { CorpusImage } from './image-content.js';
import type { Member } from '../tar-builder.js';

const file = (name: string, data: string, attributes: Partial<Member> = {}): Member => ({ name, data, ...attributes });
const FOLDER = 0o040000;

export const FLATTENING_IMAGES: CorpusImage[] = [
  {
    name: 'a path twice in a layer',
    make: layersOf([file('f', 'one', { mode: 0o600 }), file('./f', 'two', { mode: 0o640 }), 'd/', file('d', 'file')]),
    choice: 'the specification forbids it; the last one wins',
    expected: { f: { content: 'two', mode: 0o100640 }, d: 'file' },
  },
  {
    name: 'a folder that becomes a file and then a folder again',
    make: layersOf(['x/', file('x/one', '1')], [file('x', 'file')], ['x/', file('x/three', '3')]),
    expected: { 'x/one': null, 'x/three': '3' },
  },
  {
    name: 'an upper file whose folder no layer lists again',
    make: layersOf([{ name: 'imp/', mode: 0o711, uid: 5, mtime: 77 }], [file('imp/r', 'r')]),
    expected: { imp: { mode: FOLDER | 0o711, uid: 5, mtime: 77 }, 'imp/r': 'r' },
  },
  {
    name: 'folders that no layer lists',
    make: layersOf([file('un/listed/f', 'x')]),
    expected: { un: { mode: FOLDER | 0o755, uid: 0, mtime: 0 }, 'un/listed/f': 'x' },
  },
  {
    name: 'a folder that is listed after its files, and again with other attributes',
    make: layersOf(
      [file('d/f', 'x'), { name: 'd/', mode: 0o700, mtime: 5 }],
      [{ name: 'd/', mode: 0o770, gid: 9, mtime: 6 }],
    ),
    expected: { d: { mode: FOLDER | 0o770, gid: 9, mtime: 6 }, 'd/f': 'x' },
  },
  {
    name: 'a file that leads through a file',
    make: layersOf([file('a', 'x')], [file('a/f', 'f')]),
    choice: 'the folder should be listed; ours takes it as if it were, others refuse it',
    expected: { 'a/f': 'f' },
  },
  { name: 'a file in place of the root', make: layersOf([{ name: './', flag: '0' }]), expected: 'IMAGE_INVALID' },
  {
    name: 'attributes of the root',
    make: layersOf([{ name: './', mode: 0o750, uid: 4, mtime: 99 }, file('f', 'x')]),
    expected: { f: 'x' },
  },
  {
    name: 'a hundred layers',
    make: layersOf(...Array.from({ length: 100 }, (_, at) => [file('last', String(at)), file(`f${at}`, '')])),
    expected: { last: '99', f0: '', f99: '' },
  },
  { name: 'no layers at all', make: layersOf(), expected: {} },
  {
    name: 'layers without entries',
    make: layersOf([], Buffer.alloc(0), [file('f', 'x')], Buffer.alloc(10_240)),
    expected: { f: 'x' },
  },
  {
    name: 'files that docker and linuxkit replace',
    make: layersOf([
      file('etc/hosts', 'mine'),
      file('etc/hostname', 'mine'),
      file('Dockerfile', 'x'),
      file('.dockerenv', ''),
      file('etc/passwd', 'p'),
      { name: 'tmp/', mode: 0o1777 },
    ]),
    expected: { 'etc/hostname': null, Dockerfile: null, '.dockerenv': null, 'etc/passwd': 'p' },
  },
  {
    name: 'a million folders from a few names',
    slow: true,
    make: layersOf(
      Array.from({ length: 500 }, (_, at): Member => ({
        name: '././@LongLink',
        flag: 'L',
        data: `${at}/${'d/'.repeat(2040)}`,
      })).flatMap((name) => [name, { name: 'x', flag: '5' }]),
    ),
    expected: 'IMAGE_TOO_LARGE',
  },
];

// Images whose layers hide what lies below them, in every order and in odd places.
import { layersOf } from './image-content.js';
import type { CorpusImage } from './image-content.js';
import type { Member } from '../tar-builder.js';

const hard = (name: string, link: string): Member => ({ name, flag: '1', link });
const soft = (name: string, link: string): Member => ({ name, link });
const file = (name: string, data: string, attributes: Partial<Member> = {}): Member => ({ name, data, ...attributes });
const FOLDER = 0o040000;
const USR_MERGE = ['usr/', 'usr/lib/', file('usr/lib/low', 'low'), soft('lib', 'usr/lib')];

export const WHITEOUT_IMAGES: CorpusImage[] = [
  {
    name: 'whiteouts of a file, a folder and of nothing',
    make: layersOf(
      ['d/', file('d/f', 'x'), file('d/kept', 'k'), 'gone/', 'gone/sub/', file('gone/sub/f', 'x')],
      ['d/.wh.f', '.wh.gone', 'd/.wh.never', 'never/.wh.never'],
    ),
    choice: 'the last of them makes umoci create its folder',
    expected: { 'd/f': null, 'd/kept': 'k', gone: null, 'gone/sub/f': null, never: null },
  },
  {
    name: 'whiteouts of a file and a folder',
    make: layersOf(
      ['d/', file('d/f', 'x'), file('d/kept', 'k'), 'gone/', 'gone/sub/', file('gone/sub/f', 'x')],
      ['d/', 'd/.wh.f', '.wh.gone'],
    ),
    expected: { 'd/f': null, 'd/kept': 'k', gone: null, 'gone/sub/f': null },
  },
  {
    name: 'a whiteout after the file of its own layer',
    make: layersOf([file('keep', 'low')], [file('keep', 'high'), '.wh.keep']),
    expected: { keep: 'high' },
  },
  {
    name: 'a whiteout before the file of its own layer',
    make: layersOf([file('keep', 'low')], ['.wh.keep', file('keep', 'high')]),
    expected: { keep: 'high' },
  },
  {
    name: 'a folder that is removed and made again in one layer',
    make: layersOf(['d/', file('d/old', 'x')], ['.wh.d', 'd/', file('d/new', 'n')]),
    expected: { 'd/old': null, 'd/new': 'n' },
  },
  {
    name: 'a file that is removed in one layer and back in the next',
    make: layersOf([file('f', 'one')], ['.wh.f'], [file('f', 'three')]),
    expected: { f: 'three' },
  },
  {
    name: "a whiteout of the image's lowest layer",
    make: layersOf([file('f', 'x'), '.wh.g', 'd/', 'd/.wh..wh..opq']),
    expected: { f: 'x', '.wh.g': null, 'd/.wh..wh..opq': null },
  },
  {
    name: 'an opaque folder, marked after its siblings',
    make: layersOf(
      ['a/', 'a/b/', file('a/b/low', 'x'), file('a/c', 'x')],
      ['a/', 'a/b/', file('a/b/high', 'h'), 'a/.wh..wh..opq'],
    ),
    timeLostByUmoci: ['a/b'],
    expected: {
      'a/b/low': null,
      'a/c': null,
      'a/b/high': 'h',
      'a/.wh..wh..opq': null,
      'a/b': { mtime: 1_600_000_000 },
    },
  },
  {
    name: 'an opaque folder, marked before its siblings',
    make: layersOf(
      ['a/', 'a/b/', file('a/b/low', 'x'), file('a/c', 'x')],
      ['a/', 'a/.wh..wh..opq', 'a/b/', file('a/b/high', 'h')],
    ),
    expected: { 'a/b/low': null, 'a/c': null, 'a/b/high': 'h' },
  },
  {
    name: 'an opaque folder that its layer does not list',
    make: layersOf([file('a/low', 'x'), { name: 'a/', mode: 0o700 }], ['a/.wh..wh..opq', file('a/high', 'h')]),
    expected: { 'a/low': null, 'a/high': 'h', a: { mode: FOLDER | 0o700 } },
  },
  {
    name: 'an opaque folder over a layer that has no such folder, below one that has',
    make: layersOf([file('a/low', '1')], [file('b', '2')], ['a/', 'a/.wh..wh..opq', file('a/top', '3')]),
    expected: { 'a/low': null, 'a/top': '3', b: '2' },
  },
  {
    name: 'an opaque root',
    make: layersOf([file('low', 'x'), file('d/low', 'x')], ['.wh..wh..opq', file('high', 'h')]),
    expected: { low: null, 'd/low': null, high: 'h' },
  },
  { name: 'the whiteout of nothing', make: layersOf(['f'], ['d/', 'd/.wh.']), expected: 'IMAGE_INVALID' },
  { name: 'the whiteout of .', make: layersOf(['f'], ['d/', 'd/.wh..']), expected: 'IMAGE_INVALID' },
  { name: 'the whiteout of ..', make: layersOf(['f'], ['d/', 'd/.wh...']), expected: 'IMAGE_INVALID' },
  {
    name: 'a folder and a symlink that are called like whiteouts',
    make: layersOf([file('a', 'x'), file('b', 'x')], ['.wh.a/', soft('.wh.b', 'a')]),
    choice: 'the specification has whiteouts as empty files and says nothing of others',
    expected: { a: 'x', b: 'x', '.wh.a': { mode: FOLDER | 0o755 }, '.wh.b': { link: 'a' } },
  },
  {
    name: 'the metadata of AUFS',
    make: layersOf([file('f', 'x'), '.wh..wh.plnk/', file('.wh..wh.plnk/1.2', 'x'), '.wh..wh.orph/', '.wh..wh.aufs']),
    choice: 'the specification does not know it',
    expected: { f: 'x', '.wh..wh.plnk': null, '.wh..wh.orph': null },
  },
  {
    name: 'whiteouts that are hard links, as AUFS made them',
    make: layersOf([file('f', 'x'), file('g', 'x')], ['.wh.f', hard('.wh.g', '.wh.f')]),
    choice: 'the specification has whiteouts as empty files',
    expected: { f: null, g: null },
  },
  {
    name: 'a whiteout that leads through a lower symlink',
    make: layersOf(USR_MERGE, ['lib/.wh.low']),
    expected: { lib: { link: 'usr/lib' }, 'usr/lib/low': null },
  },
];

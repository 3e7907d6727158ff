// Images with links: hard ones to what is replaced or not there, symlinks that files lead through.
import { layersOf } from './image-content.js';
import type { CorpusImage } from './image-content.js';
import type { Member } from '../tar-builder.js';

const hard = (name: string, link: string): Member => ({ name, flag: '1', link });
const soft = (name: string, link: string): Member => ({ name, link });
const file = (name: string, data: string, attributes: Partial<Member> = {}): Member => ({ name, data, ...attributes });
const FOLDER = 0o040000;
const USR_MERGE = ['usr/', 'usr/lib/', file('usr/lib/low', 'low'), soft('lib', 'usr/lib')];

export const LINK_IMAGES: CorpusImage[] = [
  {
    name: 'a hard link within a layer',
    make: layersOf(['d/', file('d/a', 'x', { mode: 0o750, uid: 3 }), { ...hard('d/b', 'd/a'), mode: 0o750, uid: 3 }]),
    expected: { 'd/a': { content: 'x', mode: 0o100750, uid: 3 }, 'd/b': { link: 'a' } },
  },
  {
    name: 'a chain of hard links',
    make: layersOf([file('a', 'x'), hard('b', 'a'), hard('c', 'b'), hard('d/e', './c')]),
    expected: { a: 'x', b: { link: 'a' }, c: { link: 'a' }, 'd/e': { link: '../a' } },
  },
  {
    name: 'a hard link to a file of a lower layer',
    make: layersOf([file('low', 'x')], [hard('high', 'low')]),
    expected: { high: 'x', low: { link: 'high' } },
  },
  {
    name: 'a hard link whose target a higher layer replaces',
    make: layersOf([file('f', 'old'), hard('h', 'f')], [file('f', 'new')]),
    expected: { f: 'new', h: 'old' },
  },
  {
    name: 'a hard link whose target a higher layer removes',
    make: layersOf([file('f', 'old'), hard('h', 'f')], ['.wh.f']),
    expected: { f: null, h: 'old' },
  },
  {
    name: 'hard links of which a higher layer replaces the folder',
    make: layersOf(['d/', file('d/f', 'old'), hard('h', 'd/f')], [file('d', 'now a file')]),
    expected: { d: 'now a file', h: 'old' },
  },
  {
    name: 'a hard link to a file that its own layer replaces before',
    make: layersOf([file('f', 'old')], [file('f', 'new'), hard('h', 'f')]),
    expected: { f: 'new', h: { link: 'f' } },
  },
  {
    name: 'a hard link to a file that its own layer replaces afterwards',
    make: layersOf([file('f', 'old')], [hard('h', 'f'), file('f', 'new')]),
    expected: { f: 'new', h: 'old' },
  },
  {
    name: 'a hard link that stands before its target',
    make: layersOf([hard('h', 'f'), file('f', 'x')]),
    choice: 'tar means what stands before it, and most readers refuse it',
    expected: { f: 'x', h: { link: 'f' } },
  },
  {
    name: 'a hard link to a symlink',
    make: layersOf([file('f', 'x'), soft('s', 'f'), hard('t', 's')]),
    expected: { s: { link: 'f' }, t: { link: 's' } },
  },
  {
    name: 'a hard link to a device',
    make: layersOf([
      { name: 'null', flag: '3', devMajor: 1, devMinor: 3, mode: 0o666 },
      { ...hard('zero', 'null'), mode: 0o666 },
    ]),
    expected: { null: { mode: 0o020666 }, zero: { link: 'null' } },
  },
  {
    name: 'a hard link whose target is named through a symlink',
    make: layersOf(USR_MERGE, [hard('h', 'lib/low')]),
    expected: { h: 'low', 'usr/lib/low': { link: '../../h' } },
  },
  {
    name: 'a hard link with an absolute target',
    make: layersOf([file('f', 'x'), hard('h', '/f')]),
    expected: { f: 'x', h: { link: 'f' } },
  },
  {
    name: 'a hard link with attributes of its own',
    make: layersOf([file('f', 'x', { mode: 0o600 }), { ...hard('h', 'f'), mode: 0o755, uid: 9 }]),
    choice: 'the file was described already; container runtimes let the last word win, GNU tar the first',
    expected: { f: { mode: 0o100600, uid: 0 }, h: { link: 'f' } },
  },
  { name: 'a hard link to nothing', make: layersOf([hard('h', 'nowhere')]), expected: 'IMAGE_INVALID' },
  { name: 'a hard link to a folder', make: layersOf(['d/', hard('h', 'd')]), expected: 'IMAGE_INVALID' },
  { name: 'a hard link to itself', make: layersOf([hard('h', 'h')]), expected: 'IMAGE_INVALID' },
  { name: 'a hard link that leads out', make: layersOf([hard('h', '../../etc/passwd')]), expected: 'IMAGE_INVALID' },
  {
    name: 'a hard link to what its layer removes',
    make: layersOf([file('f', 'x')], ['.wh.f', hard('h', 'f')]),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a file, a folder and symlinks that become each other',
    make: layersOf(
      [file('a', 'x'), 'b/', file('b/f', 'x'), soft('c', 'b'), soft('d', 'a'), 'e/', file('e/f', 'x')],
      ['a/', file('a/f', 'in'), file('b', 'file'), file('c', 'file'), soft('e', 'a')],
    ),
    expected: { 'a/f': 'in', b: 'file', c: 'file', d: { link: 'a' }, e: { link: 'a' } },
  },
  {
    name: 'a folder in place of a lower symlink to a folder',
    make: layersOf(USR_MERGE, ['lib/', file('lib/own', 'own')]),
    expected: { 'lib/own': 'own', 'usr/lib/own': null, 'usr/lib/low': 'low', lib: { mode: FOLDER | 0o755 } },
  },
  {
    name: 'an upper file that leads through a lower symlink',
    make: layersOf(USR_MERGE, [file('lib/high', 'high')]),
    expected: { lib: { link: 'usr/lib' }, 'usr/lib/high': 'high', 'usr/lib/low': 'low' },
  },
  {
    name: 'a file that leads through a symlink of its own layer',
    make: layersOf([...USR_MERGE, file('lib/own', 'own')]),
    expected: { lib: { link: 'usr/lib' }, 'usr/lib/own': 'own' },
  },
  {
    name: 'a file that leads through many symlinks to a folder that is not there',
    make: layersOf([soft('a', 'b/c'), soft('b', './x/../y'), soft('y', '/real')], [file('a/f', 'f')]),
    choice: 'a host would not go through a folder that is not there; inside the image x/.. is nothing',
    expected: { 'real/c/f': 'f' },
  },
  {
    name: 'a file that leads through a symlink to nothing',
    make: layersOf([soft('a', 'not/there')], [file('a/f', 'f')]),
    expected: { 'not/there/f': 'f', a: { link: 'not/there' } },
  },
  {
    name: 'a folder below a lower symlink',
    make: layersOf(USR_MERGE, [{ name: 'lib/sub/', mode: 0o700 }, file('lib/sub/f', 'f'), soft('lib/s', 'sub')]),
    expected: { 'usr/lib/sub/f': 'f', 'usr/lib/sub': { mode: FOLDER | 0o700 }, 'usr/lib/s': { link: 'sub' } },
  },
  {
    name: 'symlinks that lead out of the image',
    make: layersOf(
      [soft('up', '../../../../outside'), soft('abs', '/outside'), soft('out', '../../../../../../tmp')],
      [file('up/f', 'u'), file('abs/g', 'g'), file('out/build-catalog-escaped', 'e')],
    ),
    expected: {
      'outside/f': 'u',
      'outside/g': 'g',
      'tmp/build-catalog-escaped': 'e',
      up: { link: '../../../../outside' },
    },
  },
  {
    name: 'a loop of symlinks that nothing leads through',
    make: layersOf([soft('a', 'b'), soft('b', 'a'), soft('self', 'self')]),
    expected: { a: { link: 'b' }, b: { link: 'a' }, self: { link: 'self' } },
  },
  {
    name: 'a file that leads through a loop of symlinks',
    make: layersOf([soft('a', 'b'), soft('b', 'a')], [file('a/f', 'x')]),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a symlink with a slow target that all paths lead through',
    slow: true,
    make: layersOf([
      { name: '././@LongLink', flag: 'K', data: `${'../'.repeat(1300)}d` },
      soft('s', 'x'),
      ...Array.from({ length: 25_000 }, (_, at) => file(`s/${at}`, '')),
    ]),
    expected: 'IMAGE_TOO_LARGE',
  },
];

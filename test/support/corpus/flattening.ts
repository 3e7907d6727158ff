// Images whose layers meet in odd ways: what hides, replaces, links to or leads through what lies below.
import { layersOf } from './image-content.js';
import type { CorpusImage } from './image-content.js';
import type { Member } from '../tar-builder.js';

const hard = (name: string, link: string): Member => ({ name, flag: '1', link });
const soft = (name: string, link: string): Member => ({ name, link });
const file = (name: string, data: string, attributes: Partial<Member> = {}): Member => ({ name, data, ...attributes });
const FOLDER = 0o040000;
const USR_MERGE = ['usr/', 'usr/lib/', file('usr/lib/low', 'low'), soft('lib', 'usr/lib')];

export const FLATTENING_IMAGES: CorpusImage[] = [
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
    name: 'a whiteout that leads through a lower symlink',
    make: layersOf(USR_MERGE, ['lib/.wh.low']),
    expected: { lib: { link: 'usr/lib' }, 'usr/lib/low': null },
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

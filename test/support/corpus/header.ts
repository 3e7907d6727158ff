// Images whose tar headers are odd and right: every way to write names, numbers, owners, modes and times.
import { headerOf, pax, tarOf } from '../tar-builder.js';
import { layersOf } from './image-content.js';
import type { CorpusImage } from './image-content.js';
import { base256, changed, gnuLong } from './odd-header.js';

const LONG = `long/${'d'.repeat(120)}/${'f'.repeat(150)}`;
const FILE = 0o100000;
const FOLDER = 0o040000;

function signedChecksum(header: Buffer): Buffer {
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + (byte > 127 ? byte - 256 : byte), 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

export const HEADER_IMAGES: CorpusImage[] = [
  {
    name: 'nothing odd: a folder, a file, a symlink',
    make: layersOf(['d/', { name: 'd/f', data: 'content' }, { name: 'd/s', link: 'f' }]),
    expected: { 'd/f': 'content', 'd/s': { link: 'f' }, d: { mode: FOLDER | 0o755 } },
  },
  {
    name: 'PAX paths and link targets that are long and not ASCII',
    make: layersOf([
      pax({ path: `${LONG}\xc3\xbc` }),
      { name: 'cut', data: 'long' },
      pax({ path: 'link', linkpath: LONG }),
      { name: 'l', link: 'x' },
    ]),
    expected: { [`${LONG}\xc3\xbc`]: 'long', link: { link: LONG }, cut: null },
  },
  {
    name: 'PAX sizes, times, uids and gids',
    make: layersOf([
      pax({ size: '5', mtime: '1234567890.75', uid: '3000000', gid: '4000000000' }),
      { name: 'f', data: 'hello', size: 0 },
      { name: 'g', data: 'next' },
    ]),
    expected: { f: { content: 'hello', mtime: 1234567890, uid: 3_000_000, gid: 4_000_000_000 }, g: 'next' },
  },
  {
    name: 'a PAX time before 1970',
    make: layersOf([pax({ mtime: '-1.5' }), { name: 'f', data: 'old' }]),
    expected: { f: { content: 'old', mtime: 0 } },
  },
  {
    name: 'a PAX value that takes itself back',
    make: layersOf([pax({ path: '', uid: '' }), { name: 'f', uid: 7, data: 'x' }]),
    expected: { f: { content: 'x', uid: 7 } },
  },
  {
    name: 'two PAX headers before one entry',
    make: layersOf([pax({ path: 'first', uid: '5' }), pax({ path: 'second' }), { name: 'x', data: '2' }]),
    choice: 'POSIX knows no second one; ours replaces the first as Go does',
    expected: { second: { content: '2', uid: 0 }, first: null, x: null },
  },
  {
    name: 'extended attributes, which no ramdisk holds',
    make: layersOf([pax({ 'SCHILY.xattr.user.note': 'kept nowhere', 'LIBARCHIVE.x': '1' }), { name: 'f', data: 'x' }]),
    expected: { f: 'x' },
  },
  {
    name: 'a global PAX header',
    make: layersOf([pax({ uid: '7', comment: 'x' }, 'g'), { name: 'f', data: 'x' }]),
    choice: 'POSIX applies it to all that follow, Go skips it',
    expected: { f: { uid: 7 } },
  },
  {
    name: 'long names of GNU tar',
    make: layersOf([
      gnuLong('L', LONG),
      { name: 'cut', data: 'gnu' },
      gnuLong('K', LONG),
      { name: 's', link: 'cut' },
      { name: 'plain', data: 'p' },
    ]),
    expected: { [LONG]: 'gnu', s: { link: LONG }, plain: 'p', cut: null },
  },
  {
    name: 'an empty long name of GNU tar',
    make: layersOf([gnuLong('L', ''), { name: 'f', data: 'x' }]),
    choice: 'nobody writes it; the name of the header counts, as in Go',
    expected: { f: 'x' },
  },
  {
    name: 'the prefix of ustar',
    make: layersOf(changed({ name: 'file', data: 'p' }, (header) => header.write('some/where', 345))),
    expected: { 'some/where/file': 'p' },
  },
  {
    name: 'headers older than POSIX',
    make: layersOf(
      changed({ name: 'old/', flag: '\0', mode: 0o750 }, (header) => header.fill(0, 257), [
        { name: 'old/f', flag: '\0', data: 'v7' },
      ]),
    ),
    expected: { old: { mode: FOLDER | 0o750 }, 'old/f': 'v7' },
  },
  {
    name: 'a checksum of signed bytes',
    make: layersOf(Buffer.concat([signedChecksum(headerOf({ name: 'b\xe4n' })), Buffer.alloc(1024)])),
    expected: { 'b\xe4n': '' },
  },
  {
    name: 'a size in base 256',
    make: layersOf(changed({ name: 'f', data: 'x'.repeat(600) }, (header) => base256(header, 124, 12, 600n), ['g'])),
    expected: { f: 'x'.repeat(600), g: '' },
  },
  {
    name: 'a time in base 256 beyond 32 bits',
    make: layersOf(changed({ name: 'f' }, (header) => base256(header, 136, 12, 2n ** 33n))),
    expected: { f: { mtime: 0xffff_ffff } },
  },
  {
    name: 'a negative time in base 256',
    make: layersOf(changed({ name: 'f' }, (header) => base256(header, 136, 12, -86_400n))),
    expected: { f: { mtime: 0 } },
  },
  {
    name: 'owners of 31 and of nearly 32 bits',
    make: layersOf([
      pax({ uid: '2147483648', gid: '2147483647' }),
      'f',
      pax({ uid: '4294967294', gid: '4294967294' }),
      'g/',
    ]),
    expected: { f: { uid: 2 ** 31, gid: 2 ** 31 - 1 }, g: { uid: 2 ** 32 - 2 } },
  },
  {
    name: 'the owner -1 of 32 bits',
    make: layersOf([pax({ uid: '4294967295' }), 'f']),
    choice: 'a host takes it for "leave as it is"',
    expected: { f: { uid: 2 ** 32 - 1 } },
  },
  {
    name: 'setuid, setgid, sticky and no permissions at all',
    make: layersOf(
      [
        { name: 'setuid', mode: 0o4755, uid: 3 },
        { name: 'setgid', mode: 0o2755, gid: 3 },
        { name: 'sticky/', mode: 0o1777 },
        { name: 'none', mode: 0 },
        { name: 'none/of/all/', mode: 0 },
      ].slice(0, 4),
    ),
    expected: {
      setuid: { mode: FILE | 0o4755, uid: 3 },
      setgid: { mode: FILE | 0o2755, gid: 3 },
      sticky: { mode: FOLDER | 0o1777 },
      none: { mode: FILE },
    },
  },
  {
    name: 'modes that repeat the type',
    make: layersOf([
      { name: 'f', mode: 0o100640 },
      { name: 'd/', mode: 0o040750 },
    ]),
    expected: { f: { mode: FILE | 0o640 }, d: { mode: FOLDER | 0o750 } },
  },
  {
    name: 'devices and a pipe',
    make: layersOf([
      { name: 'null', flag: '3', devMajor: 1, devMinor: 3, mode: 0o666 },
      { name: 'disk', flag: '4', devMajor: 259, devMinor: 70_000, mode: 0o660 },
      { name: 'pipe', flag: '6', mode: 0o600 },
    ]),
    expected: {
      null: { mode: 0o020666, rdev: '1:3' },
      disk: { mode: 0o060660, rdev: '259:70000' },
      pipe: { mode: 0o010600 },
    },
  },
  {
    name: 'sizes where there is no data',
    make: layersOf([
      { name: 'd/', size: 700 },
      { name: 's', link: 'd', size: 700 },
      { name: 'f', data: 'x' },
      { name: 'h', flag: '1', link: 'f', size: 1 },
    ]),
    expected: { f: 'x', h: { link: 'f' }, s: { link: 'd' } },
  },
  {
    name: 'a file whose name ends with a slash',
    make: layersOf([{ name: 'f/', flag: '0', data: 'x' }]),
    choice: 'POSIX leaves it open',
    expected: { f: 'x' },
  },
  {
    name: 'a contiguous file',
    make: layersOf([{ name: 'f', flag: '7', data: 'x' }]),
    choice: 'POSIX says to read it as a file; not everybody does',
    expected: { f: 'x' },
  },
  {
    name: 'names with dots and slashes that mean nothing',
    make: layersOf(['./', './a/', { name: './/a/./b', data: 'b' }, { name: 'a//c', data: 'c' }]),
    expected: { 'a/b': 'b', 'a/c': 'c' },
  },
  {
    name: 'absolute names',
    make: layersOf(['/etc/', { name: '/etc/conf', data: 'x' }]),
    expected: { 'etc/conf': 'x' },
  },
  {
    name: 'names that are no UTF-8, and control characters',
    make: layersOf([
      { name: 'b\xe4\xff', data: 'latin1' },
      { name: 'line\nbreak\x1b[31m', data: 'x' },
      { name: '-rf *', data: 'y' },
    ]),
    expected: { 'b\xe4\xff': 'latin1', 'line\nbreak\x1b[31m': 'x', '-rf *': 'y' },
  },
  {
    name: 'names that mean something in a ramdisk',
    make: layersOf([
      { name: 'TRAILER!!!', data: 'not the end' },
      { name: 'cmd', data: 'c' },
      { name: 'env', data: 'e' },
      { name: 'init', data: 'i' },
      'rootfs/',
      { name: 'rootfs/f', data: 'r' },
    ]),
    expected: { 'TRAILER!!!': 'not the end', cmd: 'c', env: 'e', init: 'i', 'rootfs/f': 'r' },
  },
  {
    name: 'folders nested 150 deep',
    make: layersOf([pax({ path: `${'d/'.repeat(150)}f` }), { name: 'x', data: 'deep' }]),
    expected: { [`${'d/'.repeat(150)}f`]: 'deep' },
  },
  {
    name: 'folders nested 1500 deep',
    choice: 'nobody has to go that deep; umoci takes a quarter of a minute for it',
    make: layersOf([pax({ path: `${'d/'.repeat(1500)}f` }), { name: 'x', data: 'deep' }]),
    expected: { [`${'d/'.repeat(1500)}f`]: 'deep' },
  },
  {
    name: 'a name of 255 bytes',
    make: layersOf([pax({ path: `d/${'n'.repeat(255)}` }), { name: 'f', data: 'x' }]),
    expected: { [`d/${'n'.repeat(255)}`]: 'x' },
  },
  {
    name: 'an archive without its end',
    make: layersOf(tarOf([{ name: 'f', data: 'x' }], 0)),
    expected: { f: 'x' },
  },
  {
    name: 'bytes after the end of an archive',
    make: layersOf(
      Buffer.concat([tarOf([{ name: 'f', data: 'x' }]), Buffer.from('garbage'.repeat(999)), tarOf(['g'])]),
    ),
    expected: { f: 'x', g: null },
  },
];

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TarReader } from '../../src/oci/tar.js';
import type { TarEntry } from '../../src/oci/tar.js';
import { temporaryFolder } from '../support/folders.js';
import { describeWith } from '../support/requirements.js';
import { headerOf, pax, tarOf, withChecksum } from '../support/tar-builder.js';
import type { Member } from '../support/tar-builder.js';

function read(archive: Buffer, chunkBytes = archive.length): TarEntry[] {
  const entries: TarEntry[] = [];
  const reader = new TarReader((entry) => entries.push(entry));
  for (let at = 0; at < archive.length; at += chunkBytes) reader.write(archive.subarray(at, at + chunkBytes));
  reader.end();
  return entries;
}

const invalid = (message: RegExp) =>
  expect.objectContaining({ code: 'IMAGE_INVALID', message: expect.stringMatching(message) });
function refusal(archive: Buffer): unknown {
  try {
    read(archive);
  } catch (error) {
    return error;
  }
  return undefined;
}

const BINARY = 'b\xe4\xff\x01n';

describe('the tar reader', () => {
  it('tells types, attributes and where the data lies, however the bytes are cut', () => {
    const archive = tarOf([
      { name: 'dir/', mode: 0o1777, uid: 1, gid: 2, mtime: 3 },
      { name: 'dir/file', data: 'hello', mode: 0o4755 },
      { name: 'link', link: 'dir/file' },
      { name: 'hard', flag: '1', link: 'dir/file' },
      { name: 'null', flag: '3', devMajor: 1, devMinor: 3 },
      { name: 'disk', flag: '4', devMajor: 8, devMinor: 1 },
      { name: 'pipe', flag: '6' },
    ]);
    const entries = read(archive);
    expect(entries.map((entry) => [entry.path, entry.type, entry.link])).toEqual([
      ['dir/', 'directory', ''],
      ['dir/file', 'file', ''],
      ['link', 'symlink', 'dir/file'],
      ['hard', 'hardlink', 'dir/file'],
      ['null', 'character', ''],
      ['disk', 'block', ''],
      ['pipe', 'fifo', ''],
    ]);
    expect(entries[0]).toMatchObject({ mode: 0o1777, uid: 1, gid: 2, mtime: 3, size: 0 });
    expect(entries[4]).toMatchObject({ devMajor: 1, devMinor: 3 });
    const { offset, size } = entries[1]!;
    expect(archive.toString('latin1', offset, offset + size)).toBe('hello');
    for (const chunkBytes of [1, 7, 511, 512, 513]) expect(read(archive, chunkBytes)).toEqual(entries);
  });

  it('leaves out of names what means nothing, but takes the target of a symlink as it is', () => {
    const padded = `.//.//a${'/'.repeat(30)}b/./././.c//..d./e./`;
    const entries = read(tarOf(['./', padded, { name: 'h', flag: '1', link: padded }, { name: 's', link: padded }]));
    expect(entries.map((entry) => entry.path)).toEqual(['./', 'a/b/.c/..d./e./', 'h', 's']);
    expect(entries.map((entry) => entry.link)).toEqual(['', '', 'a/b/.c/..d./e./', padded]);
  });

  it('keeps the bytes of names that are no UTF-8', () => {
    expect(read(tarOf([BINARY, { name: 'x', link: BINARY }]))).toMatchObject([{ path: BINARY }, { link: BINARY }]);
  });

  it('lets a PAX header override one entry and an empty value take that back', () => {
    const fields = {
      path: 'a long name',
      size: '3',
      mtime: '12.75',
      uid: '3000000',
      gid: '4000000000',
      'SCHILY.xattr.x': '1',
    };
    const archive = tarOf([pax(fields), { name: 'short', data: 'abc', size: 0 }, 'plain', pax({ path: '' }), 'kept']);
    expect(read(archive)).toMatchObject([
      { path: 'a long name', size: 3, mtime: 12, uid: 3_000_000, gid: 4_000_000_000 },
      { path: 'plain', size: 0, uid: 0 },
      { path: 'kept' },
    ]);
  });

  it('applies a global PAX header to all that follow, below an entry of its own', () => {
    const archive = tarOf([pax({ mtime: '5', uid: '7', comment: 'x' }, 'g'), 'a', pax({ mtime: '6' }), 'b', 'c']);
    expect(read(archive).map(({ mtime, uid }) => [mtime, uid])).toEqual([
      [5, 7],
      [6, 7],
      [5, 7],
    ]);
    expect(refusal(tarOf([pax({ path: 'x' }, 'g'), 'a']))).toEqual(invalid(/global/));
  });

  it('reads GNU long names, which win over everything', () => {
    const long = 'd/'.repeat(200) + 'end';
    const archive = tarOf([
      { name: '././@LongLink', flag: 'L', data: `${long}\0` },
      { name: '././@LongLink', flag: 'K', data: `${long}2\0` },
      { name: 'cut', link: 'cut' },
      'next',
    ]);
    expect(read(archive)).toMatchObject([{ path: long, link: `${long}2` }, { path: 'next' }]);
  });

  it('reads the prefix of POSIX headers only', () => {
    const posix = headerOf({ name: 'file' });
    posix.write('some/where', 345);
    const gnu = Buffer.from(posix);
    gnu.write('ustar  \0', 257, 'latin1');
    const end = Buffer.alloc(1024);
    const archive = Buffer.concat([withChecksum(posix), withChecksum(gnu), end]);
    expect(read(archive).map((entry) => entry.path)).toEqual(['some/where/file', 'file']);
  });

  it('reads numbers in base 256, fits times into 32 bits and refuses other absurd numbers', () => {
    const withField = (at: number, width: number, value: bigint) => {
      const header = headerOf({ name: 'n' });
      header.fill(value < 0n ? 0xff : 0, at, at + width);
      header.writeBigInt64BE(value, at + width - 8);
      if (value >= 0n) header[at] = 0x80 | (header[at] ?? 0);
      return Buffer.concat([withChecksum(header), Buffer.alloc(1024)]);
    };
    expect(read(withField(136, 12, 2n ** 40n))).toMatchObject([{ mtime: 0xffff_ffff }]);
    expect(read(withField(136, 12, -5n))).toMatchObject([{ mtime: 0 }]);
    expect(read(withField(108, 8, 3_000_000n))).toMatchObject([{ uid: 3_000_000 }]);
    expect(refusal(withField(108, 8, 2n ** 40n))).toEqual(invalid(/owner/));
    expect(refusal(withField(108, 8, -2n))).toEqual(invalid(/owner/));
    expect(refusal(withField(124, 12, -1n))).toEqual(invalid(/size/));
    expect(refusal(withField(124, 12, 2n ** 60n))).toEqual(invalid(/size/));
  });

  it('ignores what follows the end and does without the zeros at it', () => {
    const [entry, ...none] = read(Buffer.concat([tarOf(['a']), Buffer.from('x'.repeat(700))]));
    expect([entry?.path, none]).toEqual(['a', []]);
    expect(read(tarOf(['a'], 0))).toMatchObject([{ path: 'a' }]);
    expect(read(tarOf(['a'], 512))).toMatchObject([{ path: 'a' }]);
    expect(read(Buffer.alloc(0))).toEqual([]);
  });

  const data = 'x'.repeat(600);
  const refused: [string, (Member | string)[] | Buffer, RegExp][] = [
    ['a header with a wrong checksum', Buffer.from(tarOf(['abc'])).fill('z', 0, 1), /checksum/],
    ['an archive cut inside a header', tarOf(['a'], 0).subarray(0, 300), /truncated/],
    ['an archive cut inside data', tarOf([{ name: 'a', data }]).subarray(0, 1000), /truncated/],
    ['an archive that ends after a PAX header', [pax({ path: 'x' })], /truncated/],
    ['an entry after one block of zeros', Buffer.concat([tarOf(['a'], 512), tarOf(['b'])]), /after the end/],
    ['a sparse file of GNU tar', [{ name: 'a', flag: 'S' }], /sparse/],
    ['a sparse file in PAX', [pax({ 'GNU.sparse.major': '1' }), 'a'], /sparse/],
    ['an unknown type', [{ name: 'a', flag: 'M' }], /unknown type/],
    ['a path of more than 4096 bytes', [pax({ path: 'x'.repeat(4097) }), 'a'], /more than 4096/],
    ['a NUL in a PAX path', [pax({ path: 'a\0b' }), 'a'], /NUL/],
    ['a NUL in a long name', [{ name: 'L', flag: 'L', data: 'a\0b\0' }, 'a'], /NUL/],
    ['a PAX header of more than 1 MiB', [{ name: 'x', flag: 'x', size: 1024 * 1024 + 1 }], /extended tar header/],
    ['a PAX record with a wrong length', [{ name: 'x', flag: 'x', data: '99 path=x\n' }, 'a'], /malformed/],
    ['a PAX size that is no number', [pax({ size: '1e3' }), 'a'], /not a number/],
    ['a link without a target', [{ name: 'a', flag: '2' }], /no target/],
  ];
  it.each(refused)('refuses %s', (_what, archive, message) => {
    expect(refusal(Buffer.isBuffer(archive) ? archive : tarOf(archive))).toEqual(invalid(message));
  });
});

describeWith(['python3'], 'archives of python3', () => {
  const folder = temporaryFolder();
  const script = `
import io, sys, tarfile
fmt = getattr(tarfile, sys.argv[2])
long = sys.argv[3] == 'long'
with tarfile.open(sys.argv[1], 'w', format=fmt, encoding='utf-8') as t:
    def add(name, **kw):
        i = tarfile.TarInfo(name)
        for k, v in kw.items(): setattr(i, k, v)
        t.addfile(i, io.BytesIO(b'x' * i.size))
    add('d', type=tarfile.DIRTYPE, mode=0o755)
    add('a/' * 60 + 'f', size=513, uid=1000, gid=1000, mtime=1234567890)
    if long:
        add('n' * 300, size=5, uid=5000000, mtime=1234567890)
        add('l' * 150, type=tarfile.SYMTYPE, linkname='t' * 200)
        add('Z\\u00fcrich', size=1)
`;
  it.each([
    ['USTAR_FORMAT', 'short'],
    ['GNU_FORMAT', 'long'],
    ['PAX_FORMAT', 'long'],
  ])('are read in the %s', (format, names) => {
    const file = join(folder, `${format}.tar`);
    execFileSync('python3', ['-c', script, file, format, names]);
    const archive = readFileSync(file);
    const entries = read(archive, 1000);
    const expected: [string, number, string][] = [
      [format === 'PAX_FORMAT' ? 'd' : 'd', 0, ''],
      [`${'a/'.repeat(60)}f`, 513, ''],
    ];
    if (names === 'long') {
      expected.push(['n'.repeat(300), 5, ''], ['l'.repeat(150), 0, 't'.repeat(200)], ['Z\xc3\xbcrich', 1, '']);
      expect(entries[2]).toMatchObject({ uid: 5_000_000, mtime: 1_234_567_890 });
    }
    expect(entries.map(({ path, size, link }) => [path.replace(/\/$/, ''), size, link])).toEqual(expected);
    for (const { offset, size } of entries) {
      expect(archive.toString('latin1', offset, offset + size)).toBe('x'.repeat(size));
    }
  });
});

describeWith(['tar'], 'archives of GNU tar', () => {
  const folder = temporaryFolder();
  it.each(['v7', 'ustar', 'oldgnu', 'gnu', 'posix'])('are read in the format %s', (format) => {
    const source = join(folder, format);
    mkdirSync(join(source, 'sub'), { recursive: true });
    writeFileSync(join(source, 'sub', 'file'), 'content');
    execFileSync('tar', ['-C', source, `--format=${format}`, '-cf', `${source}.tar`, 'sub']);
    expect(read(readFileSync(`${source}.tar`))).toMatchObject([
      { path: 'sub/', type: 'directory' },
      { path: 'sub/file', type: 'file', size: 7 },
    ]);
  });
});

import { bootRamdisk, customerRamdisk } from '../../src/nitro/ramdisks.js';
import { readCpio } from '../support/cpio-reader.js';
import type { CpioRecord } from '../support/cpio-reader.js';
import { flattenLayers } from '../support/flatten-layers.js';
import { temporaryFolder } from '../support/folders.js';
import { ramdiskBytes } from '../support/ramdisk-bytes.js';
import { spool, tarOf } from '../support/tar-builder.js';
import type { Member } from '../support/tar-builder.js';

const LINUXKIT = 1_492_533_000;
const IMAGE = 1_600_000_000;
const folder = temporaryFolder();

async function customer(layers: (Member | string)[][], argv = ['/run'], env: string[] = []): Promise<CpioRecord[]> {
  const spooled = [];
  for (const members of layers) {
    const tar = tarOf(members);
    spooled.push(await spool(folder, { stored: tar, tar }));
  }
  const tree = await flattenLayers(spooled.map((layer) => layer.entries));
  const ramdisk = customerRamdisk({ argv, env })(tree);
  return readCpio(
    ramdiskBytes(
      ramdisk,
      spooled.map((layer) => layer.spoolPath),
    ),
  );
}

const names = (records: CpioRecord[]) => records.map((record) => record.name);
const byName = (records: CpioRecord[], name: string) => records.find((record) => record.name === name);
const text = (record?: CpioRecord) => record?.data.toString('latin1');

describe('the boot ramdisk', () => {
  it('has dev, init and the driver, in this order and with fixed attributes', () => {
    const records = readCpio(ramdiskBytes(bootRamdisk({ init: Buffer.from('INIT'), nsm: Buffer.from('NSM') })));
    const fixed = { uid: 0, gid: 0, mtime: LINUXKIT };
    expect(records).toMatchObject([
      { ...fixed, name: 'dev', mode: 0o40755, nlink: 2 },
      { ...fixed, name: 'init', mode: 0o100755, data: Buffer.from('INIT') },
      { ...fixed, name: 'nsm.ko', mode: 0o100755, data: Buffer.from('NSM') },
      { name: 'TRAILER!!!' },
    ]);
  });

  it('has no driver where there is none', () => {
    expect(names(readCpio(ramdiskBytes(bootRamdisk({ init: Buffer.from('x') }))))).toEqual([
      'dev',
      'init',
      'TRAILER!!!',
    ]);
  });
});

describe("the application's ramdisk", () => {
  it("is nitro-cli's, entry by entry, for an empty image", async () => {
    const records = await customer([[]], ['/bin/app', '-v'], ['A=1', 'B=two words']);
    expect(names(records)).toEqual([
      'rootfs',
      'rootfs/dev/',
      'rootfs/dev/pts/',
      'rootfs/dev/shm/',
      'rootfs/etc/',
      'rootfs/etc/hosts',
      'rootfs/etc/mtab',
      'rootfs/etc/resolv.conf',
      'rootfs/proc/',
      'rootfs/sys/',
      ...['', '/dev', '/run', '/sys', '/var', '/proc', '/tmp'].map((name) => `rootfs${name}`),
      'cmd',
      'env',
      'TRAILER!!!',
    ]);
    expect(records.slice(0, -1).every(({ uid, gid, mtime }) => uid === 0 && gid === 0 && mtime === LINUXKIT)).toBe(
      true,
    );
    expect(byName(records, 'cmd')).toMatchObject({ mode: 0o100644, data: Buffer.from('/bin/app\n-v\n') });
    expect(byName(records, 'env')).toMatchObject({ mode: 0o100644, data: Buffer.from('A=1\nB=two words\n') });
    expect(byName(records, 'rootfs/tmp')).toMatchObject({ mode: 0o40755, nlink: 2 });
  });

  it('replaces what docker puts into a container and drops what linuxkit leaves out', async () => {
    const records = await customer([
      [
        { name: '.dockerenv', data: 'x' },
        { name: 'Dockerfile', data: 'FROM scratch' },
        { name: 'sub/Dockerfile', data: 'kept' },
        { name: 'dev/console', flag: '3', devMajor: 5, devMinor: 1 },
        { name: 'dev/null', flag: '3', mode: 0o666, devMajor: 1, devMinor: 3 },
        { name: 'etc/', mode: 0o750, gid: 7 },
        { name: 'etc/hostname', data: 'x' },
        { name: 'etc/hosts', data: 'of the image', uid: 9 },
        { name: 'etc/hosts.copy', flag: '1', link: 'etc/hosts' },
        { name: 'etc/mtab', data: 'x' },
        { name: 'etc/resolv.conf', link: '../run/resolv.conf' },
      ],
    ]);
    for (const gone of ['.dockerenv', 'Dockerfile', 'dev/console', 'etc/hostname']) {
      expect(names(records)).not.toContain(`rootfs/${gone}`);
    }
    expect(names(records)).toContain('rootfs/sub/Dockerfile');
    expect(byName(records, 'rootfs/dev/null')).toMatchObject({
      mode: 0o20666,
      rdevMajor: 1,
      rdevMinor: 3,
      mtime: IMAGE,
    });
    expect(byName(records, 'rootfs/etc/')).toMatchObject({ mode: 0o40750, gid: 7, mtime: LINUXKIT });
    const hosts = byName(records, 'rootfs/etc/hosts');
    expect(hosts).toMatchObject({ mode: 0o100755, uid: 0, mtime: LINUXKIT });
    expect(hosts?.data).toHaveLength(160);
    expect(text(hosts)).toMatch(/^127\.0\.0\.1 {7}localhost\n/);
    expect(text(byName(records, 'rootfs/etc/hosts.copy'))).toBe('of the image');
    expect(byName(records, 'rootfs/etc/mtab')).toMatchObject({ mode: 0o120777, data: Buffer.from('/proc/mounts') });
    expect(byName(records, 'rootfs/etc/resolv.conf')).toMatchObject({
      mode: 0o120755,
      mtime: LINUXKIT,
      data: Buffer.from('/run/resolvconf/resolv.conf'),
    });
  });

  it('has files that bear the names of what every object has', async () => {
    const files = ['__proto__', 'constructor', 'hasOwnProperty/toString', 'valueOf'];
    const records = await customer([files.map((name) => ({ name, data: name }))]);
    expect(files.map((name) => text(byName(records, `rootfs/${name}`)))).toEqual(files);
  });

  it('has device numbers of devices only', async () => {
    const numbers = { devMajor: 8, devMinor: 1 };
    const records = await customer([
      [
        { name: 'file', ...numbers },
        { name: 'fifo', flag: '6', ...numbers },
        { name: 'disk', flag: '4', ...numbers },
      ],
    ]);
    expect(byName(records, 'rootfs/file')).toMatchObject({ rdevMajor: 0, rdevMinor: 0 });
    expect(byName(records, 'rootfs/fifo')).toMatchObject({ rdevMajor: 0, rdevMinor: 0 });
    expect(byName(records, 'rootfs/disk')).toMatchObject({ rdevMajor: 8, rdevMinor: 1 });
  });

  it('leaves directories alone that bear the name of a file of docker', async () => {
    const records = await customer([['etc/hosts/', 'etc/hosts/x', 'Dockerfile/', 'dev/console/']]);
    expect(names(records)).toEqual(
      expect.arrayContaining(['rootfs/etc/hosts/', 'rootfs/etc/hosts/x', 'rootfs/Dockerfile/', 'rootfs/dev/console/']),
    );
    expect(names(records)).not.toContain('rootfs/etc/hosts');
  });

  it('has a real etc where the image has a symlink, as docker makes it', async () => {
    const records = await customer([['usr/etc/passwd', { name: 'etc', link: 'usr/etc' }]]);
    expect(byName(records, 'rootfs/etc/')).toMatchObject({ mode: 0o40755, mtime: LINUXKIT });
    expect(names(records)).toEqual(expect.arrayContaining(['rootfs/usr/etc/passwd', 'rootfs/etc/hosts']));
    expect(names(records)).not.toContain('rootfs/etc');
  });

  it('is in the order of a walk: bytewise by component, a directory before what it holds', async () => {
    const image = ['a/b', 'a.c', 'a-', 'A', 'a/B/x', '\xe9'];
    const listed = names(await customer([image])).filter((name) => /^rootfs\/(a|A|\xe9)/.test(name));
    expect(listed.map((name) => name.slice(7))).toEqual(['A', 'a/', 'a/B/', 'a/B/x', 'a/b', 'a-', 'a.c', '\xe9']);
  });

  it('keeps owners, modes and times of the image, and symlinks have all permissions', async () => {
    const records = await customer([
      [
        { name: 'bin/su', mode: 0o4755, uid: 1, gid: 2, mtime: 3, data: 'su' },
        { name: 'bin/link', link: 'su', mode: 0, uid: 4 },
      ],
    ]);
    expect(byName(records, 'rootfs/bin/su')).toMatchObject({ mode: 0o104755, uid: 1, gid: 2, mtime: 3 });
    expect(byName(records, 'rootfs/bin/link')).toMatchObject({ mode: 0o120777, uid: 4, data: Buffer.from('su') });
  });

  it('turns further names of a file into relative symlinks that keep its mode', async () => {
    const link = (name: string): Member => ({ name, flag: '1', link: 'usr/bin/file' });
    const records = await customer([
      [{ name: 'usr/bin/file', data: 'data', mode: 0o640 }, link('usr/bin/zz'), link('usr/lib/x/y'), link('bin/first')],
    ]);
    expect(byName(records, 'rootfs/bin/first')).toMatchObject({ mode: 0o100640, data: Buffer.from('data') });
    expect(byName(records, 'rootfs/usr/bin/file')).toMatchObject({
      mode: 0o120640,
      data: Buffer.from('../../bin/first'),
    });
    expect(text(byName(records, 'rootfs/usr/bin/zz'))).toBe('../../bin/first');
    expect(text(byName(records, 'rootfs/usr/lib/x/y'))).toBe('../../../bin/first');
  });

  it('has a file for each name once a layer has replaced the other', async () => {
    const records = await customer([
      [
        { name: 'f', data: 'old' },
        { name: 'h', flag: '1', link: 'f' },
        { name: 'i', flag: '1', link: 'f' },
      ],
      [{ name: 'f', data: 'new' }],
    ]);
    expect(['f', 'h', 'i'].map((name) => text(byName(records, `rootfs/${name}`)))).toEqual(['new', 'old', 'h']);
  });

  it('keeps a file whose first name is left out', async () => {
    const hard: Member = { name: 'z', flag: '1', link: 'Dockerfile' };
    expect(text(byName(await customer([[{ name: 'Dockerfile', data: 'text' }, hard]]), 'rootfs/z'))).toBe('text');
  });

  it.each([
    ['argument 1', ['/run', 'a\nb'], []],
    ['argument 0', ['/ru\0n'], []],
    ['environment variable "KEY"', ['/run'], ['KEY=a\nb']],
  ])('refuses a newline or NUL in %s, by its name and without its value', async (name, argv, env) => {
    await expect(customer([[]], argv, env)).rejects.toMatchObject({
      code: 'IMAGE_INVALID',
      message: expect.stringContaining(name),
    });
    await expect(customer([[]], argv, env)).rejects.not.toMatchObject({ message: expect.stringContaining('a\nb') });
  });

  it('gives directories of very many files and very deep ones', async () => {
    const many = Array.from({ length: 20_000 }, (_, index) => `many/${index}`);
    const deep = `${'d/'.repeat(45)}end`;
    const records = await customer([[...many, deep]]);
    expect(records.length).toBeGreaterThan(20_045);
  });
});

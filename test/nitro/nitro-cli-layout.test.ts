// What nitro-cli's ramdisks are to the byte and ramdisks.test.ts does not look at: numbering, padding, corner cases of
// what docker puts into a container. The reader shares nothing with the writer.
import { bootRamdisk, customerRamdisk } from '../../src/nitro/ramdisks.js';
import { readCpio } from '../support/cpio-reader.js';
import type { CpioRecord } from '../support/cpio-reader.js';
import { flattenLayers } from '../support/flatten-layers.js';
import { temporaryFolder } from '../support/folders.js';
import { ramdiskBytes } from '../support/ramdisk-bytes.js';
import { spool, tarOf } from '../support/tar-builder.js';
import type { Member } from '../support/tar-builder.js';

const LINUXKIT = 1_492_533_000;
const folder = temporaryFolder();

async function archive(members: (Member | string)[], argv = ['/run'], env: string[] = []): Promise<Buffer> {
  const tar = tarOf(members);
  const layer = await spool(folder, { stored: tar, tar });
  const tree = await flattenLayers([layer.entries]);
  return ramdiskBytes(customerRamdisk({ argv, env })(tree), [layer.spoolPath]);
}

const read = async (members: (Member | string)[]) => readCpio(await archive(members));
const named = (records: CpioRecord[], name: string) => records.filter((record) => record.name === `rootfs/${name}`);

describe('the ramdisks of nitro-cli', () => {
  it('number their entries from 721 on, trailer and repeated directories included', async () => {
    const file: Member = { name: 'f', data: 'x' };
    for (const bytes of [
      await archive([
        file,
        { name: 'g', flag: '1', link: 'f' },
        'd/',
        { name: 'null', flag: '3', devMajor: 1, devMinor: 3 },
      ]),
      ramdiskBytes(bootRamdisk({ init: Buffer.from('init'), nsm: Buffer.from('nsm') })),
    ]) {
      const records = readCpio(bytes);
      records.forEach((record, index) => {
        const nlink = (record.mode & 0o170000) === 0o040000 ? 2 : 1;
        expect(record).toMatchObject({ ino: 721 + index, nlink, devMajor: 3, devMinor: 1, check: 0 });
      });
      expect(records.at(-1)).toMatchObject({
        name: 'TRAILER!!!',
        mode: 0,
        uid: 0,
        gid: 0,
        mtime: 0,
        data: Buffer.alloc(0),
      });
      expect(bytes.length % 512).toBe(0);
    }
  });

  it('begin with the bytes that linuxkit writes', () => {
    // The time is 2017-04-18T16:30:00Z, as seconds in hex.
    const fields = ['000002d1', '000041ed', '00000000', '00000000', '00000002', '58f63f08', '00000000'];
    const rest = ['00000003', '00000001', '00000000', '00000000', '00000004', '00000000'];
    const expected = `070701${[...fields, ...rest].join('')}dev\0\0\0`;
    const bytes = ramdiskBytes(bootRamdisk({ init: Buffer.from('x') }));
    expect(bytes.toString('latin1', 0, expected.length)).toBe(expected);
  });

  it('have the directories of the image first, and those that init needs once more with fixed attributes', async () => {
    const folders = ['tmp', 'var', 'run', 'dev', 'proc', 'sys'].map((name) => ({
      name: `${name}/`,
      mode: 0o1777,
      uid: 4,
      mtime: 5,
    }));
    const records = await read(folders);
    for (const { name } of folders) {
      const isTouched = ['dev/', 'proc/', 'sys/'].includes(name);
      expect(named(records, name)).toMatchObject([{ mode: 0o41777, uid: 4, mtime: isTouched ? LINUXKIT : 5 }]);
      expect(named(records, name.slice(0, -1))).toMatchObject([{ mode: 0o40755, uid: 0, gid: 0, mtime: LINUXKIT }]);
    }
    expect(records.slice(-10).map(({ name }) => name)).toEqual([
      ...['', '/dev', '/run', '/sys', '/var', '/proc', '/tmp'].map((name) => `rootfs${name}`),
      ...['cmd', 'env', 'TRAILER!!!'],
    ]);
  });

  it.each(['dev', 'proc', 'sys', 'etc'])('have a directory %s where the image has a file or a link', async (name) => {
    for (const member of [
      { name, data: 'file' },
      { name, link: 'elsewhere' },
    ]) {
      const records = await read(['elsewhere/kept', member]);
      expect(named(records, `${name}/`)).toMatchObject([{ mode: 0o40755, uid: 0, gid: 0, mtime: LINUXKIT }]);
      expect(named(records, 'elsewhere/kept')).toHaveLength(1);
      // The forced directory is there all the same; etc is none.
      expect(named(records, name)).toHaveLength(name === 'etc' ? 0 : 1);
    }
  });

  it("keep the image's own directories where docker would put files, and links nowhere", async () => {
    const records = await read(['etc/mtab/', 'etc/resolv.conf/', 'dev/pts/x', { name: 'dev/shm', link: '/tmp' }]);
    expect(named(records, 'etc/mtab/')).toHaveLength(1);
    expect(named(records, 'etc/mtab')).toHaveLength(0);
    expect(named(records, 'etc/resolv.conf')).toHaveLength(0);
    expect(named(records, 'dev/pts/')).toMatchObject([{ mtime: LINUXKIT }]);
    expect(named(records, 'dev/pts/x')).toHaveLength(1);
    expect(named(records, 'dev/shm/')).toMatchObject([{ mode: 0o40755 }]);
    expect(named(records, 'dev/shm')).toHaveLength(0);
  });

  it('turn hard links into symlinks with everything of the file but its data', async () => {
    const attributes = { mode: 0o4711, uid: 6, gid: 7, mtime: 8 };
    const records = await read([
      { name: 'a', data: 'data', ...attributes },
      { name: 'd/b', flag: '1', link: 'a', mode: 0o600, uid: 1 },
    ]);
    expect(named(records, 'a')).toMatchObject([{ ...attributes, mode: 0o104711, data: Buffer.from('data') }]);
    expect(named(records, 'd/b')).toMatchObject([{ ...attributes, mode: 0o124711, data: Buffer.from('../a') }]);
  });

  it('have no data of what is no file, and devices and pipes as they are', async () => {
    const attributes = { mode: 0o640, uid: 1, gid: 2, mtime: 3 };
    const records = await read([
      { name: 'disk', flag: '4', devMajor: 8, devMinor: 17, ...attributes },
      { name: 'pipe', flag: '6', ...attributes },
    ]);
    const common = { uid: 1, gid: 2, mtime: 3, data: Buffer.alloc(0) };
    expect(named(records, 'disk')).toMatchObject([{ ...common, mode: 0o60640, rdevMajor: 8, rdevMinor: 17 }]);
    expect(named(records, 'pipe')).toMatchObject([{ ...common, mode: 0o10640, rdevMajor: 0, rdevMinor: 0 }]);
  });

  it('have empty files where there is neither a command nor an environment', async () => {
    const records = readCpio(await archive([], [], []));
    for (const name of ['cmd', 'env']) {
      const found = records.filter((record) => record.name === name);
      expect(found).toMatchObject([{ mode: 0o100644, uid: 0, gid: 0, mtime: LINUXKIT, data: Buffer.alloc(0) }]);
    }
  });

  it('have the argument and the variable of each line as they are, empty ones and other alphabets too', async () => {
    const records = readCpio(await archive([], ['/run', '', 'ü b'], ['E=', 'Ü=\t']));
    const text = (name: string) => records.find((record) => record.name === name)?.data.toString('utf8');
    expect(text('cmd')).toBe('/run\n\nü b\n');
    expect(text('env')).toBe('E=\nÜ=\t\n');
  });
});

import { execFileSync } from 'node:child_process';
import { CpioHeaders, cpioBytes, dataPadding } from '../../src/nitro/cpio.js';
import type { CpioEntry } from '../../src/nitro/cpio.js';
import { readCpio } from '../support/cpio-reader.js';
import { describeWith } from '../support/requirements.js';

const { signal } = new AbortController();
const nothing = { uid: 0, gid: 0, mtime: 0, devMajor: 0, devMinor: 0 };
const file = (name: string, data: string, mode = 0o100644): CpioEntry => {
  const bytes = Buffer.from(data);
  return { ...nothing, name, mode, size: bytes.length, data: bytes };
};

function write(entries: CpioEntry[]): Buffer {
  const headers = new CpioHeaders();
  const parts = entries.flatMap((entry) => {
    const data = entry.data as Buffer | undefined;
    return [headers.next(entry), data ?? Buffer.alloc(0), Buffer.alloc(dataPadding(entry.size))];
  });
  const body = Buffer.concat(parts);
  return Buffer.concat([body, headers.end(body.length)]);
}

describe('a cpio archive', () => {
  it('has the fields of linuxkit and the size that was computed for it', async () => {
    const entries: CpioEntry[] = [
      { ...nothing, name: 'd/', mode: 0o41777, uid: 1, gid: 2, mtime: 3, size: 0, data: undefined },
      file('d/f', 'hello'),
      { ...nothing, name: 'null', mode: 0o20666, devMajor: 1, devMinor: 3, size: 0, data: undefined },
    ];
    const archive = write(entries);
    expect(archive).toHaveLength(await cpioBytes(entries, signal));
    const common = { devMajor: 3, devMinor: 1, check: 0 };
    expect(readCpio(archive)).toMatchObject([
      { ...common, name: 'd/', ino: 721, mode: 0o41777, nlink: 2, uid: 1, gid: 2, mtime: 3 },
      { ...common, name: 'd/f', ino: 722, mode: 0o100644, nlink: 1, data: Buffer.from('hello') },
      { ...common, name: 'null', ino: 723, rdevMajor: 1, rdevMinor: 3 },
      { ...common, name: 'TRAILER!!!', ino: 724, mode: 0, mtime: 0, nlink: 1 },
    ]);
  });

  it('has its computed size for every length of name and data', async () => {
    for (let length = 1; length < 20; length++) {
      const entries = [file('n'.repeat(length), 'x'.repeat(length % 7)), file('y', 'z'.repeat(length * 50))];
      expect(write(entries)).toHaveLength(await cpioBytes(entries, signal));
    }
  });

  const code = (entries: Iterable<CpioEntry>) =>
    cpioBytes(entries, signal).then(
      () => 'none',
      (error: unknown) => (error as { code: string }).code,
    );

  it('refuses what a kernel would skip or the format cannot hold', async () => {
    expect(await code([file('n'.repeat(4095), '')])).toBe('none');
    expect(await code([file('n'.repeat(4096), '')])).toBe('IMAGE_INVALID');
    expect(await code([file('link', 'x'.repeat(4096), 0o120777)])).toBe('IMAGE_INVALID');
    expect(await code([{ ...file('big', ''), size: 2 ** 32, data: { layer: 0, offset: 0 } }])).toBe('IMAGE_TOO_LARGE');
  });

  it('is refused where its names alone would take more than 1 GiB', async () => {
    const times = function* (entry: CpioEntry, count: number) {
      for (let index = 0; index < count; index++) yield entry;
    };
    const long = file('n'.repeat(4000), '');
    const link = file('n', 't'.repeat(4000), 0o120777);
    expect(await code(times(long, 250_000))).toBe('none');
    expect(await code(times(long, 270_000))).toBe('IMAGE_TOO_LARGE');
    expect(await code(times(link, 270_000))).toBe('IMAGE_TOO_LARGE');
  });

  it('lets the process hear of other things while its size is computed', async () => {
    const stop = new AbortController();
    setImmediate(() => stop.abort(new Error('stop')));
    const endless = function* () {
      for (;;) yield file('name', '');
    };
    await expect(cpioBytes(endless(), stop.signal)).rejects.toThrow('stop');
  });
});

describeWith(['busybox'], 'cpio of busybox', () => {
  it('lists the archive', () => {
    const archive = write([file('first', '1'), file('second name', '22')]);
    expect(execFileSync('busybox', ['cpio', '-t'], { input: archive, encoding: 'utf8', stdio: 'pipe' })).toBe(
      'first\nsecond name\n',
    );
  });
});

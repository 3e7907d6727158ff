import { createHash } from 'node:crypto';
import type { CpioEntry } from '../../src/nitro/cpio.js';
import { diffEifs } from '../../src/nitro/eif-diff.js';
import type { EifDiff } from '../../src/nitro/eif-diff.js';
import {
  TEST_METADATA,
  cmdline,
  eifOf,
  entry,
  kernel,
  metadata,
  ramdisk,
  signature,
  sourceOf,
  withChecksum,
} from '../support/eif-builder.js';
import { APPLICATION, BOOT, eif } from '../support/eif-samples.js';

const { signal } = new AbortController();
const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');
const diff = (a: Buffer, b: Buffer) => diffEifs(sourceOf(a), sourceOf(b), { signal });
const moved = ({ pcrs }: EifDiff) => pcrs.filter((pcr) => pcr.moved).map(({ name }) => name);
const changedSections = ({ sections }: EifDiff) => sections.filter((section) => section.changed);
const told = ({ files }: EifDiff) => files.map(({ ramdisk: place, path, changes }) => [place, path, ...changes]);
const application = (...change: [index: number, other: CpioEntry | undefined][]) => {
  const entries: (CpioEntry | undefined)[] = [...APPLICATION];
  for (const [index, other] of change) entries[index] = other;
  return eif({ application: entries.filter((found) => found !== undefined) });
};

describe('the difference of two EIFs', () => {
  it('is none where they are the same, byte for byte', async () => {
    expect(await diff(eif(), eif())).toMatchObject({
      identical: true,
      header: [],
      files: [],
      fileCount: 0,
      kernelChanged: false,
      initChanged: false,
      cmdline: null,
      argv: null,
      env: [],
      metadata: [],
      firstDifference: null,
      notes: [],
    });
    expect(moved(await diff(eif(), eif()))).toEqual([]);
  });

  it('is told for a file whose content is another, with what each of them has', async () => {
    const found = await diff(eif(), application([1, entry('rootfs/a', 'three')]));
    expect(found.identical).toBe(false);
    expect(moved(found)).toEqual(['PCR0', 'PCR2']);
    expect(changedSections(found)).toMatchObject([{ section: 'ramdisk1', moves: ['PCR0', 'PCR2'] }]);
    const state = { type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 1, target: null };
    expect(found.files).toEqual([
      {
        ramdisk: 'ramdisk1',
        moves: ['PCR0', 'PCR2'],
        path: 'rootfs/a',
        changes: ['CONTENT'],
        a: { ...state, sizeBytes: 3, sha256: sha256('one') },
        b: { ...state, sizeBytes: 5, sha256: sha256('three') },
      },
    ]);
    expect(found.firstDifference).toEqual({ section: 'ramdisk1', file: 'rootfs/a' });
  });

  it.each<[string, CpioEntry, string[]]>([
    ['mode', entry('rootfs/a', 'one', { mode: 0o100755 }), ['MODE']],
    ['owner', entry('rootfs/a', 'one', { uid: 5 }), ['OWNER']],
    ['group', entry('rootfs/a', 'one', { gid: 5 }), ['OWNER']],
    ['time', entry('rootfs/a', 'one', { mtime: 2 }), ['TIME']],
    ['type', entry('rootfs/a', 'one', { mode: 0o120644 }), ['TYPE']],
    ['device', entry('rootfs/a', 'one', { devMinor: 2 }), ['DEVICE']],
    [
      'all of them',
      entry('rootfs/a', 'xyz', { mode: 0o100600, gid: 1, mtime: 9 }),
      ['CONTENT', 'MODE', 'OWNER', 'TIME'],
    ],
  ])('is told for the %s of a file', async (_what, other, changes) => {
    const found = await diff(eif(), application([1, other]));
    expect(told(found)).toEqual([['ramdisk1', 'rootfs/a', ...changes]]);
    expect(found.fileCount).toBe(1);
  });

  it('is told for the target of a link', async () => {
    const found = await diff(eif(), application([3, entry('rootfs/link', 'b', { mode: 0o120777 })]));
    expect(found.files).toMatchObject([{ changes: ['TARGET'], a: { target: 'a' }, b: { target: 'b' } }]);
  });

  it('is told for files that one of them lacks', async () => {
    const found = await diff(application([1, undefined]), application([2, entry('rootfs/new', '')]));
    expect(told(found)).toEqual([
      ['ramdisk1', 'rootfs/b', 'REMOVED'],
      ['ramdisk1', 'rootfs/a', 'ADDED'],
      ['ramdisk1', 'rootfs/new', 'ADDED'],
    ]);
    expect(found.files[0]).toMatchObject({ a: { sha256: sha256('two') }, b: null });
    expect(found.firstDifference).toEqual({ section: 'ramdisk1', file: 'rootfs/b' });
  });

  it('is told where only the order of files differs, which is measured too', async () => {
    const found = await diff(eif(), application([1, APPLICATION[2]], [2, APPLICATION[1]]));
    expect(told(found)).toEqual([['ramdisk1', 'rootfs/a', 'ORDER']]);
    expect(moved(found)).toEqual(['PCR0', 'PCR2']);
  });

  it('tells of no order where files were only added or removed', async () => {
    const [first, ...rest] = APPLICATION;
    const found = await diff(
      eif({ application: rest }),
      eif({ application: [first!, entry('x'), ...rest, entry('y')] }),
    );
    expect(told(found).map(([, ...words]) => words)).toEqual([
      ['rootfs/', 'ADDED'],
      ['x', 'ADDED'],
      ['y', 'ADDED'],
    ]);
  });

  it('is told for each of the entries of one name', async () => {
    const twice = [entry('d', '1'), entry('d', '2'), entry('d', '3')];
    const found = await diff(eif({ application: twice }), eif({ application: [twice[0]!, entry('d', 'x')] }));
    expect(told(found)).toEqual([
      ['ramdisk1', 'd', 'CONTENT'],
      ['ramdisk1', 'd', 'REMOVED'],
    ]);
  });

  it('is told for what init starts, and for names of the environment without their values', async () => {
    const other = application([4, entry('cmd', '/a\n-v\n')], [5, entry('env', 'C=1\nSECRET=other\nB=2\n')]);
    const found = await diff(eif(), other);
    expect(found.argv).toEqual({ a: ['/a'], b: ['/a', '-v'] });
    expect(found.env).toEqual([
      { name: 'A', change: 'REMOVED' },
      { name: 'SECRET', change: 'CHANGED' },
      { name: 'C', change: 'ADDED' },
      { name: 'B', change: 'ORDER' },
    ]);
    expect(JSON.stringify(found)).not.toMatch(/hunter2|other/);
  });

  it('of the kernel moves PCR0 and PCR1', async () => {
    const found = await diff(eif(), eif({ kernel: kernel('newer') }));
    expect(moved(found)).toEqual(['PCR0', 'PCR1']);
    expect(found).toMatchObject({
      kernelChanged: true,
      initChanged: false,
      firstDifference: { section: 'kernel', file: null },
    });
    expect(changedSections(found)).toEqual([
      {
        section: 'kernel',
        a: { sha256: sha256('kernel'), sizeBytes: 6 },
        b: { sha256: sha256('newer'), sizeBytes: 5 },
        changed: true,
        moves: ['PCR0', 'PCR1'],
      },
    ]);
  });

  it('of the command line moves PCR0 and PCR1', async () => {
    const found = await diff(eif(), eif({ cmdline: cmdline('init=/bin/sh') }));
    expect(moved(found)).toEqual(['PCR0', 'PCR1']);
    expect(found.cmdline).toEqual({ a: 'reboot=k panic=30', b: 'init=/bin/sh' });
  });

  it('is told where bytes of the kernel have become the command line, which moves nothing', async () => {
    const found = await diff(eif(), eif({ kernel: kernel('ker'), cmdline: cmdline('nelreboot=k panic=30') }));
    expect(moved(found)).toEqual([]);
    expect(found.identical).toBe(false);
    expect(changedSections(found)).toMatchObject([
      { section: 'kernel', moves: [] },
      { section: 'cmdline', moves: [] },
    ]);
  });

  it('of init moves PCR0 and PCR1', async () => {
    const found = await diff(eif(), eif({ boot: [BOOT[0]!, entry('init', 'other'), BOOT[2]!] }));
    expect(moved(found)).toEqual(['PCR0', 'PCR1']);
    expect(found.initChanged).toBe(true);
    expect(told(found)).toEqual([['ramdisk0', 'init', 'CONTENT']]);
    expect(found.firstDifference).toEqual({ section: 'ramdisk0', file: 'init' });
  });

  it('of the metadata moves nothing, and tells no values of the application', async () => {
    const { BuildMetadata } = TEST_METADATA;
    const other = {
      ...TEST_METADATA,
      ImageName: 'other',
      BuildMetadata: { ...BuildMetadata, BuildTool: 'nitro-cli' },
      DockerInfo: { Config: { Env: ['SECRET=hunter2'] } },
    };
    const found = await diff(eif(), eif({ metadata: metadata(other) }));
    expect(moved(found)).toEqual([]);
    expect(found.metadata).toEqual([
      { path: 'ImageName', a: 'app', b: 'other' },
      { path: 'DockerInfo', a: null, b: null },
      { path: 'BuildMetadata.BuildTool', a: 'tool', b: 'nitro-cli' },
    ]);
    expect(found.firstDifference).toEqual({ section: 'metadata', file: null });
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });

  it('of a ramdisk more, of a signature and of the header is told by name', async () => {
    const found = await diff(eif(), eif({ more: [ramdisk([entry('x')]), signature(Buffer.from('80', 'hex'))] }));
    expect(changedSections(found)).toMatchObject([
      { section: 'ramdisk2', a: null, moves: ['PCR0', 'PCR2'] },
      { section: 'signature', a: null, moves: [] },
    ]);
    expect(told(found)).toEqual([['ramdisk2', 'x', 'ADDED']]);
    const more = Buffer.from(eif());
    more.writeUInt16BE(1, 6);
    more.writeBigUInt64BE(4n, 16);
    expect((await diff(eif(), withChecksum(more))).header).toEqual(['flags', 'defaultCpus']);
    const broken = Buffer.from(eif());
    broken.writeUInt32BE(1, 544);
    expect(await diff(eif(), broken)).toMatchObject({ identical: false, header: ['checksum'] });
  });

  it('says what it cannot compare', async () => {
    const gzip = { type: 3, data: Buffer.from('1f8b0800', 'hex') };
    const compressed = eifOf([kernel(), cmdline(), metadata(), ramdisk(BOOT), gzip]);
    expect((await diff(eif(), compressed)).notes).toEqual([
      'ramdisk1 is not a plain cpio archive in both: its files were not compared.',
    ]);
    const inode = Buffer.from(eif());
    inode.write('f', inode.lastIndexOf('070701') + 6, 'latin1');
    expect(await diff(eif(), withChecksum(inode))).toMatchObject({
      identical: false,
      fileCount: 0,
      notes: ['ramdisk1 differs only in how its archive is written.'],
    });
    const cut = Buffer.from(eif());
    cut.writeUInt16BE(9, 548);
    await expect(diff(eif(), cut)).rejects.toThrow('of the second one, section 0 is of an unknown type');
  });
});

import { commandWarnings, memoryWarnings, minimumMemoryMib } from '../../src/conversions/preflight.js';
import { flattenLayers } from '../support/flatten-layers.js';
import { temporaryFolder } from '../support/folders.js';
import { spool, tarOf } from '../support/tar-builder.js';
import type { Member } from '../support/tar-builder.js';

const MIB = 1024 * 1024;
const folder = temporaryFolder();

/** Codes and messages for an image of these layers. */
async function warningsOf(argv: string[], ...layers: (Member | string)[][]) {
  const spooled = [];
  for (const members of layers) {
    const tar = tarOf(members);
    spooled.push(await spool(folder, { stored: tar, tar }));
  }
  const tree = await flattenLayers(spooled.map(({ entries }) => entries));
  return commandWarnings({ tree, spoolPaths: spooled.map(({ spoolPath }) => spoolPath) }, argv);
}
const program = (name: string, data = '\x7fELF', mode = 0o755): Member => ({ name, data, mode });
const codes = async (...given: Parameters<typeof warningsOf>) =>
  (await warningsOf(...given)).map(({ code }: { code: string }) => code);

describe('the look at a command before it is started', () => {
  it('has nothing to say of a program that is there', async () => {
    expect(await warningsOf(['/app/run', 'x'], [program('app/run')])).toEqual([]);
    expect(await warningsOf(['app/run'], [program('app/run')])).toEqual([]);
    expect(await warningsOf(['/./app//run'], [program('app/run')])).toEqual([]);
  });

  it('looks for a name alone where init does, and not in the PATH of the image', async () => {
    for (const place of ['sbin', 'usr/sbin', 'bin', 'usr/bin']) {
      expect(await codes(['run'], [program(`${place}/run`)])).toEqual([]);
    }
    expect(await codes(['run'], [program('usr/local/bin/run')])).toEqual(['COMMAND_NOT_FOUND']);
    expect(await codes(['run'], [program('run')])).toEqual(['COMMAND_NOT_FOUND']);
  });

  it('says what is missing, by a name that can not break a line', async () => {
    const [warning] = await warningsOf(['/app/\u001b[2Jrun'], [program('app/other')]);
    expect(warning!.code).toBe('COMMAND_NOT_FOUND');
    expect(warning!.message).toContain('"/app/\\u001b[2Jrun"');
    expect(await codes(['/app'], ['app/'])).toEqual(['COMMAND_NOT_FOUND']);
    expect(await codes(['/app/run'], [program('app/run')], ['app/.wh.run'])).toEqual(['COMMAND_NOT_FOUND']);
  });

  it('looks for sh where there is no command at all', async () => {
    expect(await codes([], [program('etc/motd')])).toEqual(['COMMAND_NOT_FOUND']);
    expect(await codes([], [program('bin/sh')])).toEqual([]);
  });

  it('finds what nobody may execute, and what is no file', async () => {
    expect(await codes(['/run.sh'], [program('run.sh', 'x', 0o644)])).toEqual(['COMMAND_NOT_EXECUTABLE']);
    expect(await codes(['/pipe'], [{ name: 'pipe', flag: '6', mode: 0o755 }])).toEqual(['COMMAND_NOT_EXECUTABLE']);
    expect(await codes(['/run.sh'], [program('run.sh', 'x', 0o100)])).toEqual([]);
  });

  it('finds an interpreter that is missing, in the first line only', async () => {
    const script = (line: string) => program('start', `${line}\nexec /nowhere\n`);
    const [warning] = await warningsOf(['/start'], [script('#! /bin/sh -e')]);
    expect(warning).toMatchObject({ code: 'INTERPRETER_NOT_FOUND', message: expect.stringContaining('/bin/sh') });
    expect(await codes(['/start'], [script('#!/bin/sh'), program('bin/sh')])).toEqual([]);
    expect(await codes(['/start'], [script('echo\n#!/bin/sh')])).toEqual([]);
    expect(await codes(['/start'], [program('start', '')])).toEqual([]);
    expect(await codes(['/start'], [program('start', '#!')])).toEqual([]);
  });

  it.each(['dev', 'proc', 'run', 'sys', 'tmp'])('finds what init mounts /%s over', async (place) => {
    const [warning] = await warningsOf([`/${place}/app`], [program(`${place}/app`)]);
    expect(warning).toMatchObject({ code: 'COMMAND_HIDDEN', message: expect.stringContaining(`/${place}`) });
    expect(await codes([`${place}/app`], [program(`${place}/app`)])).toEqual(['COMMAND_HIDDEN']);
    expect(await codes([`./${place}/app`], [program(`${place}/app`)])).toEqual(['COMMAND_HIDDEN']);
    // A file of that name gives way to the folder.
    expect(await codes([`/${place}`], [program(place)])).toEqual(['COMMAND_HIDDEN']);
    expect(await codes([`/${place}s/app`], [program(`${place}s/app`)])).toEqual([]);
  });

  it('follows symlinks within the image, of the last part and of folders', async () => {
    const merged = [{ name: 'bin', link: 'usr/bin' }, program('usr/bin/busybox')];
    const links = [
      { name: 'usr/bin/sh', link: 'busybox' },
      { name: 'usr/bin/ash', link: '/bin/busybox' },
      { name: 'usr/bin/out', link: '../../../../usr/bin/busybox' },
    ];
    for (const command of ['/bin/sh', 'sh', '/usr/bin/ash', 'ash', '/bin/out']) {
      expect([command, await codes([command], [...merged, ...links])]).toEqual([command, []]);
    }
    expect(await codes(['/start'], [program('start', '#!/bin/sh\n'), ...merged, ...links])).toEqual([]);
    expect(await codes(['/gone'], [{ name: 'gone', link: '/nothing' }])).toEqual(['COMMAND_NOT_FOUND']);
  });

  it('ends in a loop of symlinks, of files and of folders', async () => {
    const loop = [
      { name: 'a', link: 'b' },
      { name: 'b', link: 'a' },
    ];
    expect(await codes(['/a'], loop)).toEqual(['COMMAND_NOT_FOUND']);
    expect(await codes(['/a/x'], loop)).toEqual(['COMMAND_NOT_FOUND']);
    expect(await codes(['/self/self/self'], [{ name: 'self', link: '.' }])).toEqual(['COMMAND_NOT_FOUND']);
    expect(await codes([`/${'a/'.repeat(50_000)}x`], loop)).toEqual(['COMMAND_NOT_FOUND']);
  });
});

describe('the memory of an enclave', () => {
  it('is four times its image at least', () => {
    expect(minimumMemoryMib(100 * MIB)).toBe(400);
    expect(minimumMemoryMib(100 * MIB + 1)).toBe(401);
    expect(memoryWarnings(100 * MIB, 400)).toEqual([]);
    expect(memoryWarnings(100 * MIB, undefined)).toEqual([]);
    expect(memoryWarnings(100 * MIB, 399)).toMatchObject([
      { code: 'MEMORY_TOO_SMALL', message: expect.stringMatching(/400 MiB .* 399/) },
    ]);
  });
});

// The two ramdisks of an EIF, entry by entry as nitro-cli 1.5.0 makes them: boot (measured in PCR1) and customer (PCR2).
// Order, names and forced times are part of what is measured.
import type { FileTree } from '../oci/file-tree.js';
import { invalidImage } from '../oci/image-failure.js';
import { FileMode, LINUXKIT_MTIME } from './cpio.js';
import type { CpioEntry } from './cpio.js';
import { rootFilesystemEntries } from './root-filesystem.js';

/** Directories that follow the image's files and win over them. */
const FORCED_DIRECTORIES = ['', '/dev', '/run', '/sys', '/var', '/proc', '/tmp'];

/** Archives are walked twice, for their size and for their bytes, so their entries are made anew each time. */
export interface Ramdisk {
  entries(): Iterable<CpioEntry>;
}

export function bootRamdisk(blobs: { init: Buffer; nsm?: Buffer }): Ramdisk {
  const entries = [directory('dev'), file('init', blobs.init, 0o755)];
  if (blobs.nsm) entries.push(file('nsm.ko', blobs.nsm, 0o755));
  return { entries: () => entries };
}

/**
 * Checks the command first, before there is a tree.
 * @param command argv and the environment as `NAME=value`; init starts the first with the second, as root in `/`
 */
export function customerRamdisk(command: { argv: string[]; env: string[] }): (tree: FileTree) => Ramdisk {
  const cmd = lines(command.argv, 'argument');
  const env = lines(command.env, 'environment variable');
  return (tree) => ({
    *entries() {
      yield directory('rootfs');
      yield* rootFilesystemEntries(tree, 'rootfs/');
      for (const name of FORCED_DIRECTORIES) yield directory(`rootfs${name}`);
      yield file('cmd', cmd, 0o644);
      yield file('env', env, 0o644);
    },
  });
}

function directory(name: string): CpioEntry {
  const mode = FileMode.DIRECTORY | 0o755;
  return { name, mode, uid: 0, gid: 0, mtime: LINUXKIT_MTIME, size: 0, devMajor: 0, devMinor: 0, data: undefined };
}

function file(name: string, data: Buffer, permissions: number): CpioEntry {
  const mode = FileMode.FILE | permissions;
  return { name, mode, uid: 0, gid: 0, mtime: LINUXKIT_MTIME, size: data.length, devMajor: 0, devMinor: 0, data };
}

// init reads one element per line: an element with a newline would silently become two.
function lines(elements: string[], what: string): Buffer {
  elements.forEach((element, index) => {
    if (!/[\n\0]/.test(element)) return;
    // Values may be secrets: a message has the name only.
    const name = what === 'argument' ? `argument ${index}` : `${what} ${JSON.stringify(element.split('=')[0])}`;
    const hint = `Remove newlines and NUL bytes from it: init reads one ${what} per line.`;
    throw invalidImage(`its ${name} has a newline or a NUL byte`, hint);
  });
  return Buffer.from(elements.map((element) => `${element}\n`).join(''), 'utf8');
}

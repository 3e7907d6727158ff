// A small EIF and its variations, each part of which a test may replace.
import type { CpioEntry } from '../../src/nitro/cpio.js';
import { cmdline, eifOf, entry, kernel, metadata, ramdisk } from './eif-builder.js';
import type { Section } from './eif-builder.js';

export const BOOT = [entry('dev/'), entry('init', 'init'), entry('nsm.ko', 'driver')];
export const APPLICATION = [
  entry('rootfs/'),
  entry('rootfs/a', 'one'),
  entry('rootfs/b', 'two'),
  entry('rootfs/link', 'a', { mode: 0o120777 }),
  entry('cmd', '/a\n'),
  entry('env', 'A=1\nB=2\nSECRET=hunter2\n'),
];

interface Parts {
  kernel: Section;
  cmdline: Section;
  metadata: Section;
  boot: CpioEntry[];
  application: CpioEntry[];
  more: Section[];
}

export function eif(change: Partial<Parts> = {}): Buffer {
  const base = { kernel: kernel(), cmdline: cmdline(), metadata: metadata(), boot: BOOT, application: APPLICATION };
  const parts = { ...base, more: [], ...change };
  return eifOf([
    parts.kernel,
    parts.cmdline,
    parts.metadata,
    ramdisk(parts.boot),
    ramdisk(parts.application),
    ...parts.more,
  ]);
}

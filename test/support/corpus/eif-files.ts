// What stands in the application's ramdisk of an EIF, and whether a fact is true of it.
import { readCpio } from '../cpio-reader.js';
import type { CpioRecord } from '../cpio-reader.js';
import type { Fact } from './image-content.js';

const EIF_HEADER_BYTES = 548;
const SECTION_HEADER_BYTES = 12;
const RAMDISK = 3;
const ROOT = 'rootfs/';
const TYPE_MASK = 0o170000;
const SYMLINK = 0o120000;

/** By their path in the image; directories without the slash at the end. */
export function applicationFiles(eif: Buffer): Map<string, CpioRecord> {
  const files = new Map<string, CpioRecord>();
  for (const record of readCpio(ramdisksOf(eif)[1]!)) {
    if (record.name.startsWith(ROOT)) files.set(record.name.slice(ROOT.length).replace(/\/$/, ''), record);
  }
  return files;
}

export const isArm64 = (eif: Buffer): boolean => (eif.readUInt16BE(6) & 1) === 1;

function ramdisksOf(eif: Buffer): Buffer[] {
  const ramdisks: Buffer[] = [];
  for (let at = EIF_HEADER_BYTES; at < eif.length;) {
    const size = Number(eif.readBigUInt64BE(at + 4));
    const data = eif.subarray(at + SECTION_HEADER_BYTES, at + SECTION_HEADER_BYTES + size);
    if (eif.readUInt16BE(at) === RAMDISK) ramdisks.push(data);
    at += SECTION_HEADER_BYTES + size;
  }
  return ramdisks;
}

/** The part of a record that a fact speaks of, to be compared with it. */
export function seenAs(fact: Fact, record: CpioRecord | undefined): Fact {
  if (!record) return null;
  const isLink = (record.mode & TYPE_MASK) === SYMLINK;
  const data = record.data.toString('latin1');
  if (fact === null || typeof fact === 'string') return isLink ? { link: data } : data;
  const { mode, uid, gid, mtime, rdevMajor, rdevMinor } = record;
  const all = { mode, uid, gid, mtime, rdev: `${rdevMajor}:${rdevMinor}`, [isLink ? 'link' : 'content']: data };
  return Object.fromEntries(Object.keys(fact).map((key) => [key, all[key as keyof typeof all]]));
}

// Parts of a cpio archive in the "newc" format, as linuxkit writes it: what the kernel unpacks as its initial ramdisk.
// Sizes are known before a byte is written, because the EIF's header has them.
import { imageTooLarge, invalidImage, quoteName } from '../oci/image-failure.js';
import { Turns } from '../oci/turns.js';

/** Data in a layer's spool file. */
export interface SpoolRange {
  layer: number;
  offset: number;
}

export interface CpioEntry {
  /** Without the NUL, one character per byte (latin1). */
  name: string;
  /** File type and permissions, as in `st_mode`. */
  mode: number;
  uid: number;
  gid: number;
  mtime: number;
  size: number;
  devMajor: number;
  devMinor: number;
  data: Buffer | SpoolRange | undefined;
}

export const FileMode = {
  FIFO: 0o010000,
  CHARACTER: 0o020000,
  DIRECTORY: 0o040000,
  BLOCK: 0o060000,
  FILE: 0o100000,
  SYMLINK: 0o120000,
} as const;

/** What linuxkit gives files of its own: 2017-04-18T16:30:00Z. */
export const LINUXKIT_MTIME = 1_492_533_000;

const TYPE_MASK = 0o170000;
const FIRST_INODE = 721;
const HEADER_BYTES = 110;
const ARCHIVE_BLOCK_BYTES = 512;
const TRAILER_NAME = 'TRAILER!!!';
/** The kernel skips longer names and link targets without a word (PATH_MAX, NUL included). */
const MAX_NAME_BYTES = 4095;
/** Of headers, names and link targets: a layer names a path in fewer bytes than a ramdisk takes for it. */
const MAX_NAMES_BYTES = 1024 ** 3;
const MAX_FILE_BYTES = 0xffff_ffff;

/** Writes the headers of one archive: entries are numbered as they come. */
export class CpioHeaders {
  private inode = FIRST_INODE;

  /** Header, name and the zeros up to the data. */
  next(entry: CpioEntry): Buffer {
    const header = Buffer.alloc(headerBytes(entry));
    const isDirectory = (entry.mode & TYPE_MASK) === FileMode.DIRECTORY;
    const fields = [
      this.inode++,
      entry.mode,
      entry.uid,
      entry.gid,
      isDirectory ? 2 : 1,
      entry.mtime,
      entry.size,
      3,
      1,
      entry.devMajor,
      entry.devMinor,
      entry.name.length + 1,
      0,
    ];
    header.write(`070701${fields.map(hex8).join('')}${entry.name}`, 'latin1');
    return header;
  }

  /** The end of an archive of which `position` bytes have been written. */
  end(position: number): Buffer {
    const trailer = this.next(TRAILER);
    const rest = (ARCHIVE_BLOCK_BYTES - ((position + trailer.length) % ARCHIVE_BLOCK_BYTES)) % ARCHIVE_BLOCK_BYTES;
    return Buffer.concat([trailer, Buffer.alloc(rest)]);
  }
}

const TRAILER: CpioEntry = {
  name: TRAILER_NAME,
  mode: 0,
  uid: 0,
  gid: 0,
  mtime: 0,
  size: 0,
  devMajor: 0,
  devMinor: 0,
  data: undefined,
};

/** Exact bytes of the archive that holds these entries. */
export async function cpioBytes(entries: Iterable<CpioEntry>, signal: AbortSignal): Promise<number> {
  const turns = new Turns(signal);
  let bytes = 0;
  let nameBytes = 0;
  for (const entry of entries) {
    if (turns.due()) await turns.give();
    checkEntry(entry);
    bytes += headerBytes(entry) + entry.size + dataPadding(entry.size);
    nameBytes += headerBytes(entry) + (isSymlink(entry) ? entry.size : 0);
    if (nameBytes > MAX_NAMES_BYTES) {
      throw imageTooLarge(
        `the names of its files alone take more than ${MAX_NAMES_BYTES} bytes`,
        'Remove files from the image, or shorten their paths.',
      );
    }
  }
  return Math.ceil((bytes + headerBytes(TRAILER)) / ARCHIVE_BLOCK_BYTES) * ARCHIVE_BLOCK_BYTES;
}

/** Zeros after an entry's data. */
export function dataPadding(size: number): number {
  return (4 - (size % 4)) % 4;
}

function headerBytes(entry: CpioEntry): number {
  return Math.ceil((HEADER_BYTES + entry.name.length + 1) / 4) * 4;
}

function checkEntry(entry: CpioEntry): void {
  if (entry.name.length > MAX_NAME_BYTES) {
    throw invalidImage(
      `the path ${quoteName(entry.name)}... is too long for a ramdisk`,
      'Use shorter paths in the image.',
    );
  }
  if (isSymlink(entry) && entry.size > MAX_NAME_BYTES) {
    throw invalidImage(`the target of the link ${quoteName(entry.name)} is too long for a ramdisk`);
  }
  if (entry.size > MAX_FILE_BYTES) {
    throw imageTooLarge(`${quoteName(entry.name)} has 4 GiB or more`, 'Split the file: a ramdisk holds none of 4 GiB.');
  }
}

function isSymlink(entry: CpioEntry): boolean {
  return (entry.mode & TYPE_MASK) === FileMode.SYMLINK;
}

function hex8(value: number): string {
  return value.toString(16).padStart(8, '0');
}

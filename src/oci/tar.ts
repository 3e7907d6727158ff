// An incremental reader of tar archives: it is fed chunks of any size and reports entries with the offset of their data.
// It keeps no file data; what bounds its memory is the limit on names and extended headers.
import { invalidImage, quoteName } from './image-failure.js';
import { parseGlobalPax, parsePax, sparseRefused } from './tar-pax.js';
import type { PaxFields } from './tar-pax.js';
import { TAR_BLOCK_BYTES, isZeroBlock, parseTarHeader } from './tar-header.js';
import type { TarHeader } from './tar-header.js';

export type TarEntryType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'character' | 'block' | 'fifo';

export interface TarEntry {
  /** One character per byte (latin1), as written in the archive but for what means nothing: `//`, `/./`, `./` in front. */
  path: string;
  type: TarEntryType;
  /** The low twelve bits. */
  mode: number;
  uid: number;
  gid: number;
  /** Seconds since 1970, within 32 bits. */
  mtime: number;
  /** Bytes of data; 0 for anything but a file. */
  size: number;
  /** Where the data begins in the uncompressed archive. */
  offset: number;
  /** Target of a link, one character per byte; of a symlink exactly as written. */
  link: string;
  devMajor: number;
  devMinor: number;
}

export const MAX_PATH_BYTES = 4096;
const MAX_EXTENSION_BYTES = 1024 * 1024;
const MAX_UINT32 = 0xffff_ffff;

const ENTRY_TYPES = new Map<string, TarEntryType>([
  ['\0', 'file'],
  ['0', 'file'],
  ['7', 'file'],
  ['1', 'hardlink'],
  ['2', 'symlink'],
  ['3', 'character'],
  ['4', 'block'],
  ['5', 'directory'],
  ['6', 'fifo'],
]);
const EXTENSION_FLAGS = 'xgLK';
const NO_FIELDS: PaxFields = {};

/** Entries whose extended attributes a cpio will lose. */
export interface LostAttributes {
  entries: number;
  /** Those of them with file capabilities, as setcap makes them. */
  withCapabilities: number;
}

export class TarReader {
  readonly lost: LostAttributes = { entries: 0, withCapabilities: 0 };
  private position = 0;
  private skip = 0;
  private padding = 0;
  private block = Buffer.alloc(TAR_BLOCK_BYTES);
  private blockFill = 0;
  private zeroBlocks = 0;
  private ended = false;
  private extension?: { flag: string; data: Buffer; fill: number };
  private global: PaxFields = {};
  private local = NO_FIELDS;
  private longPath?: string;
  private longLink?: string;

  constructor(private readonly onEntry: (entry: TarEntry) => void) {}

  write(chunk: Buffer): void {
    let at = 0;
    // Whatever follows the end of the archive counts for the digest only.
    while (at < chunk.length && !this.ended) at += this.take(chunk, at);
    this.position += chunk.length - at;
  }

  end(): void {
    // Programs exist that leave out the last padding or the two zero blocks, and everybody reads their archives.
    const cut = this.skip > 0 || this.blockFill > 0 || this.extension !== undefined;
    if (cut || this.hasPendingExtension()) throw invalidImage('a layer is a truncated tar archive');
  }

  private take(chunk: Buffer, at: number): number {
    const available = chunk.length - at;
    if (this.skip > 0) return this.advance('skip', available);
    if (this.extension) return this.takeExtension(chunk, at);
    if (this.padding > 0) return this.advance('padding', available);
    const taken = Math.min(TAR_BLOCK_BYTES - this.blockFill, available);
    chunk.copy(this.block, this.blockFill, at, at + taken);
    this.blockFill += taken;
    this.position += taken;
    if (this.blockFill === TAR_BLOCK_BYTES) {
      this.blockFill = 0;
      this.onBlock();
    }
    return taken;
  }

  private advance(what: 'skip' | 'padding', available: number): number {
    const taken = Math.min(this[what], available);
    this[what] -= taken;
    this.position += taken;
    return taken;
  }

  private onBlock(): void {
    if (isZeroBlock(this.block)) {
      this.ended = ++this.zeroBlocks === 2;
      if (this.ended && this.hasPendingExtension()) throw invalidImage('a layer is a truncated tar archive');
      return;
    }
    if (this.zeroBlocks > 0) throw invalidImage('a layer has an entry after the end of its tar archive');
    const header = parseTarHeader(this.block);
    if (EXTENSION_FLAGS.includes(header.typeFlag)) this.startExtension(header);
    else this.finishEntry(header);
  }

  private startExtension(header: TarHeader): void {
    if (header.size < 0 || header.size > MAX_EXTENSION_BYTES) {
      throw invalidImage(`a layer has an extended tar header of ${header.size} bytes`);
    }
    this.padding = paddingOf(header.size);
    this.extension = { flag: header.typeFlag, data: Buffer.alloc(header.size), fill: 0 };
    if (header.size === 0) this.endExtension(this.extension);
  }

  private takeExtension(chunk: Buffer, at: number): number {
    const extension = this.extension!;
    const taken = Math.min(extension.data.length - extension.fill, chunk.length - at);
    chunk.copy(extension.data, extension.fill, at, at + taken);
    extension.fill += taken;
    this.position += taken;
    if (extension.fill === extension.data.length) this.endExtension(extension);
    return taken;
  }

  private endExtension({ flag, data }: { flag: string; data: Buffer }): void {
    this.extension = undefined;
    if (flag === 'g') this.global = parseGlobalPax(data, this.global);
    else if (flag === 'x') this.local = parsePax(data);
    else if (flag === 'L') this.longPath = longName(data);
    else this.longLink = longName(data);
  }

  private finishEntry(header: TarHeader): void {
    const pax = this.local === NO_FIELDS ? this.global : { ...this.global, ...definedOf(this.local) };
    const path = this.longPath ?? pax.path ?? header.path;
    const type = typeOf(header, path);
    const data = pax.size ?? header.size;
    if (data < 0 || !Number.isSafeInteger(this.position + data))
      throw invalidImage('a layer has an entry of absurd size');
    // Only files have data: the size of any other entry is a remark (POSIX; GNU tar and Go read it so too).
    const size = type === 'file' ? data : 0;
    const entry: TarEntry = {
      path,
      type,
      mode: header.mode,
      uid: owner(pax.uid ?? header.uid, path),
      gid: owner(pax.gid ?? header.gid, path),
      mtime: Math.min(Math.max(pax.mtime ?? header.mtime, 0), MAX_UINT32),
      size,
      offset: this.position,
      link: this.longLink ?? pax.link ?? header.link,
      devMajor: device(header.devMajor, path),
      devMinor: device(header.devMinor, path),
    };
    checkNames(entry);
    entry.path = collapsed(path);
    if (type === 'hardlink') entry.link = collapsed(entry.link);
    if (pax.xattrs) this.lost.entries++;
    if (pax.capabilities) this.lost.withCapabilities++;
    this.skip = size;
    this.padding = paddingOf(size);
    this.local = NO_FIELDS;
    this.longPath = this.longLink = undefined;
    this.onEntry(entry);
  }

  private hasPendingExtension(): boolean {
    return this.longPath !== undefined || this.longLink !== undefined || Object.keys(this.local).length > 0;
  }
}

function typeOf(header: TarHeader, path: string): TarEntryType {
  if (header.typeFlag === 'S') throw sparseRefused();
  const type = ENTRY_TYPES.get(header.typeFlag);
  if (!type) throw invalidImage(`a layer has a tar entry of the unknown type ${JSON.stringify(header.typeFlag)}`);
  // Before POSIX a directory was a file whose name ends with a slash.
  return header.typeFlag === '\0' && path.endsWith('/') ? 'directory' : type;
}

function checkNames(entry: TarEntry): void {
  const isLink = entry.type === 'hardlink' || entry.type === 'symlink';
  if (!isLink) entry.link = '';
  if (entry.path.length > MAX_PATH_BYTES || entry.link.length >= MAX_PATH_BYTES) {
    throw invalidImage(`a layer has a name of more than ${MAX_PATH_BYTES} bytes: ${quoteName(entry.path)}...`);
  }
  if (isLink && entry.link === '') throw invalidImage(`the link ${quoteName(entry.path)} of a layer has no target`);
}

// Once for all later steps, which would otherwise have to count what padded names cost them.
function collapsed(path: string): string {
  if (!path.includes('//') && !path.includes('./')) return path;
  return path.replace(/\/(?:\.?\/)+/g, '/').replace(/^\.\/(?=[^])/, '');
}

// GNU tar ends a long name with a NUL, which is not part of it. An empty one says nothing: the header's name counts.
function longName(data: Buffer): string | undefined {
  let end = data.length;
  while (end > 0 && data[end - 1] === 0) end--;
  const name = data.toString('latin1', 0, end);
  if (name.includes('\0')) throw invalidImage('a layer has a name with a NUL byte');
  if (name.length > MAX_PATH_BYTES) throw invalidImage(`a layer has a name of more than ${MAX_PATH_BYTES} bytes`);
  return name === '' ? undefined : name;
}

function owner(id: number, path: string): number {
  if (id >= 0 && id <= MAX_UINT32) return id;
  throw invalidImage(`${quoteName(path)} belongs to the owner ${id}, which is no number of 32 bits`);
}

function device(id: number, path: string): number {
  if (id >= 0 && id <= MAX_UINT32) return id;
  throw invalidImage(`${quoteName(path)} has the device number ${id}`);
}

function paddingOf(size: number): number {
  return (TAR_BLOCK_BYTES - (size % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES;
}

function definedOf(fields: PaxFields): PaxFields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

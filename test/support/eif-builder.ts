// EIFs for tests, section by section, so that they can be as odd as a test needs them; shares nothing with the writer.
import { crc32 } from 'node:zlib';
import { FileMode } from '../../src/nitro/cpio.js';
import type { CpioEntry } from '../../src/nitro/cpio.js';
import type { EifSource, ReadableFile } from '../../src/nitro/eif-stream.js';
import { ramdiskBytes } from './ramdisk-bytes.js';

export interface Section {
  type: number;
  data: Buffer;
}

export const TEST_METADATA = {
  ImageName: 'app',
  ImageVersion: '1',
  BuildMetadata: {
    BuildTime: '1970-01-01T00:00:00+00:00',
    BuildTool: 'tool',
    BuildToolVersion: '1',
    OperatingSystem: 'Linux',
    KernelVersion: '4.14.256',
  },
  DockerInfo: null,
  CustomMetadata: null,
};

export const kernel = (text = 'kernel'): Section => ({ type: 1, data: Buffer.from(text) });
export const cmdline = (text = 'reboot=k panic=30'): Section => ({ type: 2, data: Buffer.from(text) });
export const ramdisk = (entries: CpioEntry[]): Section => ({ type: 3, data: cpioOf(entries) });
export const signature = (data: Buffer): Section => ({ type: 4, data });
export const metadata = (document: unknown = TEST_METADATA): Section => {
  return { type: 5, data: Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)) };
};

export function cpioOf(entries: CpioEntry[]): Buffer {
  return ramdiskBytes({ entries: () => entries });
}

/** A file, or a directory where the name ends with a slash. */
export function entry(name: string, data = '', change: Partial<CpioEntry> = {}): CpioEntry {
  const bytes = Buffer.from(data);
  const mode = name.endsWith('/') ? 0o40755 : 0o100644;
  const fixed = { uid: 0, gid: 0, mtime: 1, devMajor: 0, devMinor: 0 };
  return { ...fixed, name, mode, size: bytes.length, data: bytes, ...change };
}

export function link(name: string, target: string): CpioEntry {
  return entry(name, target, { mode: FileMode.SYMLINK | 0o777 });
}

export function eifOf(sections: Section[], flags = 0): Buffer {
  const header = Buffer.alloc(548);
  header.write('.eif', 'latin1');
  header.writeUInt16BE(4, 4);
  header.writeUInt16BE(flags, 6);
  header.writeBigUInt64BE(1024n ** 3n, 8);
  header.writeBigUInt64BE(2n, 16);
  header.writeUInt16BE(sections.length, 26);
  const parts = sections.map(({ type, data }) => {
    const head = Buffer.alloc(12);
    head.writeUInt16BE(type, 0);
    head.writeBigUInt64BE(BigInt(data.length), 4);
    return Buffer.concat([head, data]);
  });
  let offset = 548;
  sections.forEach(({ data }, index) => {
    header.writeBigUInt64BE(BigInt(offset), 28 + 8 * index);
    header.writeBigUInt64BE(BigInt(data.length), 284 + 8 * index);
    offset += 12 + data.length;
  });
  return withChecksum(Buffer.concat([header, ...parts]));
}

/** The EIF with one section more at its end. */
export function withSection(eif: Buffer, { type, data }: Section): Buffer {
  const count = eif.readUInt16BE(26);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(type, 0);
  head.writeBigUInt64BE(BigInt(data.length), 4);
  const longer = Buffer.concat([eif, head, data]);
  longer.writeUInt16BE(count + 1, 26);
  longer.writeBigUInt64BE(BigInt(eif.length), 28 + 8 * count);
  longer.writeBigUInt64BE(BigInt(data.length), 284 + 8 * count);
  return withChecksum(longer);
}

export function withChecksum(eif: Buffer): Buffer {
  eif.writeUInt32BE(crc32(eif.subarray(548), crc32(eif.subarray(0, 544))), 544);
  return eif;
}

export interface CountedFile extends ReadableFile {
  bytesRead: number;
  largest: number;
}

/** Reads a piece at a time, as a file may. */
export function memoryFile(bytes: Buffer, piece = Infinity): CountedFile {
  const file: CountedFile = {
    bytesRead: 0,
    largest: 0,
    async read(buffer, offset, length, position) {
      const wanted = Math.min(length, piece);
      file.largest = Math.max(file.largest, buffer.length);
      const bytesRead = bytes.copy(buffer, offset, position, position + wanted);
      file.bytesRead += bytesRead;
      return { bytesRead };
    },
  };
  return file;
}

export function sourceOf(bytes: Buffer): EifSource {
  return { file: memoryFile(bytes), offset: 0, sizeBytes: bytes.length };
}

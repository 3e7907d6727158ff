// One 512-byte tar header block, as v7, POSIX ustar, star or GNU tar write it.
// Names are binary (latin1) strings: a file name need not be UTF-8, and the same bytes must come out again.
import { invalidImage } from './image-failure.js';

export const TAR_BLOCK_BYTES = 512;

export interface TarHeader {
  path: string;
  link: string;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  mtime: number;
  typeFlag: string;
  devMajor: number;
  devMinor: number;
}

export function isZeroBlock(block: Buffer): boolean {
  for (let at = 0; at < TAR_BLOCK_BYTES; at += 8) {
    if (block.readInt32LE(at) !== 0 || block.readInt32LE(at + 4) !== 0) return false;
  }
  return true;
}

export function parseTarHeader(block: Buffer): TarHeader {
  verifyChecksum(block);
  const posix = block.toString('latin1', 257, 263) === 'ustar\0';
  const gnu = block.toString('latin1', 257, 263) === 'ustar ';
  return {
    path: joinPrefix(prefixOf(block, posix), text(block, 0, 100)),
    mode: number(block, 100, 8, 'mode') & 0o7777,
    uid: number(block, 108, 8, 'uid'),
    gid: number(block, 116, 8, 'gid'),
    size: number(block, 124, 12, 'size'),
    mtime: number(block, 136, 12, 'mtime'),
    typeFlag: block.toString('latin1', 156, 157),
    link: text(block, 157, 100),
    devMajor: posix || gnu ? number(block, 329, 8, 'device number') : 0,
    devMinor: posix || gnu ? number(block, 337, 8, 'device number') : 0,
  };
}

// GNU tar keeps times where POSIX has the prefix; star ends its shorter prefix with a mark of its own.
function prefixOf(block: Buffer, posix: boolean): string {
  if (!posix) return '';
  const star = block.toString('latin1', 508, 512) === 'tar\0';
  return text(block, 345, star ? 131 : 155);
}

function joinPrefix(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}/${name}`;
}

function text(block: Buffer, at: number, length: number): string {
  const end = block.indexOf(0, at);
  return block.toString('latin1', at, end < 0 || end > at + length ? at + length : end);
}

function verifyChecksum(block: Buffer): void {
  const stored = number(block, 148, 8, 'checksum');
  let unsigned = 8 * 32;
  let signed = unsigned;
  for (let at = 0; at < TAR_BLOCK_BYTES; at++) {
    if (at === 148) at = 156;
    const byte = block[at] ?? 0;
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  // Some old programs summed signed bytes.
  if (stored !== unsigned && stored !== signed) throw invalidImage('a tar header of a layer has a wrong checksum');
}

function number(block: Buffer, at: number, length: number, what: string): number {
  const first = block[at] ?? 0;
  if (first & 0x80) return base256(block, at, length, what);
  const digits = text(block, at, length).trim();
  if (digits === '') return 0;
  if (!/^[0-7]+$/.test(digits)) throw invalidImage(`a tar header of a layer has a ${what} that is not a number`);
  return parseInt(digits, 8);
}

// GNU's way to write what does not fit into octal digits: a big-endian two's complement number, its top bit set.
function base256(block: Buffer, at: number, length: number, what: string): number {
  const negative = (block[at] ?? 0) & 0x40;
  let value = negative ? -1n : 0n;
  for (let i = 0; i < length; i++) {
    const byte = i === 0 ? ((block[at] ?? 0) & 0x7f) | (negative ? 0x80 : 0) : (block[at + i] ?? 0);
    value = (value << 8n) | BigInt(byte);
  }
  const result = Number(value);
  if (!Number.isSafeInteger(result)) throw invalidImage(`a tar header of a layer has an absurd ${what}`);
  return result;
}

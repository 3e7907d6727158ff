// Tar members whose headers are changed before their checksum is made.
import { headerOf, tarOf, withChecksum } from '../tar-builder.js';
import type { Member } from '../tar-builder.js';
import type { Members } from './image-content.js';

/** One member whose header is changed before its checksum is made; then the archive's end. */
export function changed(member: Member, change: (header: Buffer) => void, after: Members = []): Buffer {
  const data = Buffer.from(member.data ?? '');
  const header = headerOf(member, data.length);
  change(header);
  const padding = Buffer.alloc((512 - (data.length % 512)) % 512);
  return Buffer.concat([withChecksum(header), data, padding, tarOf(after)]);
}

export function base256(header: Buffer, at: number, width: number, value: bigint): void {
  header.fill(value < 0n ? 0xff : 0, at, at + width);
  header.writeBigInt64BE(value, at + width - 8);
  if (value >= 0n) header[at] = 0x80 | header[at]!;
}

export const gnuLong = (flag: 'L' | 'K', name: string): Member => ({ name: '././@LongLink', flag, data: `${name}\0` });

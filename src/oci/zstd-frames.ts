// Cuts a zstd stream (RFC 8878) into headers and single blocks, so that each step of the decoder gives at most 128 KiB.
// It also refuses what the decoder would answer with a huge allocation (a window beyond 64 MiB), and counts its work.
import { invalidImage } from './image-failure.js';

const FRAME_MAGIC = 0xfd2fb528;
const MAX_WINDOW_BYTES = 64 * 1024 * 1024;
const MAX_BLOCK_BYTES = 128 * 1024;
/** The least that tells how long a block is, or the header of a frame. */
const BLOCK_HEADER_BYTES = 3;
const FRAME_HEADER_BYTES = 6;
const DICTIONARY_BYTES = [0, 1, 2, 4];
/** What passing a unit to the decoder costs, as bytes it could have moved meanwhile. */
const UNIT_WORK_BYTES = 64 * 1024;

type Expected = 'frame' | 'block' | 'checksum';

export class ZstdSplitter {
  /** What the decoder moves for the units so far: its whole window for each block, however short that is. */
  workBytes = 0;
  private windowBytes = 0;
  /** The beginning of a unit, and how many bytes there have to be before it is worth looking at it again. */
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  private wanted = 0;
  private expected: Expected = 'frame';
  private checksumFollows = false;
  /** Bytes of a skippable frame still to come; such frames are metadata and reach no decoder. */
  private skip = 0;

  *split(chunk: Buffer): Generator<Buffer, void> {
    this.pending.push(chunk);
    this.pendingBytes += chunk.length;
    if (this.skip === 0 && this.pendingBytes < this.wanted) return;
    let rest = this.pending.length > 1 ? Buffer.concat(this.pending) : chunk;
    for (;;) {
      const skipped = Math.min(this.skip, rest.length);
      this.skip -= skipped;
      rest = rest.subarray(skipped);
      const length = this.unitLength(rest);
      this.wanted = length ?? (this.expected === 'block' ? BLOCK_HEADER_BYTES : FRAME_HEADER_BYTES);
      if (rest.length < this.wanted) break;
      const unit = rest.subarray(0, this.wanted);
      rest = rest.subarray(this.wanted);
      if (this.enter(unit)) yield unit;
    }
    this.pending = rest.length > 0 ? [rest] : [];
    this.pendingBytes = rest.length;
  }

  end(): void {
    if (this.skip > 0 || this.pendingBytes > 0 || this.expected !== 'frame') {
      throw invalidImage('a zstd layer is truncated');
    }
  }

  private unitLength(rest: Buffer): number | undefined {
    if (this.expected === 'checksum') return 4;
    if (this.expected === 'block') {
      return rest.length < BLOCK_HEADER_BYTES ? undefined : BLOCK_HEADER_BYTES + blockBodyBytes(rest);
    }
    if (rest.length < FRAME_HEADER_BYTES) return undefined;
    if (isSkippable(rest)) return 8;
    if (rest.readUInt32LE(0) !== FRAME_MAGIC) throw invalidImage('a zstd layer has bytes that are no zstd frame');
    return frameHeader(rest).length;
  }

  /** Moves on past a unit; false where it is none of the decoder's business. */
  private enter(unit: Buffer): boolean {
    if (this.expected === 'checksum') {
      this.expected = 'frame';
    } else if (this.expected === 'block') {
      const last = (unit.readUInt8(0) & 1) === 1;
      if (last) this.expected = this.checksumFollows ? 'checksum' : 'frame';
    } else if (isSkippable(unit)) {
      this.skip = unit.readUInt32LE(4);
      return false;
    } else {
      this.windowBytes = frameHeader(unit).windowBytes;
      if (this.windowBytes > MAX_WINDOW_BYTES) {
        throw invalidImage(
          'a zstd layer needs a window of more than 64 MiB',
          'Compress the layers without --ultra or --long.',
        );
      }
      this.checksumFollows = (unit.readUInt8(4) & 4) !== 0;
      this.expected = 'block';
    }
    this.workBytes += this.windowBytes + UNIT_WORK_BYTES;
    return true;
  }
}

function isSkippable(data: Buffer): boolean {
  return (data.readUInt32LE(0) & 0xfffffff0) >>> 0 === 0x184d2a50;
}

function frameHeader(data: Buffer): { length: number; windowBytes: number } {
  const descriptor = data.readUInt8(4);
  const singleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 ? Number(singleSegment) : 1 << sizeFlag;
  const sizeAt = 5 + (singleSegment ? 0 : 1) + (DICTIONARY_BYTES[descriptor & 3] ?? 0);
  const length = sizeAt + sizeBytes;
  if (!singleSegment) {
    const base = 2 ** (10 + (data.readUInt8(5) >> 3));
    return { length, windowBytes: base + (base / 8) * (data.readUInt8(5) & 7) };
  }
  // Where the header is not whole yet only its length is wanted.
  if (data.length < length) return { length, windowBytes: 0 };
  const content = sizeBytes === 8 ? Number(data.readBigUInt64LE(sizeAt)) : data.readUIntLE(sizeAt, sizeBytes);
  return { length, windowBytes: content };
}

function blockBodyBytes(data: Buffer): number {
  const header = data.readUIntLE(0, 3);
  const type = (header >> 1) & 3;
  const size = header >> 3;
  if (type === 3 || size > MAX_BLOCK_BYTES) throw invalidImage('a zstd layer has a malformed block');
  return type === 1 ? 1 : size;
}

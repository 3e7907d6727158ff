// Zstandard frames (RFC 8878) without a compressor: raw blocks hold their bytes, RLE blocks repeat one.

const MAX_BLOCK_BYTES = 128 * 1024;

export interface FrameOptions {
  /** The byte that says how large a window is needed; 0x38 is 128 KiB. */
  window?: number;
  /** Without it the frame ends with its last block. */
  openEnd?: boolean;
}

export type Block = Buffer | { repeat: number; times: number };

export function zstdFrame(blocks: Block[], { window = 0x38, openEnd = false }: FrameOptions = {}): Buffer {
  const parts = blocks.map((block, at) => {
    const isRaw = Buffer.isBuffer(block);
    const last = !openEnd && at === blocks.length - 1;
    const header = Buffer.alloc(3);
    header.writeUIntLE(((isRaw ? block.length : block.times) << 3) | (isRaw ? 0 : 2) | Number(last), 0, 3);
    return Buffer.concat([header, isRaw ? block : Buffer.from([block.repeat])]);
  });
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, window]), ...parts]);
}

/** One frame of raw blocks. */
export function zstdStored(bytes: Buffer): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at < bytes.length || at === 0; at += MAX_BLOCK_BYTES) {
    blocks.push(bytes.subarray(at, at + MAX_BLOCK_BYTES));
  }
  return zstdFrame(blocks);
}

export function skippableFrame(bytes: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(0x184d2a53, 0);
  header.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

// An EIF read from its beginning to its end, with one buffer whatever it says of itself, and its checksum on the way.
import { crc32 } from 'node:zlib';
import { InvalidEif } from './invalid-eif.js';

/** What of a FileHandle is needed. */
export interface ReadableFile {
  read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
}

/** An EIF in a file of its own, or in the middle of another (a layer, say). */
export interface EifSource {
  file: ReadableFile;
  offset: number;
  sizeBytes: number;
}

const CHUNK_BYTES = 1024 * 1024;

export class EifStream {
  position = 0;
  /** Of all that has been read, but for what `bytes` was told to leave out. */
  crc = 0;
  private readonly buffer: Buffer;

  constructor(
    private readonly source: EifSource,
    private readonly signal: AbortSignal,
  ) {
    this.buffer = Buffer.allocUnsafe(Math.max(1, Math.min(CHUNK_BYTES, source.sizeBytes)));
  }

  get left(): number {
    return this.source.sizeBytes - this.position;
  }

  /** A few bytes, of which the caller knows that they are left. */
  async bytes(length: number, { checked = true } = {}): Promise<Buffer> {
    const bytes = Buffer.alloc(length);
    await this.fill(bytes);
    if (checked) this.crc = crc32(bytes, this.crc);
    return bytes;
  }

  /** Each chunk is good until the next one is asked for; all but the last are of the same size. */
  async *chunks(length: number): AsyncGenerator<Buffer, void> {
    for (let left = length; left > 0;) {
      const chunk = this.buffer.subarray(0, Math.min(left, this.buffer.length));
      await this.fill(chunk);
      this.crc = crc32(chunk, this.crc);
      left -= chunk.length;
      yield chunk;
    }
  }

  private async fill(target: Buffer): Promise<void> {
    this.signal.throwIfAborted();
    const { file, offset } = this.source;
    for (let at = 0; at < target.length;) {
      const { bytesRead } = await file.read(target, at, target.length - at, offset + this.position);
      if (bytesRead === 0) throw new InvalidEif('its file is shorter than it should be');
      at += bytesRead;
      this.position += bytesRead;
    }
  }
}

// Reads file data back from the layers' spool files. Files mostly come in the order in which they lie in their layer,
// so small ones are served from a window that grows while that holds.
import { readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { SpoolRange } from './cpio.js';

export interface DataTarget {
  room(): Promise<Buffer>;
  filled(bytes: number): void;
  append(data: Buffer): Promise<void>;
}

const SMALLEST_WINDOW = 16 * 1024;
const LARGEST_WINDOW = 1024 * 1024;
const ALL_WINDOWS = 16 * 1024 * 1024;
/** A gap that a read from beginning to end would not mind. */
const NEAR_BYTES = 64 * 1024;

export class SpoolReaders {
  private constructor(private readonly readers: SpoolReader[]) {}

  static async open(paths: string[]): Promise<SpoolReaders> {
    const windowBytes = Math.min(LARGEST_WINDOW, Math.max(SMALLEST_WINDOW, Math.floor(ALL_WINDOWS / paths.length)));
    const readers = new SpoolReaders([]);
    try {
      for (const path of paths) readers.readers.push(new SpoolReader(await open(path, 'r'), windowBytes));
    } catch (error) {
      await readers.close();
      throw error;
    }
    return readers;
  }

  async copy(from: SpoolRange, size: number, target: DataTarget): Promise<void> {
    const reader = this.readers[from.layer];
    if (!reader) throw new Error(`There is no spool file of layer ${from.layer}.`);
    await reader.copy(from.offset, size, target);
  }

  async close(): Promise<void> {
    await Promise.all(this.readers.map((reader) => reader.close()));
  }
}

class SpoolReader {
  private window: Buffer = Buffer.alloc(0);
  private windowStart = 0;
  private windowEnd = 0;
  private ahead = SMALLEST_WINDOW;

  constructor(
    private readonly file: FileHandle,
    private readonly largestWindow: number,
  ) {}

  async copy(offset: number, size: number, target: DataTarget): Promise<void> {
    if (size > this.largestWindow / 4) return this.copyLarge(offset, size, target);
    const end = offset + size;
    if (offset < this.windowStart || end > this.windowEnd) this.moveWindow(offset, size);
    await target.append(this.window.subarray(offset - this.windowStart, end - this.windowStart));
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  private async copyLarge(offset: number, size: number, target: DataTarget): Promise<void> {
    for (let at = 0; at < size;) {
      const room = await target.room();
      const { bytesRead } = await this.file.read(room, 0, Math.min(room.length, size - at), offset + at);
      if (bytesRead === 0) throw new Error('A spool file is shorter than its index.');
      target.filled(bytesRead);
      at += bytesRead;
    }
    // What follows in the file is likely to be wanted next.
    this.windowStart = this.windowEnd = offset + size;
  }

  private moveWindow(offset: number, size: number): void {
    const goesOn = offset >= this.windowStart && offset <= this.windowEnd + NEAR_BYTES;
    this.ahead = goesOn ? Math.min(this.ahead * 4, this.largestWindow) : SMALLEST_WINDOW;
    const wanted = Math.max(this.ahead, size);
    if (this.window.length < wanted) this.window = Buffer.allocUnsafe(wanted);
    // Synchronous: a read of cached pages takes less time than handing it to another thread.
    const read = readSync(this.file.fd, this.window, 0, wanted, offset);
    if (read < size) throw new Error('A spool file is shorter than its index.');
    this.windowStart = offset;
    this.windowEnd = offset + read;
  }
}

// Layers as stored (plain, gzip of one or many members, zstd) turned into tar bytes.
// Chunks are pushed in, so that the caller keeps its source open and can still learn that its digest was wrong.
import { createGunzip } from 'node:zlib';
import type { Gunzip, ZlibOptions } from 'node:zlib';
import type { JobFailure } from '../lib/job-failure.js';
import { invalidImage } from './image-failure.js';
import { ZstdSplitter } from './zstd-frames.js';
import { ZstdThread } from './zstd-thread.js';

export interface TarSink {
  /** Takes the next uncompressed bytes; fails where they break a limit. */
  accept(chunk: Buffer): Promise<void>;
}

export interface Decompressor {
  write(chunk: Buffer): Promise<void>;
  end(): Promise<void>;
  /** Frees what a decompressor that is given up holds. */
  destroy(): void;
}

const GUNZIP_CHUNK_BYTES = 256 * 1024;
/** Blocks decoded at a time: at most 1 MiB of output. */
const ZSTD_UNITS = 8;
/**
 * What the decoder may move: any, and that much for each byte it gives. Where windows are as large and blocks as short
 * as compressors make them, it is half of that; small layers made to take hours end here, some seconds in.
 */
const FREE_ZSTD_WORK_BYTES = 4 * 1024 ** 3;
const ZSTD_WORK_RATIO = 1024;
const MAGIC_BYTES = 4;

/** Goes by the first bytes and not by the media type, as the container runtimes do; the diff_id is checked anyway. */
export class LayerDecompressor implements Decompressor {
  private head: Buffer[] = [];
  private headBytes = 0;
  private inner?: Decompressor;

  constructor(private readonly sink: TarSink) {}

  async write(chunk: Buffer): Promise<void> {
    if (this.inner) return this.inner.write(chunk);
    this.head.push(chunk);
    this.headBytes += chunk.length;
    if (this.headBytes >= MAGIC_BYTES) await this.open();
  }

  async end(): Promise<void> {
    if (!this.inner) await this.open();
    await this.inner?.end();
  }

  destroy(): void {
    this.inner?.destroy();
  }

  private async open(): Promise<void> {
    const head = Buffer.concat(this.head);
    this.head = [];
    this.inner = decompressorFor(head, this.sink);
    if (head.length > 0) await this.inner.write(head);
  }
}

function decompressorFor(head: Buffer, sink: TarSink): Decompressor {
  if (head.length >= 2 && head.readUInt16BE(0) === 0x1f8b) return new GzipDecompressor(sink);
  if (head.length < MAGIC_BYTES) return new NoDecompressor(sink);
  const magic = head.readUInt32LE(0);
  const zstd = magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50;
  return zstd ? new ZstdDecompressor(sink) : new NoDecompressor(sink);
}

class NoDecompressor implements Decompressor {
  constructor(private readonly sink: TarSink) {}

  async write(chunk: Buffer): Promise<void> {
    await this.sink.accept(chunk);
  }

  async end(): Promise<void> {}

  destroy(): void {}
}

class GzipDecompressor implements Decompressor {
  private readonly gunzip: Gunzip = createGunzip({
    chunkSize: GUNZIP_CHUNK_BYTES,
    // Room for what it unpacks while the bytes before are still being taken: else both would wait for each other.
    readableHighWaterMark: 8 * GUNZIP_CHUNK_BYTES,
  } as ZlibOptions);
  private readonly done: Promise<void>;
  private storedBytes = 0;
  private finished = false;
  private failure?: unknown;
  private wake?: () => void;

  constructor(private readonly sink: TarSink) {
    this.gunzip.on('drain', () => this.wake?.());
    this.done = this.drain();
  }

  async write(chunk: Buffer): Promise<void> {
    this.storedBytes += chunk.length;
    if (!this.finished && !this.gunzip.write(chunk) && !this.finished) {
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    if (this.failure !== undefined) throw this.failure as Error;
    if (this.finished) throw trailingBytes();
  }

  async end(): Promise<void> {
    if (!this.finished) this.gunzip.end();
    await this.done;
    if (this.failure !== undefined) throw this.failure as Error;
    // zlib stops at the end of the last member and says nothing of what it left.
    if (this.gunzip.bytesWritten !== this.storedBytes) throw trailingBytes();
  }

  destroy(): void {
    this.gunzip.destroy();
  }

  private async drain(): Promise<void> {
    try {
      for await (const chunk of this.gunzip) {
        await this.sink.accept(chunk as Buffer);
      }
    } catch (error) {
      this.failure = isZlibError(error)
        ? invalidImage(`a gzip layer cannot be decompressed (${error.message})`)
        : error;
    }
    this.finished = true;
    this.wake?.();
  }
}

function trailingBytes(): JobFailure {
  return invalidImage('a gzip layer has bytes after its end');
}

function isZlibError(error: unknown): error is Error {
  return String((error as NodeJS.ErrnoException | undefined)?.code).startsWith('Z_');
}

class ZstdDecompressor implements Decompressor {
  private readonly splitter = new ZstdSplitter();
  private readonly thread = new ZstdThread();
  private units: Buffer[] = [];
  private pending: Promise<Buffer> = Promise.resolve(Buffer.alloc(0));
  private workLimit = FREE_ZSTD_WORK_BYTES;

  constructor(private readonly sink: TarSink) {}

  async write(chunk: Buffer): Promise<void> {
    for (const unit of this.splitter.split(chunk)) {
      this.units.push(unit);
      if (this.units.length === ZSTD_UNITS) await this.decodeUnits();
    }
    // What is kept must not point into a chunk that the caller may use again.
    if (this.units.length > 0) await this.decodeUnits();
  }

  async end(): Promise<void> {
    this.splitter.end();
    await this.decodeUnits();
    await this.accept(await this.pending);
  }

  destroy(): void {
    this.thread.close();
  }

  /** Has the next blocks decoded while those before are taken. */
  private async decodeUnits(): Promise<void> {
    const before = this.pending;
    this.pending = this.thread.decode(new Uint8Array(Buffer.concat(this.units)));
    this.units = [];
    await this.accept(await before);
  }

  private async accept(data: Buffer): Promise<void> {
    this.workLimit += ZSTD_WORK_RATIO * data.length;
    if (this.splitter.workBytes > this.workLimit) {
      throw invalidImage('a zstd layer has far too many blocks, or far too short ones for its window');
    }
    await this.sink.accept(data);
  }
}

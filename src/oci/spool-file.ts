// A file that is written from its beginning to its end in large batches, while the next batch is being filled.
// The two batches are all the memory it takes: chunks are copied, so that none of them outlives its moment.
import { open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { asDiskFailure } from './image-failure.js';

const BATCH_BYTES = 2 * 1024 * 1024;

export class SpoolFile {
  private batch = Buffer.allocUnsafe(BATCH_BYTES);
  private other = Buffer.allocUnsafe(BATCH_BYTES);
  private fill = 0;
  private writing: Promise<void> = Promise.resolve();
  private failure?: unknown;

  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
  ) {}

  static async create(path: string): Promise<SpoolFile> {
    try {
      return new SpoolFile(path, await open(path, 'w', 0o600));
    } catch (error) {
      throw asDiskFailure(error);
    }
  }

  /** Takes what fits into the batch and says how much that was. */
  take(chunk: Buffer): number {
    const taken = chunk.copy(this.batch, this.fill);
    this.fill += taken;
    return taken;
  }

  /** Sends the batch to the disk and makes room for the next one. */
  async nextBatch(): Promise<void> {
    await this.writing;
    this.throwFailure();
    const batch = this.batch.subarray(0, this.fill);
    [this.batch, this.other] = [this.other, this.batch];
    this.fill = 0;
    this.writing = this.writeAll(batch).catch((error: unknown) => {
      this.failure = asDiskFailure(error);
    });
  }

  async finish(): Promise<void> {
    await this.nextBatch();
    await this.writing;
    this.throwFailure();
    await this.handle.close();
  }

  /** Gives the file up and removes it. */
  async discard(): Promise<void> {
    await this.writing;
    await this.handle.close().catch(() => undefined);
    await rm(this.path, { force: true });
  }

  private async writeAll(batch: Buffer): Promise<void> {
    for (let at = 0; at < batch.length;) {
      at += (await this.handle.write(batch, at, batch.length - at)).bytesWritten;
    }
  }

  private throwFailure(): void {
    if (this.failure !== undefined) throw this.failure as Error;
  }
}

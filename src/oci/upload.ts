// One upload in the hands of one request: takes the bytes of a body as they come, never more than a piece at a time.
import type { Hash } from 'node:crypto';
import { open, rm, truncate } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import { onDisk } from './durable-files.js';
import { storeError } from './store-errors.js';

/**
 * Asked before each piece of a body is kept; throws where there is no room for so many bytes more. What it answers is
 * to be called when the piece is kept, or will not be.
 */
export type Admit = (bytes: number) => () => void;

export class Upload {
  /** Whether it goes on after this request, with the hash of what has come. */
  isOpen = true;

  constructor(
    readonly path: string,
    public size: number,
    public hash: Hash,
    private readonly maxBytes: number,
  ) {}

  /**
   * Adds a body. What came before a connection broke off or the disk was full stays, so that the client can go on
   * there; an upload that grows too large is removed.
   * @param length what the client said it has, where it did; another length undoes it all
   */
  async append(body: Readable, admit: Admit, length?: number): Promise<void> {
    const before = { size: this.size, hash: this.hash.copy() };
    const file = await onDisk(() => open(this.path, 'a'));
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) await this.add(file, chunk, admit);
    } finally {
      await file.close();
    }
    if (length === undefined || this.size - before.size === length) return;
    await onDisk(() => truncate(this.path, before.size));
    Object.assign(this, before);
    throw storeError(400, 'SIZE_INVALID', `The body has not the ${length} bytes that Content-Range tells of.`);
  }

  /** Ends it where its content has not that digest. */
  async expectDigest(digest: string): Promise<void> {
    const found = `sha256:${this.hash.copy().digest('hex')}`;
    if (found === digest) return;
    await this.remove();
    throw storeError(400, 'DIGEST_INVALID', `The ${this.size} bytes that came have the digest ${found}.`);
  }

  async remove(): Promise<void> {
    this.isOpen = false;
    await rm(this.path, { force: true });
  }

  private async add(file: FileHandle, chunk: Buffer, admit: Admit): Promise<void> {
    try {
      if (this.size + chunk.length > this.maxBytes) throw tooLarge(this.maxBytes);
      const settle = admit(chunk.length);
      await onDisk(() => file.appendFile(chunk)).finally(settle);
    } catch (error) {
      if (isDiskFull(error)) await file.truncate(this.size);
      // Nobody could send the rest of it either, and what there is takes room.
      else await this.remove();
      throw error;
    }
    this.hash.update(chunk);
    this.size += chunk.length;
  }
}

const isDiskFull = (error: unknown) => error instanceof JobFailure && error.code === JobFailureCode.DISK_FULL;

const tooLarge = (maxBytes: number) =>
  storeError(413, 'SIZE_INVALID', `A blob may have at most ${Math.floor(maxBytes / 2 ** 20)} MiB.`);

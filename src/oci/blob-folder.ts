// Blobs by their digest: blobs/sha256/ab/<hex>. All accounts share them; who may read which, the repositories say.
import { open, readFile, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { badInput } from '../lib/errors.js';
import { hasCode } from './durable-files.js';
import type { DurableFiles } from './durable-files.js';
import type { Descriptor } from './image-repository.js';
import { isDigest } from './reference.js';
import { digestMismatch, sha256Digest } from './verified.js';

const READ_BYTES = 1024 * 1024;

export class BlobFolder {
  constructor(
    private readonly root: string,
    private readonly files: DurableFiles,
  ) {}

  /** Bytes, or undefined where there is no such blob. */
  async size(digest: string): Promise<number | undefined> {
    try {
      return (await stat(this.path(digest))).size;
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
      throw error;
    }
  }

  async read(digest: string): Promise<Buffer> {
    return readFile(this.path(digest));
  }

  /** The bytes from `start` to `end`, both included; all of them without a range. */
  async open(digest: string, range?: { start: number; end: number }): Promise<Readable> {
    const file = await open(this.path(digest), 'r');
    return file.createReadStream({ highWaterMark: READ_BYTES, ...range });
  }

  /**
   * Stores a blob. A buffer's digest is checked, also of one that is there; a file's is not (whoever wrote it hashed it
   * while writing, and reading it again costs as much as all the rest), but its size is, and it replaces what is there.
   */
  async write(blob: Pick<Descriptor, 'digest' | 'size'>, content: Buffer | { file: string }): Promise<void> {
    const size = Buffer.isBuffer(content) ? content.length : (await stat(content.file)).size;
    if (size !== blob.size) throw digestMismatch(`${blob.digest} has ${size} bytes, not ${blob.size}.`);
    if (!Buffer.isBuffer(content)) return this.files.moveIn(content.file, this.path(blob.digest));
    const digest = sha256Digest(content);
    if (digest !== blob.digest) throw digestMismatch(`${blob.digest} came with the digest ${digest}.`);
    if (await this.isWhole(blob)) await this.keep(digest);
    else await this.files.write(this.path(digest), content);
  }

  path(digest: string): string {
    if (!isDigest(digest)) throw badInput('That is no sha256 digest.');
    const hex = digest.slice('sha256:'.length);
    return join(this.root, 'sha256', hex.slice(0, 2), hex);
  }

  private async isWhole({ digest, size }: Pick<Descriptor, 'digest' | 'size'>): Promise<boolean> {
    return (await this.size(digest)) === size && sha256Digest(await this.read(digest)) === digest;
  }

  /** Keeps a blob that is about to be used again, also from being collected, which spares what is young. */
  private async keep(digest: string): Promise<void> {
    const now = new Date();
    await utimes(this.path(digest), now, now);
    await this.files.settle(this.path(digest));
  }
}

// Blobs by their digest: blobs/sha256/ab/<hex>. All accounts share them; who may read which, the repositories say.
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { badInput } from '../lib/errors.js';
import { findStats, namesIn, touch, unlessAbsent } from './absent-files.js';
import type { DurableFiles } from './durable-files.js';
import type { Descriptor } from './image-repository.js';
import { removeOld } from './old-files.js';
import { hexOf, isDigest } from './reference.js';
import { digestMismatch, sha256Digest } from './verified.js';

const READ_BYTES = 1024 * 1024;

export class BlobFolder {
  constructor(
    private readonly root: string,
    private readonly files: DurableFiles,
  ) {}

  /** Bytes, or undefined where there is no such blob. */
  async size(digest: string): Promise<number | undefined> {
    return (await findStats(this.path(digest)))?.size;
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
    if (!Buffer.isBuffer(content)) {
      await touch(content.file);
      return this.files.moveIn(content.file, this.path(blob.digest));
    }
    const digest = sha256Digest(content);
    if (digest !== blob.digest) throw digestMismatch(`${blob.digest} came with the digest ${digest}.`);
    if (!(await this.isWhole(blob)) || !(await this.keep(digest))) await this.files.write(this.path(digest), content);
  }

  /** Keeps a blob that is about to be used again from being collected; false where there is none. */
  touch(digest: string): Promise<boolean> {
    return touch(this.path(digest));
  }

  /** Removes a blob unless somebody touched it since that time; answers the bytes that were freed. */
  removeOld(digest: string, before: number): Promise<number | undefined> {
    return removeOld(this.files, this.path(digest), before);
  }

  /** The digests of all blobs, a folder at a time. */
  async *digests(): AsyncGenerator<string[]> {
    const folder = join(this.root, 'sha256');
    for (const part of await namesIn(folder)) {
      const names = await namesIn(join(folder, part));
      yield names.map((hex) => `sha256:${hex}`).filter(isDigest);
    }
  }

  path(digest: string): string {
    if (!isDigest(digest)) throw badInput('That is no sha256 digest.');
    const hex = hexOf(digest);
    return join(this.root, 'sha256', hex.slice(0, 2), hex);
  }

  private isWhole({ digest, size }: Pick<Descriptor, 'digest' | 'size'>): Promise<boolean> {
    const compare = async () => (await this.size(digest)) === size && sha256Digest(await this.read(digest)) === digest;
    return unlessAbsent(compare, false);
  }

  private async keep(digest: string): Promise<boolean> {
    const settle = async () => {
      await this.files.settle(this.path(digest));
      return true;
    };
    return (await this.touch(digest)) && unlessAbsent(settle, false);
  }
}

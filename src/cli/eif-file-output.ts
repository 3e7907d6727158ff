// Where `--output FILE.eif` goes: of the image that a conversion makes the EIF alone is kept. It grows under another
// name in the same folder, so that the file is there as a whole or not at all.
import { createHash, randomUUID } from 'node:crypto';
import { lstat, open, realpath, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hasCode } from '../oci/absent-files.js';
import { onDisk } from '../oci/durable-files.js';
import type { Descriptor, ImageRepository, OnBytes } from '../oci/image-repository.js';
import { TAR_BLOCK_BYTES, parseTarHeader } from '../oci/tar-header.js';
import { readRange } from '../oci/regular-file.js';
import { UsageError } from './failure.js';

const EIF_PATH = 'enclave/enclave.eif';
const READ_BYTES = 4 * 1024 * 1024;

export interface WrittenEif {
  sizeBytes: number;
  /** 64 hex digits. */
  sha256: string;
}

export class EifFileOutput implements ImageRepository {
  private written?: WrittenEif;

  private constructor(
    private readonly path: string,
    readonly temporaryPath: string,
  ) {}

  /** Throws UsageError where no file can be put: known before the work, and not after it. */
  static async prepare(file: string): Promise<EifFileOutput> {
    const path = await realpath(file).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return file;
      throw error;
    });
    const found = await stat(path).catch(() => undefined);
    // Renaming a file over a device would replace the device.
    if (found && !found.isFile()) throw new UsageError(`${JSON.stringify(file)} is there and is no file.`);
    const isLink = await lstat(path).then(
      (it) => it.isSymbolicLink(),
      () => false,
    );
    if (isLink) throw new UsageError(`${JSON.stringify(file)} is a link that leads nowhere.`);
    const folder = await stat(dirname(path)).catch(() => undefined);
    if (!folder?.isDirectory()) throw new UsageError(`There is no folder ${JSON.stringify(dirname(path))}.`);
    return new EifFileOutput(path, join(dirname(path), `.${basename(path)}.${randomUUID()}.part`));
  }

  /** Of the blobs only the layer is a file, and only the layer has the EIF. */
  async writeBlob(
    _blob: Descriptor,
    content: Buffer | { file: string },
    signal: AbortSignal,
    onBytes?: OnBytes,
  ): Promise<void> {
    if (Buffer.isBuffer(content)) return;
    await onDisk(async () => {
      const layer = await open(content.file, 'r');
      const target = await open(this.temporaryPath, 'wx', 0o644);
      try {
        this.written = await copyEif(layer, target, signal, onBytes);
        await target.sync();
      } finally {
        await target.close();
        await layer.close();
      }
    });
  }

  async writeManifest(): Promise<void> {}

  async attach(): Promise<void> {}

  async resolve(): Promise<never> {
    throw new Error('An EIF in a file is only written.');
  }

  async openBlob(): Promise<never> {
    throw new Error('An EIF in a file is only written.');
  }

  /** Gives the file its name. */
  async commit(): Promise<WrittenEif> {
    if (!this.written) throw new Error('The conversion wrote no EIF.');
    await rename(this.temporaryPath, this.path);
    const folder = await open(dirname(this.path), 'r');
    await folder.sync().finally(() => folder.close());
    return this.written;
  }

  async discard(): Promise<void> {
    await rm(this.temporaryPath, { force: true });
  }
}

async function copyEif(
  layer: FileHandle,
  target: FileHandle,
  signal: AbortSignal,
  onBytes?: OnBytes,
): Promise<WrittenEif> {
  const { offset, size } = await findEif(layer);
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  for (let at = 0; at < size;) {
    signal.throwIfAborted();
    const { bytesRead } = await layer.read(buffer, 0, Math.min(buffer.length, size - at), offset + at);
    if (bytesRead === 0) throw new Error('The layer of the conversion is too short.');
    const chunk = buffer.subarray(0, bytesRead);
    const writing = target.writeFile(chunk);
    hash.update(chunk);
    await writing;
    at += bytesRead;
    onBytes?.(bytesRead);
  }
  return { sizeBytes: size, sha256: hash.digest('hex') };
}

/** The layer is our own: headers without extensions. */
async function findEif(layer: FileHandle): Promise<{ offset: number; size: number }> {
  for (let at = 0; ;) {
    const { path, size } = parseTarHeader(await readRange(layer, at, TAR_BLOCK_BYTES));
    if (path === EIF_PATH) return { offset: at + TAR_BLOCK_BYTES, size };
    at += TAR_BLOCK_BYTES + Math.ceil(size / TAR_BLOCK_BYTES) * TAR_BLOCK_BYTES;
  }
}

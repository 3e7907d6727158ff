// One layer on its way in: decompressed into a spool file, hashed and indexed as it passes.
// No entry of an image is ever created on the host under its own name: later steps read the data from the spool file.
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import { LayerDecompressor } from './decompress.js';
import type { TarSink } from './decompress.js';
import { imageTooLarge, invalidImage } from './image-failure.js';
import type { OnBytes } from './image-repository.js';
import { LAYER_TYPES } from './media-types.js';
import { SpoolFile } from './spool-file.js';
import { TarReader } from './tar.js';
import type { LostAttributes, TarEntry } from './tar.js';

export interface ImageLimits {
  /** Uncompressed bytes of one layer, and of all layers of an image. */
  layerBytes: number;
  totalBytes: number;
  /** Uncompressed bytes per stored byte, counted from 64 MiB on. */
  ratio: number;
  /** Tar entries of all layers, and the bytes of their paths and link targets, which are held in memory. */
  entries: number;
  nameBytes: number;
}

export const DEFAULT_IMAGE_LIMITS: ImageLimits = {
  layerBytes: 8 * 1024 ** 3,
  totalBytes: 16 * 1024 ** 3,
  ratio: 500,
  entries: 1_000_000,
  nameBytes: 128 * 1024 ** 2,
};

const READ_BYTES = 1024 * 1024;
const RATIO_FREE_BYTES = 64 * 1024 * 1024;
/** What is read of a layer that is known to be invalid, to learn whether it only came damaged. */
const INVALID_REST_BYTES = 64 * 1024 * 1024;

/** What the layers of one image have used of its limits so far: shared by the calls for one image. */
export class ImageBudget {
  totalBytes = 0;
  entries = 0;
  nameBytes = 0;

  constructor(readonly limits: ImageLimits = DEFAULT_IMAGE_LIMITS) {}
}

export interface LayerIndex {
  spoolPath: string;
  uncompressedBytes: number;
  entries: TarEntry[];
  /** Of all its entries, those too that a higher layer replaces. */
  lost: LostAttributes;
}

export interface LayerSource {
  /** The stored bytes; it fails at its end where their digest is not the descriptor's. */
  stream: Readable;
  mediaType: string;
  /** From the image's config: `sha256:` and 64 hex digits, of the uncompressed tar. */
  diffId: string;
}

export interface SpoolOptions {
  spoolPath: string;
  budget: ImageBudget;
  signal: AbortSignal;
  /** Stored bytes read since the last call. */
  onBytes?: OnBytes;
  /** Bytes for the spool file since the last call: a small layer may grow large. */
  onUnpacked?: OnBytes;
}

export async function spoolLayer(source: LayerSource, options: SpoolOptions): Promise<LayerIndex> {
  if (!LAYER_TYPES.includes(source.mediaType)) {
    source.stream.destroy();
    const hint =
      'Convert an image whose layers are tar archives of the OCI or docker media types, plain, gzip or zstd.';
    throw invalidImage(`a layer has the media type ${JSON.stringify(source.mediaType.slice(0, 200))}`, hint);
  }
  let spool: SpoolFile | undefined;
  try {
    spool = await SpoolFile.create(options.spoolPath);
    const intake = new LayerIntake(spool, options);
    await readAll(source.stream, intake, options);
    await spool.finish();
    const diffId = intake.diffId();
    if (diffId !== source.diffId) throw diffIdMismatch(diffId, source.diffId);
    const { bytes: uncompressedBytes, entries, lost } = intake;
    return { spoolPath: spool.path, uncompressedBytes, entries, lost };
  } catch (error) {
    source.stream.destroy();
    await spool?.discard();
    throw error;
  }
}

/** Reads a spool file of before again: it is verified as when it came, and has the same index. */
export async function indexSpool(diffId: string, options: SpoolOptions): Promise<LayerIndex> {
  const { spoolPath, signal, onBytes } = options;
  const intake = new LayerIntake(undefined, options);
  for await (const data of createReadStream(spoolPath, { highWaterMark: READ_BYTES })) {
    const chunk = data as Buffer;
    signal.throwIfAborted();
    onBytes?.(chunk.length);
    intake.storedBytes += chunk.length;
    await intake.accept(chunk);
  }
  intake.end();
  const actual = intake.diffId();
  if (actual !== diffId) throw diffIdMismatch(actual, diffId);
  const { bytes: uncompressedBytes, entries, lost } = intake;
  return { spoolPath, uncompressedBytes, entries, lost };
}

async function readAll(stream: Readable, intake: LayerIntake, { signal, onBytes }: SpoolOptions): Promise<void> {
  const decompressor = new LayerDecompressor(intake);
  let invalid: JobFailure | undefined;
  let restBytes = 0;
  try {
    for await (const data of stream) {
      const chunk = data as Buffer;
      signal.throwIfAborted();
      onBytes?.(chunk.length);
      intake.storedBytes += chunk.length;
      // Bytes damaged on their way look like an invalid image: only the stream's end can tell, so it is read on.
      if (!invalid) invalid = await invalidityOf(decompressor.write(chunk));
      else if ((restBytes += chunk.length) > INVALID_REST_BYTES) throw invalid;
    }
    signal.throwIfAborted();
    if (invalid) throw invalid;
    await decompressor.end();
    intake.end();
  } finally {
    decompressor.destroy();
  }
}

async function invalidityOf(step: Promise<void>): Promise<JobFailure | undefined> {
  try {
    await step;
    return undefined;
  } catch (error) {
    if (error instanceof JobFailure && error.code === JobFailureCode.IMAGE_INVALID) return error;
    throw error;
  }
}

class LayerIntake implements TarSink {
  readonly entries: TarEntry[] = [];
  storedBytes = 0;
  bytes = 0;
  private readonly budget: ImageBudget;
  private readonly onUnpacked: OnBytes | undefined;
  private readonly hash: Hash = createHash('sha256');
  private readonly tar = new TarReader((entry) => this.addEntry(entry));

  constructor(
    private readonly spool: SpoolFile | undefined,
    { budget, onUnpacked }: SpoolOptions,
  ) {
    this.budget = budget;
    this.onUnpacked = onUnpacked;
  }

  async accept(chunk: Buffer): Promise<void> {
    this.bytes += chunk.length;
    this.onUnpacked?.(chunk.length);
    this.budget.totalBytes += chunk.length;
    this.checkBytes();
    this.tar.write(chunk);
    this.hash.update(chunk);
    if (!this.spool) return;
    for (let at = this.spool.take(chunk); at < chunk.length; at += this.spool.take(chunk.subarray(at))) {
      await this.spool.nextBatch();
    }
  }

  get lost(): LostAttributes {
    return this.tar.lost;
  }

  end(): void {
    this.tar.end();
  }

  diffId(): string {
    return `sha256:${this.hash.digest('hex')}`;
  }

  private addEntry(entry: TarEntry): void {
    if (++this.budget.entries > this.budget.limits.entries) {
      throw imageTooLarge(`it has more than ${this.budget.limits.entries} files`, 'Remove files from the image.');
    }
    this.budget.nameBytes += entry.path.length + entry.link.length;
    if (this.budget.nameBytes > this.budget.limits.nameBytes) {
      const names = `the names of its files have more than ${this.budget.limits.nameBytes} bytes`;
      throw imageTooLarge(names, 'Remove files from the image, or shorten their paths.');
    }
    this.entries.push(entry);
  }

  private checkBytes(): void {
    const { layerBytes, totalBytes, ratio } = this.budget.limits;
    const hint = 'Remove what the application does not need from the image.';
    if (this.bytes > layerBytes) throw imageTooLarge(`a layer has more than ${layerBytes} bytes uncompressed`, hint);
    if (this.budget.totalBytes > totalBytes) {
      throw imageTooLarge(`its layers have more than ${totalBytes} bytes uncompressed`, hint);
    }
    if (this.bytes > RATIO_FREE_BYTES && this.bytes > ratio * this.storedBytes) {
      const bomb = `a layer grows to more than ${ratio} times its size when uncompressed`;
      throw imageTooLarge(bomb, 'If the layer is what you mean it to be, push it less compressed.');
    }
  }
}

function diffIdMismatch(actual: string, expected: string): JobFailure {
  return new JobFailure(
    JobFailureCode.DIGEST_MISMATCH,
    `A layer unpacks to ${actual}, but the image's config says ${JSON.stringify(expected.slice(0, 200))}.`,
    'Push the image again; if that does not help, the registry serves damaged data.',
  );
}

// Asks a file system for room before and while it is filled: a conversion must not take what the catalog needs.
import { statfs } from 'node:fs/promises';
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';

/** Left free for the database, its log and the store's small files; of a small file system a part of it. */
const RESERVE_BYTES = 64 * 1024 * 1024;
const RESERVE_SHARE = 1 / 16;
const CHECK_EVERY_BYTES = 64 * 1024 * 1024;
const MIB = 1024 * 1024;

/** Throws JobFailure DISK_FULL unless so many bytes and a reserve are free where the folder is. */
export async function requireSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, blocks, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const needed = bytes + Math.min(RESERVE_BYTES, blocks * bsize * RESERVE_SHARE);
  if (free > needed) return;
  const mib = (count: number) => Math.ceil(count / MIB);
  throw new JobFailure(
    JobFailureCode.DISK_FULL,
    `The disk of the gateway has ${mib(free)} MiB free; ${mib(needed)} are needed.`,
    'Free some space under DATA_DIR (LAYER_CACHE_MIB bounds the cache there) or move it to a larger disk, then retry the job.',
  );
}

/** To be told of bytes as they are written: looks every now and then, and ends in `abort` where the disk gets full. */
export class DiskWatch {
  private since = 0;

  constructor(
    private readonly folder: string,
    private readonly abort: (failure: unknown) => void,
  ) {}

  readonly wrote = (bytes: number): void => {
    this.since += bytes;
    if (this.since < CHECK_EVERY_BYTES) return;
    this.since = 0;
    requireSpace(this.folder, 0).catch(this.abort);
  };
}

// Files that are whole or absent, and survive a power cut: written to a temporary file, synced, renamed, and the
// folder synced. A disk that is full becomes a JobFailure.
import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, open, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { findStats, hasCode, namesIn, touch } from './absent-files.js';
import { asDiskFailure } from './image-failure.js';

/** Whoever may read a file of the store is decided by the gateway, not by the accounts of its machine. */
const FILE_MODE = 0o600;
/** After this, a temporary file of another machine (or of a container that is gone) belongs to nobody. */
const FOREIGN_FILE_AGE_MS = 24 * 60 * 60 * 1000;

/** Runs work on the disk; throws JobFailure DISK_FULL where there is no room. */
export async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asDiskFailure(error);
  }
}

export class DurableFiles {
  private readonly host = hostname().replace(/[^\w-]/g, '-');

  /** @param temporaryFolder there already, on the same file system as the files to come */
  constructor(
    private readonly temporaryFolder: string,
    private readonly mode = FILE_MODE,
  ) {}

  /** A path nobody else uses; the file is the caller's to make and remove. */
  temporaryPath(): string {
    return join(this.temporaryFolder, `${this.host}.${process.pid}.${randomUUID()}`);
  }

  async write(path: string, content: Buffer | string): Promise<void> {
    const temporary = this.temporaryPath();
    try {
      const file = await open(temporary, 'wx', this.mode);
      await file.writeFile(content).finally(() => file.close());
      await this.moveIn(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw asDiskFailure(error);
    }
  }

  /** Moves a file to its place, or copies it where it lies on another file system. */
  async moveIn(file: string, path: string): Promise<void> {
    await onDisk(async () => {
      await makeFolder(dirname(path));
      await sync(file, this.mode);
      try {
        await rename(file, path);
      } catch (error) {
        if (!hasCode(error, 'EXDEV')) throw error;
        await this.copyIn(file, path);
      }
      await sync(dirname(path));
    });
  }

  /** Makes durable what stands there already: whoever wrote it may have died before that. */
  async settle(path: string): Promise<void> {
    await onDisk(async () => {
      await sync(path);
      await sync(dirname(path));
      await sync(dirname(dirname(path)));
    });
  }

  /** Makes empty files, or makes them young; they have no content to lose, so only their folder is synced. */
  async touchAll(folder: string, names: string[]): Promise<void> {
    await onDisk(async () => {
      await makeFolder(folder);
      for (const name of names) await this.touch(join(folder, name));
      await sync(folder);
    });
  }

  /** Removes a file, if there is one, so that it does not come back after a power cut. */
  async remove(path: string): Promise<void> {
    await rm(path, { force: true });
    await sync(dirname(path)).catch((error: unknown) => {
      if (!hasCode(error, 'ENOENT', 'ENOTDIR')) throw error;
    });
  }

  /** Removes what processes that are gone have left behind. Process ids mean nothing on another machine. */
  async cleanTemporary(): Promise<void> {
    for (const name of await namesIn(this.temporaryFolder)) {
      const path = join(this.temporaryFolder, name);
      const { mtimeMs: modifiedAt } = (await findStats(path)) ?? { mtimeMs: Date.now() };
      const [host, pid] = name.split('.');
      const abandoned =
        host === this.host ? isGone(Number(pid), modifiedAt) : modifiedAt < Date.now() - FOREIGN_FILE_AGE_MS;
      if (abandoned) await rm(path, { force: true, recursive: true });
    }
  }

  /** By its path: one that is being collected in this moment is made anew. */
  private async touch(path: string): Promise<void> {
    for (let tries = 0; tries < 3; tries++) {
      await (await open(path, 'a', this.mode)).close();
      if (await touch(path)) return;
    }
    throw new Error(`${path} disappears whenever it is made`);
  }

  private async copyIn(file: string, path: string): Promise<void> {
    const temporary = this.temporaryPath();
    try {
      await copyFile(file, temporary);
      await sync(temporary, this.mode);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }
}

/** In containers a new process often has the id of the old one: then the file is older than this process. */
function isGone(pid: number, modifiedAt: number): boolean {
  if (pid === process.pid) return modifiedAt < performance.timeOrigin;
  if (!Number.isSafeInteger(pid) || pid <= 0) return true;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return hasCode(error, 'ESRCH');
  }
}

async function makeFolder(relativePath: string): Promise<void> {
  const path = resolve(relativePath);
  const first = (await mkdir(path, { recursive: true })) ?? path;
  // Each folder that was made is an entry of the one above it. One that is there may have been made by a process that
  // died before it came to this.
  const last = dirname(first);
  for (let folder = dirname(path); folder.length >= last.length; folder = dirname(folder)) {
    await sync(folder);
    if (folder === dirname(folder)) break;
  }
}

async function sync(path: string, mode?: number): Promise<void> {
  const file = await open(path, 'r');
  try {
    if (mode !== undefined) await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

// Layers that were pulled before, unpacked: a second conversion neither fetches nor decompresses them. Each account has
// a folder of its own: knowing a digest gives nobody the layers of another account.
// A file is a spool file that was verified (a hard link to it), and is verified again whenever it is used.
import { randomUUID } from 'node:crypto';
import { copyFile, link, mkdir, readdir, rename, rm, stat, statfs, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasCode, namesIn } from './absent-files.js';
import { asDiskFailure } from './image-failure.js';
import type { Descriptor } from './image-repository.js';
import { hexOf, isDigest } from './reference.js';

/** Others' files are left alone; what a copy left behind by a process that died is, is told by its longer name. */
const LAYER_NAME = /^[0-9a-f]{64}-[0-9a-f]{64}(\.[0-9a-f-]{36})?$/;

export class LayerCache {
  /** @param folder of one account; it need not be there */
  constructor(private readonly folder: string) {}

  /** Puts the unpacked layer at `path`; false where it is not at hand. */
  async take(layer: Descriptor, diffId: string, path: string): Promise<boolean> {
    const file = this.fileOf(layer, diffId);
    const ignoreAbsence = (error: unknown): false => {
      if (hasCode(error, 'ENOENT')) return false;
      throw error;
    };
    const isTaken = await linkOrCopy(file, path).then(() => true, ignoreAbsence);
    const now = new Date();
    // Trimmed by another job meanwhile, it is taken all the same: to pull into `path` would write over what others read.
    if (isTaken) await utimes(file, now, now).catch(ignoreAbsence);
    return isTaken;
  }

  /** Keeps a verified spool file. */
  async keep(layer: Descriptor, diffId: string, path: string): Promise<void> {
    const file = this.fileOf(layer, diffId);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await linkOrCopy(path, file).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw error;
    });
  }

  async has(layer: Descriptor, diffId: string): Promise<boolean> {
    return stat(this.fileOf(layer, diffId)).then(
      () => true,
      () => false,
    );
  }

  async drop(layer: Descriptor, diffId: string): Promise<void> {
    await rm(this.fileOf(layer, diffId), { force: true });
  }

  /** By both digests: that the one unpacks to the other was verified when it came. */
  private fileOf({ digest }: Descriptor, diffId: string): string {
    if (!isDigest(digest) || !isDigest(diffId)) throw new Error('A layer is kept by its sha256 digests only.');
    return join(this.folder, `${hexOf(digest)}-${hexOf(diffId)}`);
  }
}

/** A copy where a link is impossible: on another file system, say. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!hasCode(error, 'EXDEV', 'EPERM', 'EMLINK')) throw error;
    const temporary = `${to}.${randomUUID()}`;
    try {
      await copyFile(from, temporary);
      await rename(temporary, to);
    } catch (copyError) {
      await rm(temporary, { force: true });
      throw asDiskFailure(copyError);
    }
  }
}

/**
 * Removes what was not used for longest until the cache of all accounts has at most so many bytes, and at most half of
 * what would be free without it.
 */
export async function trimLayerCaches(folder: string, maxBytes: number): Promise<void> {
  const files = await cachedFiles(folder);
  if (files.length === 0) return;
  files.sort((a, b) => b.usedAt - a.usedAt);
  const used = files.reduce((sum, { size }) => sum + size, 0);
  const { bavail, bsize } = await statfs(folder);
  const limit = Math.min(maxBytes, (used + bavail * bsize) / 2);
  let kept = 0;
  for (const { path, size } of files) {
    kept += size;
    if (kept > limit) await rm(path, { force: true });
  }
}

/** What is no folder of an account is somebody else's (lost+found, say). */
async function cachedFiles(folder: string): Promise<{ path: string; size: number; usedAt: number }[]> {
  const files = [];
  for (const account of await namesIn(folder)) {
    for (const name of await readdir(join(folder, account)).catch(() => [])) {
      if (!LAYER_NAME.test(name)) continue;
      const path = join(folder, account, name);
      const found = await stat(path).catch(() => undefined);
      if (found?.isFile()) files.push({ path, size: found.size, usedAt: found.mtimeMs });
    }
  }
  return files;
}

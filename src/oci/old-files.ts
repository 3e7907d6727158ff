// Removing what is old while others may be about to use it again. Whoever uses a file touches it first, by its path: if
// that fails the file is gone and is made anew, and if not the file is young, which is looked at once more after the
// file was moved out of everybody's way.
import { link, rename, rm, stat } from 'node:fs/promises';
import { hasCode, unlessAbsent } from './absent-files.js';
import type { DurableFiles } from './durable-files.js';

/** Removes a file last touched before that time (milliseconds); answers its bytes, undefined where it stays. */
export async function removeOld(files: DurableFiles, path: string, before: number): Promise<number | undefined> {
  return unlessAbsent(async () => {
    if ((await stat(path)).mtimeMs >= before) return undefined;
    const aside = files.temporaryPath();
    await rename(path, aside);
    const { mtimeMs, size } = await stat(aside);
    // Not by renaming it back: somebody may have written it anew meanwhile.
    if (mtimeMs >= before) await link(aside, path).catch(unlessThere);
    await rm(aside);
    return mtimeMs >= before ? undefined : size;
  }, undefined);
}

function unlessThere(error: unknown): void {
  if (!hasCode(error, 'EEXIST')) throw error;
}

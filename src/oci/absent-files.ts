// Looking at files that may not be there, which is no error.
import { readdir, readFile, stat, utimes } from 'node:fs/promises';
import type { Stats } from 'node:fs';

export function hasCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes(String((error as { code?: unknown } | null)?.code));
}

export async function unlessAbsent<T, U>(work: () => Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await work();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG')) return otherwise;
    throw error;
  }
}

/** Empty where there is no such folder. */
export function namesIn(folder: string): Promise<string[]> {
  return unlessAbsent(() => readdir(folder), []);
}

export function textOf(path: string): Promise<string | undefined> {
  return unlessAbsent(async () => (await readFile(path, 'utf8')).trim(), undefined);
}

export function findStats(path: string): Promise<Stats | undefined> {
  return unlessAbsent(() => stat(path), undefined);
}

export async function exists(path: string): Promise<boolean> {
  return (await findStats(path)) !== undefined;
}

/** Makes a file young; false where there is none. */
export function touch(path: string): Promise<boolean> {
  const now = new Date();
  return unlessAbsent(async () => {
    await utimes(path, now, now);
    return true;
  }, false);
}

// Small files only the gateway's user may read: the administrator's token, the key that seals secrets.
import { chmodSync, closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';

/** The file's text without white space around it, or undefined where there is no such file. */
export function readPrivateFile(path: string): string | undefined {
  try {
    chmodSync(path, 0o600);
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Reads the file, or makes it with mode 0600 where there is none. It appears under its name only when complete, and
 * of two processes that make it at once both go on with the same content.
 */
export function readOrCreatePrivateFile(path: string, makeContent: () => string): string {
  const existing = readPrivateFile(path);
  if (existing) return existing;
  const temporary = `${path}.${process.pid}.tmp`;
  rmSync(temporary, { force: true });
  const file = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(file, `${makeContent()}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  return readPrivateFile(path)!;
}

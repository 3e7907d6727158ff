// Files of folders and archives that others made. A link could lead anywhere, and reading a pipe or a device never ends:
// only regular files are opened, and none through a link.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { hasCode } from './absent-files.js';
import { invalidImage } from './image-failure.js';

// Without O_NONBLOCK opening a pipe waits for whoever writes to it.
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The caller closes it. Throws JobFailure IMAGE_INVALID for what is no regular file; an absent one fails as it does. */
export async function openRegularFile(path: string): Promise<{ file: FileHandle; size: number }> {
  const file = await open(path, FLAGS).catch((error: unknown) => {
    throw hasCode(error, 'ELOOP', 'ENXIO') ? notRegular(path) : error;
  });
  try {
    const found = await file.stat();
    if (!found.isFile()) throw notRegular(path);
    return { file, size: found.size };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** All of a file that must not be longer than `maxBytes`. */
export async function readRegularFile(path: string, maxBytes: number): Promise<Buffer> {
  return readAndClose(await openRegularFile(path), maxBytes, JSON.stringify(path));
}

export async function readAndClose(
  { file, size }: { file: FileHandle; size: number },
  maxBytes: number,
  what: string,
): Promise<Buffer> {
  try {
    if (size > maxBytes) throw invalidImage(`${what} has more than ${maxBytes} bytes`);
    return await readRange(file, 0, size);
  } finally {
    await file.close();
  }
}

/** Exactly `size` bytes. */
export async function readRange(file: FileHandle, offset: number, size: number): Promise<Buffer> {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size;) {
    const { bytesRead } = await file.read(bytes, at, size - at, offset + at);
    if (bytesRead === 0) throw invalidImage('a file became shorter while it was read', 'Try again.');
    at += bytesRead;
  }
  return bytes;
}

const notRegular = (path: string) => invalidImage(`${JSON.stringify(path)} is no regular file`);

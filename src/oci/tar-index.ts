// Where the files of a tar archive lie in it, so that they can be read in place: nothing is ever unpacked.
// Links are followed inside the archive only.
import { dirname, normalize } from 'node:path/posix';
import type { FileHandle } from 'node:fs/promises';
import { JobFailure } from '../lib/job-failure.js';
import { invalidImage, quoteName } from './image-failure.js';
import { TarReader } from './tar.js';
import type { TarEntry } from './tar.js';

const READ_BYTES = 4 * 1024 * 1024;
/** An image of 256 layers has some thousand. */
const MAX_ENTRIES = 20_000;
const MAX_LINKS = 8;

export interface FileRange {
  offset: number;
  size: number;
}

export class TarIndex {
  private readonly entries = new Map<string, TarEntry>();
  private readonly repeated = new Set<string>();

  /** Reads the archive once. Throws JobFailure IMAGE_INVALID, or the signal's reason. */
  static async read(file: FileHandle, signal: AbortSignal): Promise<TarIndex> {
    const index = new TarIndex();
    const reader = new TarReader((entry) => index.add(entry));
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    try {
      for (let at = 0; ;) {
        signal.throwIfAborted();
        const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
        if (bytesRead === 0) break;
        reader.write(buffer.subarray(0, bytesRead));
        at += bytesRead;
      }
      reader.end();
    } catch (error) {
      throw error instanceof JobFailure ? aboutTheArchive(error) : error;
    }
    return index;
  }

  /** A file by its name; undefined where there is none. */
  find(name: string): FileRange | undefined {
    let path = normalize(name);
    for (let links = 0; links <= MAX_LINKS; links++) {
      // Two programs might read two different images out of it.
      if (this.repeated.has(path)) throw invalidImage(`the archive has ${quoteName(path)} twice`);
      const entry = this.entries.get(path);
      if (!entry) return undefined;
      if (entry.type === 'file') return { offset: entry.offset, size: entry.size };
      if (entry.type === 'symlink') path = normalize(`${dirname(path)}/${entry.link}`);
      else if (entry.type === 'hardlink') path = normalize(entry.link);
      else throw invalidImage(`${quoteName(path)} in the archive is no file`);
    }
    throw invalidImage(`${quoteName(name)} in the archive is a chain of links without an end`);
  }

  private add(entry: TarEntry): void {
    if (entry.type === 'directory') return;
    if (this.entries.size >= MAX_ENTRIES) throw invalidImage(`the archive has more than ${MAX_ENTRIES} files`);
    const path = normalize(entry.path);
    if (this.entries.has(path)) this.repeated.add(path);
    else this.entries.set(path, entry);
  }
}

// The reader of tar archives otherwise reads layers.
const aboutTheArchive = ({ code, message }: JobFailure) =>
  new JobFailure(code, message.replace('a layer', 'the archive'), 'Write the archive again.');

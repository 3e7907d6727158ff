// A file that two ramdisks do not have alike: what is different about it, and what it is in each.
import { TYPE_MASK } from './cpio-reader.js';
import type { CpioFile } from './cpio-reader.js';
import { FileMode } from './cpio.js';

export type FileChange =
  'ADDED' | 'REMOVED' | 'TYPE' | 'CONTENT' | 'TARGET' | 'MODE' | 'OWNER' | 'TIME' | 'DEVICE' | 'ORDER';

export interface FileState {
  type: string;
  /** The low twelve bits. */
  mode: number;
  uid: number;
  gid: number;
  /** Seconds since 1970. */
  mtime: number;
  sizeBytes: number;
  /** 64 hex digits of a file's data. */
  sha256: string | null;
  /** Of a symlink. */
  target: string | null;
}

export interface ChangedFile {
  /** As in the archive, read as UTF-8. */
  path: string;
  changes: FileChange[];
  a: FileState | null;
  b: FileState | null;
}

export interface SeenFile {
  file: CpioFile;
  sha256: string | null;
  target: string;
}

const TYPES = new Map<number, string>([
  [FileMode.FILE, 'file'],
  [FileMode.DIRECTORY, 'directory'],
  [FileMode.SYMLINK, 'symlink'],
  [FileMode.CHARACTER, 'character'],
  [FileMode.BLOCK, 'block'],
  [FileMode.FIFO, 'fifo'],
]);

/** None where the two are equal; positions do not count. */
export function changesOf(a: SeenFile, b: SeenFile): FileChange[] {
  const [x, y] = [a.file, b.file];
  const changes: FileChange[] = [];
  if ((x.mode & TYPE_MASK) !== (y.mode & TYPE_MASK)) changes.push('TYPE');
  else if (a.target !== b.target) changes.push('TARGET');
  else if (a.sha256 !== b.sha256 || x.size !== y.size) changes.push('CONTENT');
  if ((x.mode & ~TYPE_MASK) !== (y.mode & ~TYPE_MASK)) changes.push('MODE');
  if (x.uid !== y.uid || x.gid !== y.gid) changes.push('OWNER');
  if (x.mtime !== y.mtime) changes.push('TIME');
  if (x.devMajor !== y.devMajor || x.devMinor !== y.devMinor) changes.push('DEVICE');
  return changes;
}

export function stateOf({ file, sha256, target }: SeenFile): FileState {
  const { mode, uid, gid, mtime, size } = file;
  const type = TYPES.get(mode & TYPE_MASK) ?? 'unknown';
  const shown = type === 'symlink' ? printed(target) : null;
  return { type, mode: mode & 0o7777, uid, gid, mtime, sizeBytes: size, sha256, target: shown };
}

export function printed(name: string): string {
  return Buffer.from(name, 'latin1').toString('utf8');
}

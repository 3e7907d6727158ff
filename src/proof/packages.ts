// The packages of an image, from the files of its flattened tree. Whatever is malformed or beyond a bound is left out
// and said; it never fails a conversion.
import { JobFailure } from '../lib/job-failure.js';
import { SpoolReaders } from '../nitro/spool-reader.js';
import type { DataTarget } from '../nitro/spool-reader.js';
import type { FileNode, FileTree } from '../oci/file-tree.js';
import { parseOsRelease } from './distribution.js';
import type { Distribution } from './distribution.js';
import { fileAt, packageFiles } from './package-files.js';
import type { PackageFile } from './package-files.js';
import { PackageList } from './package-list.js';
import type { FoundPackages } from './package-list.js';

/** The first bytes of a file, at most so many. */
export type ReadFile = (node: FileNode, maxBytes: number) => Promise<Buffer>;

const MIB = 1024 * 1024;
const MAX_FILES = 100_000;
const MAX_TOTAL_BYTES = 512 * MIB;
const MAX_OS_RELEASE_BYTES = 64 * 1024;

/** Throws only what `read` throws. */
export async function findPackages(tree: FileTree, read: ReadFile): Promise<FoundPackages> {
  const list = new PackageList(await findDistribution(tree, read));
  let [files, totalBytes] = [0, 0];
  for (const file of filesOf(tree, list)) {
    const bytes = Math.min(file.node.size, file.form.maxBytes);
    if (++files > MAX_FILES || totalBytes + bytes > MAX_TOTAL_BYTES) {
      list.leaveOut(file.path, 'this one and those after it are too much to read');
      break;
    }
    if (file.node.size > bytes && !file.form.beginningDoes) {
      list.leaveOut(file.path, `it has more than ${bytes} bytes`);
      continue;
    }
    totalBytes += bytes;
    if (!addPackages(list, file, await read(file.node, bytes))) break;
  }
  return list.result();
}

/** @param spoolPaths the layers' spool files, by the index that nodes have in `layer` */
export async function findSpooledPackages(tree: FileTree, spoolPaths: string[]): Promise<FoundPackages> {
  const { read, close } = await spoolFileReader(spoolPaths);
  try {
    return await findPackages(tree, read);
  } finally {
    await close();
  }
}

export async function spoolFileReader(spoolPaths: string[]): Promise<{ read: ReadFile; close: () => Promise<void> }> {
  const readers = await SpoolReaders.open(spoolPaths);
  const read: ReadFile = async (node, maxBytes) => {
    const target = new BufferTarget(Math.min(node.size, maxBytes));
    await readers.copy(node, target.bytes.length, target);
    return target.bytes;
  };
  return { read, close: () => readers.close() };
}

class BufferTarget implements DataTarget {
  readonly bytes: Buffer;
  private fill = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
  }

  async room(): Promise<Buffer> {
    return this.bytes.subarray(this.fill);
  }

  filled(bytes: number): void {
    this.fill += bytes;
  }

  async append(data: Buffer): Promise<void> {
    this.fill += data.copy(this.bytes, this.fill);
  }
}

/** False where the list takes in nothing more. */
function addPackages(list: PackageList, { path, form }: PackageFile, bytes: Buffer): boolean {
  try {
    for (const found of form.parse(bytes)) if (!list.add(found)) return false;
  } catch (error) {
    // Hostile bytes end in errors of all kinds; those of Node's own would tell a reader nothing.
    const isOwn = error instanceof Error && error.constructor === Error;
    list.leaveOut(path, isOwn ? error.message : 'it is malformed');
  }
  return true;
}

/** Symlinks that lead in circles end the search, not the conversion. */
function* filesOf(tree: FileTree, list: PackageList): Generator<PackageFile> {
  try {
    yield* packageFiles(tree);
  } catch (error) {
    if (!(error instanceof JobFailure)) throw error;
    list.leaveOut('/', 'its paths lead in circles');
  }
}

async function findDistribution(tree: FileTree, read: ReadFile): Promise<Distribution | undefined> {
  for (const path of ['etc/os-release', 'usr/lib/os-release']) {
    const node = quietFileAt(tree, path);
    if (node?.type !== 'file' || node.size === 0) continue;
    const found = parseOsRelease((await read(node, MAX_OS_RELEASE_BYTES)).toString('utf8'));
    if (found) return found;
  }
  return undefined;
}

function quietFileAt(tree: FileTree, path: string): FileNode | undefined {
  try {
    return fileAt(tree, path);
  } catch (error) {
    if (error instanceof JobFailure) return undefined;
    throw error;
  }
}

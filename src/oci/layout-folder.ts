// The files of an OCI image layout (image-spec, image-layout.md): oci-layout, index.json and blobs/sha256/<hex>.
// The folder is not trusted: paths are made of checked digests alone, and no link in it is followed.
import { lstat, mkdir, rm, rmdir } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { badInput } from '../lib/errors.js';
import { parseDocument } from './document.js';
import { hasCode, namesIn } from './absent-files.js';
import { DurableFiles, onDisk } from './durable-files.js';
import { imageNotFound, invalidImage } from './image-failure.js';
import { LayoutIndex } from './layout-index.js';
import { MAX_MANIFEST_BYTES } from './manifest.js';
import { hexOf, isDigest } from './reference.js';
import { openRegularFile, readAndClose, readRegularFile } from './regular-file.js';

const LAYOUT_FILE = 'oci-layout';
const LAYOUT = Buffer.from('{"imageLayoutVersion":"1.0.0"}');
const MAX_LAYOUT_BYTES = 4096;
/** Others may read it, as what skopeo writes. */
const FILE_MODE = 0o644;

export class LayoutFolder {
  private readonly files: DurableFiles;
  /** What was not there before, to be taken away again where the image does not come about. */
  private readonly made: { folders: string[]; files: string[] } = { folders: [], files: [] };

  constructor(readonly root: string) {
    this.files = new DurableFiles(root, FILE_MODE);
  }

  /** Throws JobFailure IMAGE_NOT_FOUND where there is no layout. */
  async readIndex(): Promise<LayoutIndex> {
    try {
      const marker = parseDocument(await this.read(LAYOUT_FILE, MAX_LAYOUT_BYTES), LAYOUT_FILE);
      const version = marker.imageLayoutVersion;
      if (typeof version !== 'string' || !version.startsWith('1.')) {
        throw invalidImage('the layout is of an unknown version', 'Convert it with `skopeo copy`.');
      }
      return LayoutIndex.parse(await this.read('index.json', MAX_MANIFEST_BYTES));
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'ENOTDIR'))
        throw imageNotFound(`${JSON.stringify(this.root)} is no OCI image layout.`);
      throw error;
    }
  }

  /** The caller closes it. Throws JobFailure IMAGE_NOT_FOUND. */
  async openBlob(digest: string): Promise<{ file: FileHandle; size: number }> {
    try {
      await this.checkFolders();
      return await openRegularFile(this.blobPath(digest));
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'ENOTDIR'))
        throw imageNotFound(`${JSON.stringify(this.root)} has no blob ${digest}.`);
      throw error;
    }
  }

  async readBlob(digest: string, maxBytes: number): Promise<Buffer> {
    return readAndClose(await this.openBlob(digest), maxBytes, digest);
  }

  /** Makes the layout where there is none; a folder with other things in it stays as it is. */
  async prepare(): Promise<void> {
    await onDisk(async () => {
      await this.makeFolder(this.root);
      const names = await namesIn(this.root);
      if (!names.includes(LAYOUT_FILE)) {
        if (names.length > 0) throw badInput(`${JSON.stringify(this.root)} is a folder, but no OCI image layout.`);
        await this.files.write(this.track(LAYOUT_FILE), LAYOUT);
      }
      for (const folder of ['blobs', join('blobs', 'sha256')]) await this.makeFolder(join(this.root, folder));
      await this.checkFolders();
    });
  }

  /** Takes a blob over; its digest is the caller's to check. */
  async writeBlob(digest: string, content: Buffer | { file: string }): Promise<void> {
    const path = this.blobPath(digest);
    if (!(await isThere(path))) this.made.files.push(path);
    if (Buffer.isBuffer(content)) await this.files.write(path, content);
    else await this.files.moveIn(content.file, path);
  }

  /** Adds to the index. From then on what was written is kept. */
  async updateIndex(change: (index: LayoutIndex) => LayoutIndex): Promise<void> {
    const index = (await isThere(join(this.root, 'index.json'))) ? await this.readIndex() : LayoutIndex.empty();
    await this.files.write(join(this.root, 'index.json'), change(index).toBytes());
    this.made.files.length = this.made.folders.length = 0;
  }

  /** Takes away what was written since the last change of the index. */
  async discard(): Promise<void> {
    for (const path of this.made.files.splice(0)) await rm(path, { force: true });
    // Somebody else may have put something there meanwhile.
    for (const path of this.made.folders.splice(0).reverse()) await rmdir(path).catch(() => undefined);
  }

  private read(name: string, maxBytes: number): Promise<Buffer> {
    return readRegularFile(join(this.root, name), maxBytes);
  }

  private blobPath(digest: string): string {
    if (!isDigest(digest)) throw badInput('That is no sha256 digest.');
    return join(this.root, 'blobs', 'sha256', hexOf(digest));
  }

  private async checkFolders(): Promise<void> {
    for (const folder of ['blobs', join('blobs', 'sha256')]) {
      const found = await lstat(join(this.root, folder));
      if (!found.isDirectory()) throw invalidImage(`${JSON.stringify(folder)} in the layout is no folder`);
    }
  }

  private async makeFolder(path: string): Promise<void> {
    const first = await mkdir(path, { recursive: true });
    if (first !== undefined) this.made.folders.push(path);
  }

  private track(name: string): string {
    const path = join(this.root, name);
    this.made.files.push(path);
    return path;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}

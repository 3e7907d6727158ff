// What an account's repositories take of the disk: each blob counts once, however many of them have it, and each small
// file or folder as a block.
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessAbsent } from './absent-files.js';
import type { BlobFolder } from './blob-folder.js';
import { isDigest } from './reference.js';

/** What a tag, a mark or a folder takes; a mark also stands for what the last block of its blob leaves free. */
const BLOCK_BYTES = 4096;
const LOOKS_AT_ONCE = 64;

interface Found {
  /** Of all blobs and manifests that may be read through a repository of the account. */
  digests: Set<string>;
  /** Files and folders. */
  entries: number;
}

export async function bytesNamedIn(accountFolder: string, blobs: BlobFolder): Promise<number> {
  const found = await look(accountFolder);
  const digests = [...found.digests];
  let bytes = found.entries * BLOCK_BYTES;
  for (let at = 0; at < digests.length; at += LOOKS_AT_ONCE) {
    const sizes = await Promise.all(digests.slice(at, at + LOOKS_AT_ONCE).map((digest) => blobs.size(digest)));
    bytes += sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  }
  return bytes;
}

/** Digests of all blobs and manifests that may be read through a repository of the account. */
export async function digestsNamedIn(accountFolder: string): Promise<Set<string>> {
  return (await look(accountFolder)).digests;
}

/** Reads lists only: an account may have very many small files. */
async function look(folder: string, kind = '', found: Found = { digests: new Set(), entries: 0 }): Promise<Found> {
  const entries = await unlessAbsent(() => readdir(folder, { withFileTypes: true }), [] as Dirent[]);
  found.entries += entries.length;
  for (const entry of entries) {
    const digest = `sha256:${entry.name}`;
    if (entry.isDirectory()) await look(join(folder, entry.name), entry.name, found);
    else if ((kind === '_blobs' || kind === '_manifests') && isDigest(digest)) found.digests.add(digest);
  }
  return found;
}

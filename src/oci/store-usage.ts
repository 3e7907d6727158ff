// What an account's repositories take of the disk: each blob counts once, however many of them have it.
import { join } from 'node:path';
import { namesIn } from './absent-files.js';
import type { BlobFolder } from './blob-folder.js';
import { isDigest } from './reference.js';
import { repositoriesIn } from './repository-names.js';

const LOOKS_AT_ONCE = 64;

export async function bytesNamedIn(accountFolder: string, blobs: BlobFolder): Promise<number> {
  const digests = [...(await digestsNamedIn(accountFolder))];
  let bytes = 0;
  for (let at = 0; at < digests.length; at += LOOKS_AT_ONCE) {
    const sizes = await Promise.all(digests.slice(at, at + LOOKS_AT_ONCE).map((digest) => blobs.size(digest)));
    bytes += sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  }
  return bytes;
}

/** Digests of all blobs and manifests that may be read through a repository of the account. */
export async function digestsNamedIn(accountFolder: string): Promise<Set<string>> {
  const digests = new Set<string>();
  for (const name of await repositoriesIn(accountFolder)) {
    for (const kind of ['_blobs', '_manifests']) {
      for (const hex of await namesIn(join(accountFolder, name, kind))) digests.add(`sha256:${hex}`);
    }
  }
  return new Set([...digests].filter(isDigest));
}

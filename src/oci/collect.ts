// Removes what nothing refers to, beside pushes and conversions that go on: marks of blobs that no manifest names, then
// blobs that no repository of any account has, then uploads that nobody goes on with. Manifests stay until deleted.
// Whoever writes a manifest touches what it names first, and what was touched in the last hour is spared (old-files.ts).
import { join } from 'node:path';
import { namesIn } from './absent-files.js';
import type { BlobFolder } from './blob-folder.js';
import { repositoriesIn } from './repository-names.js';
import type { RepositoryUpkeep } from './repository-upkeep.js';
import { digestsNamedIn } from './store-usage.js';
import type { Uploads } from './uploads.js';

const SPARED_MS = 60 * 60 * 1000;

export interface Collected {
  blobs: number;
  bytes: number;
}

interface Place {
  accountsFolder: string;
  blobs: BlobFolder;
  uploads: Uploads;
  upkeep(accountId: string, repository: string): RepositoryUpkeep;
}

/** @param now milliseconds; rejects with the signal's reason where it ends before */
export async function collect(place: Place, now: number, signal: AbortSignal): Promise<Collected> {
  const { accountsFolder, blobs, uploads } = place;
  for (const accountId of await namesIn(accountsFolder)) {
    for (const name of await repositoriesIn(join(accountsFolder, accountId))) {
      signal.throwIfAborted();
      await place.upkeep(accountId, name).collect(now);
    }
  }
  const named = new Set<string>();
  // Listed again: an account that is new by now may have been given an old blob.
  for (const accountId of await namesIn(accountsFolder)) {
    for (const digest of await digestsNamedIn(join(accountsFolder, accountId))) named.add(digest);
  }
  const collected = { blobs: 0, bytes: 0 };
  for await (const digests of blobs.digests()) {
    signal.throwIfAborted();
    for (const digest of digests.filter((one) => !named.has(one))) {
      const bytes = await blobs.removeOld(digest, now - SPARED_MS);
      if (bytes === undefined) continue;
      collected.blobs += 1;
      collected.bytes += bytes;
    }
  }
  await uploads.expire(now);
  return collected;
}

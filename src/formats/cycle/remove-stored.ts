// Takes an image out of the store, with what of it no other image has.
import { namedBlobs, parseManifest } from '../../oci/manifest.js';
import type { Store } from '../../oci/store.js';
import type { ImportFacts } from './origin-codec.js';

const HOUR_MS = 60 * 60 * 1000;
/** Clocks of file systems tick in steps. */
const TICK_MS = 10;

/**
 * What nobody touched since the import is removed at once; what somebody did, maybe pushing an image that shares it,
 * is left to the collector. Answers the bytes that were freed. May be done again.
 */
export async function removeStored(
  store: Store,
  accountId: string,
  tag: string,
  stored: NonNullable<ImportFacts['stored']>,
): Promise<number> {
  const { repository: name, manifest_digest: digest, written_at } = stored;
  const repository = store.repository(accountId, name);
  const upkeep = store.upkeep(accountId, name);
  await upkeep.deleteTag(tag);
  for (const other of (await repository.findTags()) ?? []) {
    if ((await repository.folder.digestOf(other)) === digest) return 0;
  }
  const manifest = await repository.findManifest(digest);
  const blobs = manifest ? namedBlobs(parseManifest(manifest)).map((blob) => blob.digest) : [];
  const untouchedSince = written_at + TICK_MS;
  await upkeep.deleteManifest(digest, Math.max(Date.now(), untouchedSince + HOUR_MS));
  return store.free([digest, ...blobs], untouchedSince);
}

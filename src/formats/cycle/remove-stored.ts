// Takes an image out of a repository of the store.
import { namedBlobs, parseManifest } from '../../oci/manifest.js';
import type { Store } from '../../oci/store.js';

const HOUR_MS = 60 * 60 * 1000;
/** Clocks of file systems tick in steps. */
const TICK_MS = 10;

/** One image in the store. */
export interface StoredImage {
  repository: string;
  /** That of the tag where left out. */
  digest?: string;
  /** When its manifest was written; left out, its blobs are left to the collector. */
  writtenAt?: number;
}

/** One that the catalog has no more: what a run that is lost leaves to the next one. */
export interface Leftover extends StoredImage {
  tag: string;
}

/** Blobs that an image had, each with the time since when nobody else may have touched it. */
export type FormerBlobs = Map<string, number>;

/** Answers its blobs, for `Store.free`; none where another tag has the same image. May be done again. */
export async function removeStored(
  store: Store,
  accountId: string,
  { tag, repository: name, digest: known, writtenAt = 0 }: Leftover,
): Promise<FormerBlobs> {
  const { folder } = store.repository(accountId, name);
  const digest = known ?? (await folder.digestOf(tag));
  await store.upkeep(accountId, name).deleteTag(tag);
  return digest === undefined ? new Map() : removeManifest(store, accountId, { repository: name, digest, writtenAt });
}

/** The same for an image that may have no tag any more. */
export async function removeManifest(
  store: Store,
  accountId: string,
  { repository: name, digest, writtenAt }: Required<StoredImage>,
): Promise<FormerBlobs> {
  const repository = store.repository(accountId, name);
  for (const tag of (await repository.findTags()) ?? []) {
    if ((await repository.folder.digestOf(tag)) === digest) return new Map();
  }
  const manifest = await repository.findManifest(digest);
  const blobs = manifest ? namedBlobs(parseManifest(manifest)).map((blob) => blob.digest) : [];
  const untouchedSince = writtenAt + TICK_MS;
  await store.upkeep(accountId, name).deleteManifest(digest, Math.max(Date.now(), untouchedSince + HOUR_MS));
  return new Map([digest, ...blobs].map((blob) => [blob, untouchedSince]));
}

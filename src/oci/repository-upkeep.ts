// Taking things away from a repository, in the order that a crash can do least harm in: what leads somewhere goes
// before what it leads to.
import { invalidState } from '../lib/errors.js';
import { unlessAbsent } from './absent-files.js';
import type { BlobFolder } from './blob-folder.js';
import { namedBlobs, parseManifest } from './manifest.js';
import type { OneAtATime } from './one-at-a-time.js';
import { subjectOf } from './referrer.js';
import type { RepositoryFolder } from './repository-folder.js';

const HOUR_MS = 60 * 60 * 1000;
/** A push that takes long, layer after layer, must not lose its first ones; yet not for ever. */
const LONGEST_PUSH_MS = 24 * HOUR_MS;

export class RepositoryUpkeep {
  constructor(
    private readonly blobs: BlobFolder,
    private readonly folder: RepositoryFolder,
    private readonly changes: OneAtATime,
  ) {}

  /** Deletes a manifest, its tags, and what no other one names. False where there is none such. */
  deleteManifest(digest: string, now = Date.now()): Promise<boolean> {
    return this.changes.run(this.folder.path, async () => {
      const mediaType = await this.folder.mediaTypeOf(digest);
      if (mediaType === undefined) return false;
      await this.removeTagsOf(digest);
      const subject = await this.read(digest, subjectOf);
      const blobs = await this.read(digest, (document) => namedBlobs(parseManifest({ ...document, mediaType })));
      await this.folder.removeManifest(digest);
      if (subject !== undefined) await this.folder.removeReferrer(subject, digest);
      // A conversion, in a process of its own, may have tagged it in between.
      if ((await this.folder.mediaTypeOf(digest)) === undefined) await this.removeTagsOf(digest);
      await this.release(
        (blobs ?? []).map((blob) => blob.digest),
        now,
      );
      return true;
    });
  }

  /** Deletes a tag; the manifest stays. False where there is none such. */
  deleteTag(tag: string): Promise<boolean> {
    return this.changes.run(this.folder.path, async () => {
      if ((await this.folder.digestOf(tag)) === undefined) return false;
      await this.folder.removeTag(tag);
      return true;
    });
  }

  /** Makes a blob unreadable here. False where it is so already; throws CONFLICT where a manifest names it. */
  deleteBlob(digest: string): Promise<boolean> {
    return this.changes.run(this.folder.path, async () => {
      if (!(await this.folder.hasBlob(digest))) return false;
      const isNamed = async () => (await this.named())?.has(digest) ?? true;
      const refusal = () => invalidState('A manifest names this blob: delete the manifest first.');
      if (await isNamed()) throw refusal();
      await this.folder.unmarkBlob(digest);
      // A conversion, in a process of its own, may have written one in between.
      if (!(await isNamed())) return true;
      await this.folder.markBlobs([digest]);
      throw refusal();
    });
  }

  /** Unmarks blobs that no manifest names, but for those of the last hour or of a push that goes on. */
  collect(now: number): Promise<void> {
    return this.changes.run(this.folder.path, async () => {
      const marks = await this.marks(await this.folder.blobs(), now);
      const before = sparedSince(marks, now);
      const old = [...marks].filter(([, time]) => time < before).map(([digest]) => digest);
      const named = old.length > 0 ? await this.named() : undefined;
      if (!named) return;
      for (const digest of old) if (!named.has(digest)) await this.folder.unmarkOldBlob(digest, before);
    });
  }

  /**
   * Unmarks at once what a manifest that is gone named, so that it counts no more; what is young or may be part of a
   * push that goes on, of which no manifest tells yet, is left to the collector.
   */
  private async release(digests: string[], now: number): Promise<void> {
    const named = digests.length > 0 ? await this.named() : undefined;
    if (!named) return;
    const unnamed = (all: string[]) => all.filter((digest) => !named.has(digest));
    const own = new Set(unnamed(digests));
    const others = await this.marks(
      unnamed(await this.folder.blobs()).filter((digest) => !own.has(digest)),
      now,
    );
    const before = sparedSince(others, now);
    for (const digest of own) await this.folder.unmarkOldBlob(digest, before);
  }

  /** When each was marked, in milliseconds. */
  private async marks(digests: string[], now: number): Promise<Map<string, number>> {
    const marks = new Map<string, number>();
    for (const digest of digests) marks.set(digest, (await this.folder.markedAt(digest)) ?? now);
    return marks;
  }

  private async removeTagsOf(digest: string): Promise<void> {
    for (const tag of await this.folder.tags()) {
      if ((await this.folder.digestOf(tag)) === digest) await this.folder.removeTag(tag);
    }
  }

  /** What the manifests here name; undefined where one of them can not be read, as it may name anything. */
  private async named(): Promise<Set<string> | undefined> {
    const named = new Set<string>();
    for (const digest of (await this.folder.findManifests()) ?? []) {
      const mediaType = await this.folder.mediaTypeOf(digest);
      if (mediaType === undefined) continue;
      const blobs = await this.read(digest, (document) => namedBlobs(parseManifest({ ...document, mediaType })));
      if (!blobs) return undefined;
      for (const blob of blobs) named.add(blob.digest);
    }
    return named;
  }

  /** Undefined also where the manifest's bytes are damaged. */
  private async read<T>(
    digest: string,
    work: (document: { digest: string; bytes: Buffer }) => T,
  ): Promise<T | undefined> {
    const bytes = await unlessAbsent(() => this.blobs.read(digest), undefined);
    try {
      return bytes && work({ digest, bytes });
    } catch {
      return undefined;
    }
  }
}

/** A young mark may be of a push that goes on, and older ones too then. */
function sparedSince(marks: Map<string, number>, now: number): number {
  const isPushedTo = [...marks.values()].some((time) => time >= now - HOUR_MS);
  return now - (isPushedTo ? LONGEST_PUSH_MS : HOUR_MS);
}

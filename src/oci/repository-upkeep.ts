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

  /** Deletes a manifest and its tags; what it named is collected later. False where there is none such. */
  deleteManifest(digest: string): Promise<boolean> {
    return this.changes.run(this.folder.path, async () => {
      if ((await this.folder.mediaTypeOf(digest)) === undefined) return false;
      for (const tag of await this.folder.tags()) {
        if ((await this.folder.digestOf(tag)) === digest) await this.folder.removeTag(tag);
      }
      const subject = await this.read(digest, subjectOf);
      await this.folder.removeManifest(digest);
      if (subject !== undefined) await this.folder.removeReferrer(subject, digest);
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
      const named = await this.named();
      if (!named || named.has(digest)) throw invalidState('A manifest names this blob: delete the manifest first.');
      await this.folder.unmarkBlob(digest);
      return true;
    });
  }

  /** Unmarks blobs that no manifest names, but for those of the last hour or of a push that goes on. */
  collect(now: number): Promise<void> {
    return this.changes.run(this.folder.path, async () => {
      const marks = new Map<string, number>();
      for (const digest of await this.folder.blobs()) marks.set(digest, (await this.folder.markedAt(digest)) ?? now);
      const isPushedTo = [...marks.values()].some((time) => time >= now - HOUR_MS);
      const before = now - (isPushedTo ? LONGEST_PUSH_MS : HOUR_MS);
      const old = [...marks].filter(([, time]) => time < before).map(([digest]) => digest);
      const named = old.length > 0 ? await this.named() : undefined;
      if (!named) return;
      for (const digest of old) if (!named.has(digest)) await this.folder.unmarkOldBlob(digest, before);
    });
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

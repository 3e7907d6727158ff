// The files of one repository, all of them small:
//   _manifests/<hex> its media type   _blobs/<hex> empty: readable here   _tags/<tag> a digest
//   _referrers/<hex of the subject>/<hex> empty: this manifest refers to that one, which need not exist
import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { exists, findStats, hasCode, namesIn, textOf, touch } from './absent-files.js';
import type { DurableFiles } from './durable-files.js';
import { removeOld } from './old-files.js';
import { hexOf, isDigest, isTag } from './reference.js';

export class RepositoryFolder {
  constructor(
    private readonly files: DurableFiles,
    readonly path: string,
  ) {}

  mediaTypeOf(manifest: string): Promise<string | undefined> {
    return textOf(this.at('_manifests', hexOf(manifest)));
  }

  /** Undefined where nothing was ever pushed here. */
  async findManifests(): Promise<string[] | undefined> {
    return (await exists(this.at('_manifests'))) ? digestsIn(this.at('_manifests')) : undefined;
  }

  writeManifest(digest: string, mediaType: string): Promise<void> {
    return this.files.write(this.at('_manifests', hexOf(digest)), mediaType);
  }

  removeManifest(digest: string): Promise<void> {
    return this.files.remove(this.at('_manifests', hexOf(digest)));
  }

  async tags(): Promise<string[]> {
    return sorted((await namesIn(this.at('_tags'))).filter(isTag));
  }

  async digestOf(tag: string): Promise<string | undefined> {
    const digest = isTag(tag) ? await textOf(this.at('_tags', tag)) : undefined;
    return digest !== undefined && isDigest(digest) ? digest : undefined;
  }

  writeTag(tag: string, digest: string): Promise<void> {
    return this.files.write(this.at('_tags', tag), digest);
  }

  removeTag(tag: string): Promise<void> {
    return this.files.remove(this.at('_tags', tag));
  }

  hasBlob(digest: string): Promise<boolean> {
    return exists(this.at('_blobs', hexOf(digest)));
  }

  blobs(): Promise<string[]> {
    return digestsIn(this.at('_blobs'));
  }

  /** Marks blobs as readable here; a mark that is there becomes young. */
  markBlobs(digests: string[]): Promise<void> {
    return this.files.touchAll(this.at('_blobs'), digests.map(hexOf));
  }

  /** Makes a mark young; false where there is none. */
  touchBlob(digest: string): Promise<boolean> {
    return touch(this.at('_blobs', hexOf(digest)));
  }

  unmarkBlob(digest: string): Promise<void> {
    return this.files.remove(this.at('_blobs', hexOf(digest)));
  }

  /** Milliseconds; undefined where the blob has no mark. */
  async markedAt(digest: string): Promise<number | undefined> {
    return (await findStats(this.at('_blobs', hexOf(digest))))?.mtimeMs;
  }

  async unmarkOldBlob(digest: string, before: number): Promise<void> {
    await removeOld(this.files, this.at('_blobs', hexOf(digest)), before);
  }

  referrersOf(subject: string): Promise<string[]> {
    return digestsIn(this.at('_referrers', hexOf(subject)));
  }

  /** Tries again where the folder, with its last referrer, is removed in this moment. */
  async addReferrer(subject: string, digest: string): Promise<void> {
    const add = () => this.files.touchAll(this.at('_referrers', hexOf(subject)), [hexOf(digest)]);
    await add().catch((error: unknown) => {
      if (!hasCode(error, 'ENOENT')) throw error;
      return add();
    });
  }

  async removeReferrer(subject: string, digest: string): Promise<void> {
    const folder = this.at('_referrers', hexOf(subject));
    await this.files.remove(join(folder, hexOf(digest)));
    await rmdir(folder).catch((error: unknown) => {
      if (!hasCode(error, 'ENOTEMPTY', 'ENOENT')) throw error;
    });
  }

  private at(...parts: string[]): string {
    return join(this.path, ...parts);
  }
}

async function digestsIn(folder: string): Promise<string[]> {
  return sorted((await namesIn(folder)).map((hex) => `sha256:${hex}`).filter(isDigest));
}

function sorted(names: string[]): string[] {
  return names.sort((a, b) => (a < b ? -1 : 1));
}

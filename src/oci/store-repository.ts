// One account's repository in the store. Written in the order blobs, marks, manifest, tag, so that a crash leaves
// neither a tag that leads nowhere nor a manifest whose blobs may not be read.
import { setTimeout } from 'node:timers/promises';
import type { Readable } from 'node:stream';
import { badInput } from '../lib/errors.js';
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import { unlessAbsent } from './absent-files.js';
import type { BlobFolder } from './blob-folder.js';
import type { Descriptor, ImageRepository, ManifestDocument, OnBytes } from './image-repository.js';
import { ContentMissing } from './image-failure.js';
import { namedBlobs, parseManifest } from './manifest.js';
import type { OneAtATime } from './one-at-a-time.js';
import { isDigest, isTag } from './reference.js';
import { referrerDescriptor, subjectOf } from './referrer.js';
import type { RepositoryFolder } from './repository-folder.js';
import { digestMismatch, sha256Digest, verified } from './verified.js';

/** The collector puts back at once what was touched while it took it away. */
const PUT_BACK_MS = 50;

const MAX_TRIES = 5;

/** What leads to a manifest. */
interface Entry {
  tag?: string;
  digest: string;
  mediaType: string;
  /** Blobs it names, which are readable through it. */
  marks: string[];
  subject?: string;
}

export class StoreRepository implements ImageRepository {
  constructor(
    private readonly blobs: BlobFolder,
    /** What is only listed or deleted, the routes and the collector do there. */
    readonly folder: RepositoryFolder,
    private readonly changes: OneAtATime,
    readonly name: string,
  ) {}

  async resolve(tagOrDigest: string, signal: AbortSignal): Promise<ManifestDocument> {
    signal.throwIfAborted();
    const manifest = await this.findManifest(tagOrDigest);
    if (!manifest) throw missing(`${this.name} has no image ${tagOrDigest}.`);
    if (sha256Digest(manifest.bytes) !== manifest.digest) throw digestMismatch(`${manifest.digest} is damaged.`);
    return manifest;
  }

  async openBlob(blob: Descriptor, signal: AbortSignal): Promise<Readable> {
    signal.throwIfAborted();
    if ((await this.findBlobSize(blob.digest)) === undefined) {
      throw missing(`${this.name} has no blob ${blob.digest}.`);
    }
    return verified(await this.blobs.open(blob.digest), blob, { signal });
  }

  /** From then on the blob is readable here; unless a manifest names it before long, it is collected. */
  async writeBlob(
    blob: Pick<Descriptor, 'digest' | 'size'>,
    content: Buffer | { file: string },
    signal: AbortSignal,
    onBytes?: OnBytes,
  ): Promise<void> {
    signal.throwIfAborted();
    await this.blobs.write(blob, content);
    await this.folder.markBlobs([blob.digest]);
    onBytes?.(blob.size);
  }

  /** With a digest instead of a tag (the manifests of an index), nothing is tagged. */
  async writeManifest(tag: string, manifest: ManifestDocument, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!isTag(tag) && tag !== manifest.digest) throw badInput(`${JSON.stringify(tag)} is no valid tag.`);
    const { bytes, mediaType } = manifest;
    const digest = sha256Digest(bytes);
    if (digest !== manifest.digest) throw digestMismatch(`The manifest ${manifest.digest} has the digest ${digest}.`);
    const parsed = parseManifest(manifest);
    const subject = subjectOf(manifest);
    // What could not be listed later is not taken.
    if (subject !== undefined) referrerDescriptor(manifest);
    await this.changes.run(this.folder.path, async () => {
      const named = namedBlobs(parsed);
      if (parsed.kind === 'index') await this.expectManifests(parsed.manifests);
      else await this.expectBlobs(named);
      await this.blobs.write({ digest, size: bytes.length }, bytes);
      const marks = named.map((blob) => blob.digest);
      const entry = { tag: isTag(tag) ? tag : undefined, digest, mediaType, marks, subject };
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        await this.enter(entry);
        if (await this.has(entry)) return;
      }
      throw new Error(`${this.name}: the manifest ${digest} is deleted whenever it is written`);
    });
  }

  async attach(manifest: ManifestDocument, signal: AbortSignal): Promise<void> {
    await this.writeManifest(manifest.digest, manifest, signal);
  }

  /** Makes a blob of another repository of the same account readable here; false where that one has none such. */
  async mountBlob(digest: string, from: StoreRepository): Promise<boolean> {
    if (!(await from.keepBlob(digest))) return false;
    await this.folder.markBlobs([digest]);
    return true;
  }

  /** Spares a blob that somebody is about to name from being collected; false where none such is readable here. */
  async keepBlob(digest: string): Promise<boolean> {
    return isDigest(digest) && (await this.folder.touchBlob(digest)) && (await this.blobs.touch(digest));
  }

  /** @param maxBytes a larger one is not read, as if it were not there */
  async findManifest(tagOrDigest: string, maxBytes = Infinity): Promise<ManifestDocument | undefined> {
    const digest = isDigest(tagOrDigest) ? tagOrDigest : await this.folder.digestOf(tagOrDigest);
    if (digest === undefined) return undefined;
    const mediaType = await this.folder.mediaTypeOf(digest);
    if (mediaType === undefined) return undefined;
    if (((await this.blobs.size(digest)) ?? 0) > maxBytes) return undefined;
    // Deleted and collected in this moment, maybe.
    const bytes = await unlessAbsent(() => this.blobs.read(digest), undefined);
    return bytes && { mediaType, digest, bytes };
  }

  /** Size of a blob that a manifest of this repository names, or that was just written to it; else undefined. */
  async findBlobSize(digest: string): Promise<number | undefined> {
    if (!isDigest(digest) || !(await this.folder.hasBlob(digest))) return undefined;
    return this.blobs.size(digest);
  }

  /** Unchecked bytes of a blob that `findBlobSize` found; `end` is included. */
  openRange(digest: string, range: { start: number; end: number }): Promise<Readable> {
    return this.blobs.open(digest, range);
  }

  /** All tags in bytewise order; undefined where there is no such repository. */
  async findTags(): Promise<string[] | undefined> {
    return (await this.folder.findManifests()) && this.folder.tags();
  }

  private async enter({ tag, digest, mediaType, marks, subject }: Entry): Promise<void> {
    if (marks.length > 0) await this.folder.markBlobs(marks);
    if (subject !== undefined) await this.folder.addReferrer(subject, digest);
    await this.folder.writeManifest(digest, mediaType);
    if (tag !== undefined) await this.folder.writeTag(tag, digest);
  }

  /** Conversions write in a process of their own, beside which the gateway may have deleted a part of it. */
  private async has({ tag, digest, marks }: Entry): Promise<boolean> {
    if (tag !== undefined && (await this.folder.digestOf(tag)) === undefined) return false;
    for (const mark of marks) if (!(await this.folder.hasBlob(mark))) return false;
    return (await this.folder.mediaTypeOf(digest)) !== undefined;
  }

  private async expectBlobs(blobs: Descriptor[]): Promise<void> {
    for (const blob of blobs) {
      if (await this.keeps(blob)) continue;
      await setTimeout(PUT_BACK_MS);
      if (await this.keeps(blob)) continue;
      const what = `the manifest names the blob ${blob.digest}, which is not in ${this.name} with that size`;
      throw new ContentMissing(what);
    }
  }

  private async keeps({ digest, size }: Descriptor): Promise<boolean> {
    return (await this.keepBlob(digest)) && (await this.blobs.size(digest)) === size;
  }

  private async expectManifests(manifests: Descriptor[]): Promise<void> {
    for (const { digest } of manifests) {
      if ((await this.folder.mediaTypeOf(digest)) === undefined) {
        throw new ContentMissing(`the index names the manifest ${digest}, which is not in ${this.name}`);
      }
    }
  }
}

const missing = (message: string): JobFailure =>
  new JobFailure(JobFailureCode.IMAGE_NOT_FOUND, message, 'Check the repository and the tag.');

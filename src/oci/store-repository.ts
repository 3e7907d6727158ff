// One account's repository in the store. Written in the order blobs, markers, manifest, tag, so that a crash leaves
// neither a tag that leads nowhere nor a manifest whose blobs may not be read.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { badInput } from '../lib/errors.js';
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import type { BlobFolder } from './blob-folder.js';
import { invalidImage } from './image-failure.js';
import { hasCode, namesIn } from './durable-files.js';
import type { DurableFiles } from './durable-files.js';
import type { Descriptor, ImageRepository, ManifestDocument, OnBytes } from './image-repository.js';
import { parseManifest } from './manifest.js';
import { isDigest, isTag } from './reference.js';
import { digestMismatch, sha256Digest, verified } from './verified.js';

export class StoreRepository implements ImageRepository {
  constructor(
    private readonly blobs: BlobFolder,
    private readonly files: DurableFiles,
    private readonly folder: string,
    readonly name: string,
  ) {}

  async resolve(tagOrDigest: string, signal: AbortSignal): Promise<ManifestDocument> {
    signal.throwIfAborted();
    const manifest = await this.findManifest(tagOrDigest);
    if (!manifest) throw this.missing(`${this.name} has no image ${tagOrDigest}.`);
    if (sha256Digest(manifest.bytes) !== manifest.digest) throw digestMismatch(`${manifest.digest} is damaged.`);
    return manifest;
  }

  async openBlob(blob: Descriptor, signal: AbortSignal): Promise<Readable> {
    signal.throwIfAborted();
    if ((await this.findBlobSize(blob.digest)) === undefined) {
      throw this.missing(`${this.name} has no blob ${blob.digest}.`);
    }
    return verified(await this.blobs.open(blob.digest), blob, { signal });
  }

  async writeBlob(
    blob: Descriptor,
    content: Buffer | { file: string },
    signal: AbortSignal,
    onBytes?: OnBytes,
  ): Promise<void> {
    signal.throwIfAborted();
    await this.blobs.write(blob, content);
    onBytes?.(blob.size);
  }

  /** With a digest instead of a tag (the manifests of an index), nothing is tagged. */
  async writeManifest(tag: string, manifest: ManifestDocument, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!isTag(tag) && tag !== manifest.digest) throw badInput(`${JSON.stringify(tag)} is no valid tag.`);
    const digest = sha256Digest(manifest.bytes);
    if (digest !== manifest.digest) throw digestMismatch(`The manifest ${manifest.digest} has the digest ${digest}.`);
    const parsed = parseManifest(manifest);
    const children = parsed.kind === 'index' ? parsed.manifests : [parsed.config, ...parsed.layers];
    if (parsed.kind === 'index') await this.expectManifests(children);
    else await this.expectBlobs(children);
    const { bytes, mediaType } = manifest;
    await this.blobs.write({ digest, size: bytes.length }, bytes);
    if (parsed.kind === 'manifest') await this.files.touchAll(this.path('_blobs'), children.map(hexOf));
    await this.files.write(this.path('_manifests', hexOf(manifest)), mediaType);
    if (isTag(tag)) await this.files.write(this.path('_tags', tag), digest);
  }

  async attach(manifest: ManifestDocument, signal: AbortSignal): Promise<void> {
    await this.writeManifest(manifest.digest, manifest, signal);
  }

  async findManifest(tagOrDigest: string): Promise<ManifestDocument | undefined> {
    const digest = isDigest(tagOrDigest) ? tagOrDigest : await this.digestOfTag(tagOrDigest);
    if (digest === undefined) return undefined;
    const mediaType = await textOf(this.path('_manifests', hexOf({ digest })));
    if (mediaType === undefined) return undefined;
    return { mediaType, digest, bytes: await this.blobs.read(digest) };
  }

  /** Size of a blob that a manifest of this repository names, else undefined. */
  async findBlobSize(digest: string): Promise<number | undefined> {
    if (!isDigest(digest) || !(await exists(this.path('_blobs', hexOf({ digest }))))) return undefined;
    return this.blobs.size(digest);
  }

  /** Unchecked bytes of a blob that `findBlobSize` found; `end` is included. */
  openRange(digest: string, range: { start: number; end: number }): Promise<Readable> {
    return this.blobs.open(digest, range);
  }

  /** All tags in bytewise order; undefined where there is no such repository. */
  async findTags(): Promise<string[] | undefined> {
    if (!(await exists(this.path('_manifests')))) return undefined;
    return (await namesIn(this.path('_tags'))).sort((a, b) => (a < b ? -1 : 1));
  }

  private async digestOfTag(tag: string): Promise<string | undefined> {
    const digest = isTag(tag) ? await textOf(this.path('_tags', tag)) : undefined;
    return digest !== undefined && isDigest(digest) ? digest : undefined;
  }

  private async expectBlobs(blobs: Descriptor[]): Promise<void> {
    for (const blob of blobs) {
      if ((await this.blobs.size(blob.digest)) !== blob.size) {
        throw invalidImage(`the manifest names the blob ${blob.digest}, which is not in the store`);
      }
    }
  }

  private async expectManifests(manifests: Descriptor[]): Promise<void> {
    for (const child of manifests) {
      if (!(await exists(this.path('_manifests', hexOf(child))))) {
        throw invalidImage(`the index names the manifest ${child.digest}, which is not in ${this.name}`);
      }
    }
  }

  private missing(message: string): JobFailure {
    return new JobFailure(JobFailureCode.IMAGE_NOT_FOUND, message, 'Check the repository and the tag.');
  }

  private path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }
}

function hexOf({ digest }: { digest: string }): string {
  return digest.slice('sha256:'.length);
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG')) return undefined;
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG')) return false;
    throw error;
  }
}

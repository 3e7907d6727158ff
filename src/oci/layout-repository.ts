// A folder in OCI's image layout (`oci:DIR`) as a repository: read as skopeo, umoci and buildx write it, and written so
// that they read it. Its tags are the names in index.json, which may be whole image references.
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { badInput } from '../lib/errors.js';
import { parseDocument } from './document.js';
import { imageNotFound, invalidImage } from './image-failure.js';
import type { Descriptor, ImageRepository, ManifestDocument, OnBytes } from './image-repository.js';
import { LayoutFolder } from './layout-folder.js';
import { MAX_MANIFEST_BYTES, parseManifest } from './manifest.js';
import { OCI_INDEX, OCI_MANIFEST } from './media-types.js';
import { isDigest } from './reference.js';
import { digestMismatch, sha256Digest, verified } from './verified.js';

const READ_BYTES = 1024 * 1024;
const MAX_NAME_LENGTH = 1024;
const NAME = /^[A-Za-z0-9]+(?:(?:[-._:@/+]|--)[A-Za-z0-9]+)*$/;

/** Whether skopeo would take it as the name of an image in a layout. */
export function isLayoutName(text: string): boolean {
  return text.length <= MAX_NAME_LENGTH && NAME.test(text);
}

export class LayoutRepository implements ImageRepository {
  private readonly folder: LayoutFolder;
  private isPrepared = false;

  constructor(root: string) {
    this.folder = new LayoutFolder(root);
  }

  /** Makes the layout where there is none, as the first write does. Throws BAD_USER_INPUT for a folder of other things. */
  async prepare(): Promise<void> {
    if (!this.isPrepared) await this.folder.prepare();
    this.isPrepared = true;
  }

  /** What a name leads to; without one the only image there is. Throws JobFailure IMAGE_NOT_FOUND, IMAGE_INVALID. */
  async find(name: string | undefined): Promise<Descriptor> {
    const index = await this.folder.readIndex();
    const found = index.find(name);
    if (found) return found;
    const names = index.names.slice(0, 20).map((it) => it.slice(0, 200));
    throw imageNotFound(`The layout has no image ${JSON.stringify(name ?? '')}, only ${JSON.stringify(names)}.`);
  }

  async resolve(nameOrDigest: string, signal: AbortSignal): Promise<ManifestDocument> {
    signal.throwIfAborted();
    const { digest, mediaType } = isDigest(nameOrDigest)
      ? { digest: nameOrDigest, mediaType: undefined }
      : await this.find(nameOrDigest);
    const bytes = await this.folder.readBlob(digest, MAX_MANIFEST_BYTES);
    const actual = sha256Digest(bytes);
    if (actual !== digest) throw digestMismatch(`The manifest ${digest} has the digest ${actual}.`);
    return { mediaType: mediaType ?? ownMediaType(bytes), digest, bytes };
  }

  async openBlob(blob: Descriptor, signal: AbortSignal): Promise<Readable> {
    signal.throwIfAborted();
    const { file, size } = await this.folder.openBlob(blob.digest);
    if (size !== blob.size) {
      await file.close();
      throw digestMismatch(`${blob.digest} has ${size} bytes in the layout, not ${blob.size}.`);
    }
    return verified(file.createReadStream({ highWaterMark: READ_BYTES }), blob, { signal });
  }

  async writeBlob(
    blob: Descriptor,
    content: Buffer | { file: string },
    signal: AbortSignal,
    onBytes?: OnBytes,
  ): Promise<void> {
    signal.throwIfAborted();
    const size = Buffer.isBuffer(content) ? content.length : (await stat(content.file)).size;
    if (size !== blob.size) throw digestMismatch(`${blob.digest} has ${size} bytes, not ${blob.size}.`);
    await this.prepare();
    await this.folder.writeBlob(blob.digest, content);
    onBytes?.(blob.size);
  }

  async writeManifest(name: string, manifest: ManifestDocument, signal: AbortSignal): Promise<void> {
    if (!isLayoutName(name)) throw badInput(`${JSON.stringify(name)} is no name for an image in a layout.`);
    await this.add(manifest, name, signal);
  }

  async attach(manifest: ManifestDocument, signal: AbortSignal): Promise<void> {
    await this.add(manifest, undefined, signal);
  }

  /** Takes away what was written for a manifest that did not come. */
  async discard(): Promise<void> {
    this.isPrepared = false;
    await this.folder.discard();
  }

  private async add(manifest: ManifestDocument, name: string | undefined, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const parsed = parseManifest(manifest);
    const parts = parsed.kind === 'index' ? parsed.manifests : [parsed.config, ...parsed.layers];
    for (const part of parts) {
      const { file, size } = await this.folder.openBlob(part.digest);
      await file.close();
      if (size !== part.size) throw invalidImage(`the manifest names ${part.digest}, which has another size`);
    }
    await this.prepare();
    await this.folder.writeBlob(manifest.digest, manifest.bytes);
    await this.folder.updateIndex((index) => index.with(manifest, name));
  }
}

/** umoci leaves the type out; a document that could be read as either kind is refused later. */
function ownMediaType(bytes: Buffer): string {
  const document = parseDocument(bytes, 'the manifest');
  if (typeof document.mediaType === 'string') return document.mediaType;
  return document.manifests === undefined ? OCI_MANIFEST : OCI_INDEX;
}

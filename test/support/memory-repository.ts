// A repository that keeps what is written to it in memory.
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { Descriptor, ImageRepository, ManifestDocument } from '../../src/oci/image-repository.js';
import { verified } from '../../src/oci/verified.js';

export class MemoryRepository implements ImageRepository {
  readonly blobs = new Map<string, Buffer>();
  /** By tag and by digest. */
  readonly manifests = new Map<string, ManifestDocument>();

  resolve(tagOrDigest: string): Promise<ManifestDocument> {
    const manifest = this.manifests.get(tagOrDigest);
    return manifest ? Promise.resolve(manifest) : Promise.reject(new Error(`no manifest ${tagOrDigest}`));
  }

  openBlob(blob: Descriptor): Promise<Readable> {
    return Promise.resolve(verified(Readable.from([this.blobs.get(blob.digest)!]), blob));
  }

  writeBlob(blob: Descriptor, content: Buffer | { file: string }): Promise<void> {
    this.blobs.set(blob.digest, Buffer.isBuffer(content) ? content : readFileSync(content.file));
    return Promise.resolve();
  }

  writeManifest(tag: string, manifest: ManifestDocument): Promise<void> {
    this.manifests.set(tag, manifest).set(manifest.digest, manifest);
    return Promise.resolve();
  }

  attach(manifest: ManifestDocument): Promise<void> {
    return this.writeManifest(manifest.digest, manifest);
  }
}

// One repository of docker images, wherever it is: a remote registry or the gateway's own store.
// The converter knows only this interface.
import type { Readable } from 'node:stream';

/** An OCI content descriptor (image-spec, descriptor.md). */
export interface Descriptor {
  mediaType: string;
  /** `sha256:` and 64 lower-case hex digits. */
  digest: string;
  /** Bytes. */
  size: number;
  annotations?: Record<string, string>;
  platform?: { os: string; architecture: string; variant?: string };
}

/** A manifest or an index, byte for byte as stored. */
export interface ManifestDocument {
  mediaType: string;
  digest: string;
  bytes: Buffer;
}

/** Called with the number of bytes moved since the last call. */
export type OnBytes = (bytes: number) => void;

export interface ImageRepository {
  /** The manifest behind a tag or a digest; its digest is verified. Throws JobFailure IMAGE_NOT_FOUND. */
  resolve(tagOrDigest: string, signal: AbortSignal): Promise<ManifestDocument>;
  /** A blob's bytes as stored. Ends with a JobFailure DIGEST_MISMATCH where size or digest differ from the descriptor. */
  openBlob(blob: Descriptor, signal: AbortSignal): Promise<Readable>;
  /** Stores the content of a buffer or a file as a blob, unless it is there; the file may be moved away. */
  writeBlob(
    blob: Descriptor,
    content: Buffer | { file: string },
    signal: AbortSignal,
    onBytes?: OnBytes,
  ): Promise<void>;
  /** Stores a manifest, whose blobs must be there, under a tag. */
  writeManifest(tag: string, manifest: ManifestDocument, signal: AbortSignal): Promise<void>;
  /**
   * Stores a manifest that refers to another one of this repository (its `subject`), so that the referrers of that one
   * list it: by the referrers API, or where a registry has none by the tag `sha256-<hex>` (distribution-spec,
   * "Referrers Tag Schema").
   */
  attach(manifest: ManifestDocument, signal: AbortSignal): Promise<void>;
}

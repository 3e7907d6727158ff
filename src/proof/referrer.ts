// A document about an image, as an OCI 1.1 manifest that refers to it: registries list it among the image's referrers.
// The same document about the same image is the same manifest, so pushing it again changes nothing.
import type { Descriptor, ManifestDocument } from '../oci/image-repository.js';
import { OCI_MANIFEST } from '../oci/media-types.js';
import { sha256Digest } from '../oci/verified.js';

/** The config of what is no image (image-spec, manifest.md, "Guidance for an Empty Descriptor"). */
const EMPTY_CONFIG = 'application/vnd.oci.empty.v1+json';

export interface Attachment {
  artifactType: string;
  /** Of the bytes. */
  mediaType: string;
  bytes: Buffer;
  /** Of the manifest; registries show them in their list of referrers. */
  annotations: Record<string, string>;
}

export interface Referrer {
  /** To be written before the manifest. */
  blobs: { descriptor: Descriptor; bytes: Buffer }[];
  manifest: ManifestDocument;
}

export function referrerOf(subject: Descriptor, attachment: Attachment): Referrer {
  const { artifactType, mediaType } = attachment;
  const config = blobOf(EMPTY_CONFIG, Buffer.from('{}'));
  const content = blobOf(mediaType, attachment.bytes);
  const { digest, size } = subject;
  const annotations = Object.entries(attachment.annotations).sort(([a], [b]) => (a < b ? -1 : 1));
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType,
    config: config.descriptor,
    layers: [content.descriptor],
    subject: { mediaType: subject.mediaType, digest, size },
    annotations: Object.fromEntries(annotations),
  };
  const bytes = Buffer.from(JSON.stringify(manifest), 'utf8');
  return { blobs: [config, content], manifest: { mediaType: OCI_MANIFEST, digest: sha256Digest(bytes), bytes } };
}

function blobOf(mediaType: string, bytes: Buffer) {
  return { descriptor: { mediaType, digest: sha256Digest(bytes), size: bytes.length }, bytes };
}

// What a manifest says about the one it refers to (image-spec 1.1: `subject`, `artifactType`). Apart from reading an
// image, so that one whose `subject` is odd can still be pulled and converted.
import { asDescriptor, asOptional, asText, asTextMap, parseDocument } from './document.js';
import type { ManifestDocument } from './image-repository.js';

/** A line of the answer to "who refers to this manifest?" (distribution-spec 1.1, "Listing Referrers"). */
export interface ReferrerDescriptor {
  mediaType: string;
  digest: string;
  /** Bytes. */
  size: number;
  artifactType?: string;
  annotations?: Record<string, string>;
}

/** The digest of the manifest it refers to; undefined where it refers to none. Throws JobFailure IMAGE_INVALID. */
export function subjectOf({ bytes }: Pick<ManifestDocument, 'bytes'>): string | undefined {
  const { subject } = parseDocument(bytes, 'the manifest');
  return asOptional(subject, (value) => asDescriptor(value, 'the subject'))?.digest;
}

/** Its type is that of its config where it names none of its own, which an index has not. */
export function referrerDescriptor({ mediaType, digest, bytes }: ManifestDocument): ReferrerDescriptor {
  const document = parseDocument(bytes, 'the manifest');
  const text = (value: unknown, what: string) => asOptional(value, (given) => asText(given, what));
  const config = document.config as { mediaType?: unknown } | undefined;
  const artifactType = text(document.artifactType, 'artifactType') || text(config?.mediaType, 'the type of the config');
  const annotations = asOptional(document.annotations, (map) => asTextMap(map, 'the annotations'));
  return {
    ...{ mediaType, digest, size: bytes.length },
    ...(artifactType !== undefined && { artifactType }),
    ...(annotations && { annotations }),
  };
}

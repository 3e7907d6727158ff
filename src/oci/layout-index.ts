// The index.json of an OCI image layout (image-spec, image-layout.md): which images a folder holds, and by what names.
// Entries are kept as they were written, so that what this program does not know is still there afterwards.
import { asArray, asDescriptor, asObject, parseDocument } from './document.js';
import type { JsonObject } from './document.js';
import { invalidImage } from './image-failure.js';
import type { Descriptor, ManifestDocument } from './image-repository.js';
import { OCI_INDEX } from './media-types.js';

export const REF_NAME = 'org.opencontainers.image.ref.name';

const MAX_ENTRIES = 1_000;

interface Entry {
  descriptor: Descriptor;
  /** What is no image, but belongs to one: an SBOM, a signature. */
  isAttachment: boolean;
  raw: JsonObject;
}

export class LayoutIndex {
  private constructor(
    private readonly document: JsonObject,
    private readonly entries: Entry[],
  ) {}

  static empty(): LayoutIndex {
    return new LayoutIndex({ schemaVersion: 2, mediaType: OCI_INDEX }, []);
  }

  static parse(bytes: Buffer): LayoutIndex {
    const document = parseDocument(bytes, 'index.json');
    if (document.schemaVersion !== 2) throw invalidImage('index.json is not of schema version 2');
    const manifests = asArray(document.manifests, 'the list of manifests in index.json', MAX_ENTRIES);
    return new LayoutIndex(document, manifests.map(toEntry));
  }

  /** Each name once. */
  get names(): string[] {
    return [...new Set(this.entries.map(nameOf).filter((name) => name !== undefined))];
  }

  /** The image of a name, or the only one where no name is given; undefined where there is none. */
  find(name: string | undefined): Descriptor | undefined {
    const images = this.entries.filter((entry) => !entry.isAttachment);
    const named = name === undefined ? images : images.filter((entry) => nameOf(entry) === name);
    const digests = new Set(named.map(({ descriptor }) => descriptor.digest));
    if (digests.size <= 1) return named[0]?.descriptor;
    if (name !== undefined) throw invalidImage(`index.json calls two images ${JSON.stringify(name.slice(0, 200))}`);
    const list = this.names.slice(0, 20).map((it) => JSON.stringify(it.slice(0, 200)));
    throw invalidImage(
      `the layout holds ${digests.size} images`,
      `Say which: oci:DIR:NAME with one of ${list.join(', ')}.`,
    );
  }

  /** With the manifest added: under its name, which another one loses, or without any as what refers to another one. */
  with({ mediaType, digest, bytes }: ManifestDocument, name?: string): LayoutIndex {
    const kept = this.entries.filter((entry) =>
      name === undefined ? entry.descriptor.digest !== digest : nameOf(entry) !== name,
    );
    if (kept.length >= MAX_ENTRIES) throw invalidImage(`index.json would have more than ${MAX_ENTRIES} entries`);
    const { artifactType } = parseDocument(bytes, 'the manifest');
    const entry = {
      ...{ mediaType, digest, size: bytes.length },
      ...(name === undefined
        ? { artifactType: artifactType ?? UNKNOWN_ARTIFACT }
        : { annotations: { [REF_NAME]: name } }),
    };
    return new LayoutIndex(this.document, [...kept, toEntry(entry)]);
  }

  toBytes(): Buffer {
    return Buffer.from(JSON.stringify({ ...this.document, manifests: this.entries.map(({ raw }) => raw) }));
  }
}

/** Any value will do: what has none would count as an image. */
const UNKNOWN_ARTIFACT = 'application/vnd.unknown.artifact.v1';

function toEntry(value: unknown, at = 0): Entry {
  const raw = asObject(value, `entry ${at} of index.json`);
  const descriptor = asDescriptor(raw, `entry ${at} of index.json`);
  return { descriptor, raw, isAttachment: raw.artifactType !== undefined };
}

const nameOf = ({ descriptor }: Entry): string | undefined => descriptor.annotations?.[REF_NAME];

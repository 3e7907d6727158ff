// The manifest.json of an archive that `docker save` or skopeo wrote: which images it holds, and in which files.
import { CatalogError, badInput } from '../lib/errors.js';
import { asArray, asObject, asText, parseDocumentList } from './document.js';
import { imageNotFound, invalidImage } from './image-failure.js';
import { formatReference, parseReference } from './reference.js';

const MAX_IMAGES = 1_000;
const MAX_LAYERS = 256;
const MAX_TAGS = 1_000;

export interface ArchiveImage {
  /** Paths in the archive. */
  config: string;
  layers: string[];
  /** In full: `docker.io/library/alpine:3`. */
  names: string[];
}

export function parseArchiveImages(bytes: Buffer): ArchiveImage[] {
  return parseDocumentList(bytes, 'manifest.json', MAX_IMAGES).map((value, at) => {
    const what = `image ${at} in manifest.json`;
    const object = asObject(value, what);
    const texts = (name: string, most: number) =>
      asArray(object[name] ?? [], `${name} of ${what}`, most).map((text) => asText(text, `${name} of ${what}`));
    return {
      config: asText(object.Config, `Config of ${what}`),
      layers: texts('Layers', MAX_LAYERS),
      names: texts('RepoTags', MAX_TAGS).flatMap(fullName),
    };
  });
}

/** @param wanted `NAME[:TAG]` or `@<place>`, as skopeo has it; undefined for the only image */
export function chooseArchiveImage(images: ArchiveImage[], wanted: string | undefined): ArchiveImage {
  const [only] = images;
  if (wanted === undefined) {
    if (only && images.length === 1) return only;
    throw invalidImage(
      `the archive holds ${images.length} images`,
      `Say which: docker-archive:FILE:NAME. ${listed(images)}`,
    );
  }
  const place = /^@(\d{1,4})$/.exec(wanted)?.[1];
  if (place === undefined && wanted.includes('@')) throw badInput('An image of an archive is named without a digest.');
  const name = place === undefined ? formatReference(parseReference(wanted)) : undefined;
  const chosen =
    place === undefined ? images.filter((it) => it.names.includes(name!)) : images.slice(+place, +place + 1);
  if (chosen.length > 1) throw invalidImage(`the archive calls two images ${JSON.stringify(wanted)}`);
  if (!chosen[0])
    throw imageNotFound(`The archive has no image ${JSON.stringify(wanted.slice(0, 300))}. ${listed(images)}`);
  return chosen[0];
}

/** None for what is no name of an image: such an image is found by its place. */
function fullName(text: string): string[] {
  try {
    return [formatReference(parseReference(text))];
  } catch (error) {
    if (error instanceof CatalogError) return [];
    throw error;
  }
}

function listed(images: ArchiveImage[]): string {
  const names = images.flatMap((image, at) => image.names[0] ?? `@${at}`).slice(0, 20);
  return `There are ${JSON.stringify(names)}.`;
}

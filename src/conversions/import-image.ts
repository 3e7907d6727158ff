// Brings a docker image into the store as it is: config, layers and manifest byte for byte, each verified while it
// comes. Knows no job and no database.
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { JobStep } from '../events/job-step.js';
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import { DiskWatch, requireSpace } from '../oci/disk-space.js';
import { ContentMissing } from '../oci/image-failure.js';
import { readImage } from '../oci/image.js';
import type { Image } from '../oci/image.js';
import type { Descriptor, ImageRepository, ManifestDocument, OnBytes } from '../oci/image-repository.js';
import { parseManifest } from '../oci/manifest.js';
import type { StoreRepository } from '../oci/store-repository.js';
import type { ImportedImage } from './child-messages.js';
import type { ConversionReports } from './conversion-place.js';
import { formatTarget } from './image-target.js';
import type { ImageTarget } from './image-target.js';
import { stepProgress } from './step-progress.js';

export interface ImportPlace {
  input: ImageRepository;
  output: StoreRepository;
  storeDir: string;
  /** See ImportTask. */
  roomBytes?: number;
  /** On the disk of the store, which need not be that of other temporary files. */
  temporaryFile: () => string;
}

export interface ImportRequest {
  from: ImageTarget;
  /** Of the image in the store. */
  tag: string;
}

/** Somebody may delete what the image shares with another one, in the moment before it is named here too. */
const MAX_TRIES = 3;

/** What is left of a document of the catalog for what an image says of itself. */
const MAX_CONFIG_BYTES = 256 * 1024;

/** Throws JobFailure, or the signal's reason. */
export async function importImage(
  { from, tag }: ImportRequest,
  place: ImportPlace,
  reports: ConversionReports,
  signal: AbortSignal,
): Promise<ImportedImage> {
  reports.progress({ step: JobStep.PULLING, progress: 0 });
  reports.log(`Pulling ${formatTarget(from)}.`);
  const { image, architecture } = await readEither(place.input, from.tagOrDigest, signal);
  if (Buffer.byteLength(JSON.stringify(image.config.config)) > MAX_CONFIG_BYTES) throw configTooLarge();
  reports.log(`It is the linux/${architecture} image ${image.imageId}, manifest ${image.manifestDigest}.`);
  const manifest = await place.input.resolve(image.manifestDigest, signal);
  for (let tries = 1; ; tries++) {
    await copyBlobs(image, manifest, place, reports, signal);
    reports.progress({ step: JobStep.MEASURING, progress: 90 });
    reports.log('Every blob has the size and the digest that the manifest says.');
    reports.progress({ step: JobStep.PUSHING, progress: 95 });
    try {
      await place.output.writeManifest(tag, manifest, signal);
      break;
    } catch (error) {
      if (!(error instanceof ContentMissing) || tries === MAX_TRIES) throw error;
    }
  }
  const writtenAt = Date.now();
  reports.log(`Stored as ${place.output.name}:${tag}.`);
  reports.progress({ step: JobStep.REGISTERING, progress: 99 });
  return {
    ...{ manifestDigest: image.manifestDigest, imageId: image.imageId, architecture, writtenAt },
    layerBytes: image.layers.reduce((sum, { size }) => sum + size, 0),
    config: image.config.config,
  };
}

/** For amd64, or for arm64 where there is none. */
async function readEither(repository: ImageRepository, tagOrDigest: string, signal: AbortSignal) {
  try {
    return { image: await readImage(repository, tagOrDigest, 'amd64', signal), architecture: 'amd64' as const };
  } catch (error) {
    if (!(error instanceof JobFailure) || error.code !== JobFailureCode.ARCHITECTURE_NOT_AVAILABLE) throw error;
    const other = await readImage(repository, tagOrDigest, 'arm64', signal).catch(() => undefined);
    if (!other) throw error;
    return { image: other, architecture: 'arm64' as const };
  }
}

async function copyBlobs(
  image: Image,
  manifest: ManifestDocument,
  place: ImportPlace,
  reports: ConversionReports,
  signal: AbortSignal,
): Promise<void> {
  const parsed = parseManifest(manifest);
  if (parsed.kind === 'index') throw new Error('An index came in the place of an image');
  const total = image.layers.reduce((sum, { size }) => sum + size, parsed.config.size);
  const blobs = [parsed.config, ...image.layers];
  const missing = await missingBytes(blobs, place.output);
  if (missing > (place.roomBytes ?? Infinity)) throw quotaExceeded(missing);
  await requireSpace(place.storeDir, missing);
  const full = new AbortController();
  const watch = new DiskWatch(place.storeDir, (failure) => full.abort(failure));
  const told = stepProgress(reports, JobStep.PULLING, [0, 90], total);
  const onBytes = (bytes: number) => {
    watch.wrote(bytes);
    told(bytes);
  };
  for (const [index, blob] of blobs.entries()) {
    const name = index === 0 ? 'Config' : `Layer ${index} of ${image.layers.length}`;
    const isThere = await isInStore(place.output, blob);
    if (isThere) onBytes(blob.size);
    else await copy(blob, place, AbortSignal.any([signal, full.signal]), onBytes);
    reports.log(`${name} ${blob.digest}: ${isThere ? 'in the store already' : `pulled, ${blob.size} bytes`}.`);
  }
}

async function missingBytes(blobs: Descriptor[], output: StoreRepository): Promise<number> {
  const sizes = blobs.map(async ({ digest, size }) => ((await output.findBlobSize(digest)) === size ? 0 : size));
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

const isInStore = async (output: StoreRepository, { digest, size }: Descriptor): Promise<boolean> =>
  (await output.findBlobSize(digest)) === size && (await output.keepBlob(digest));

async function copy(blob: Descriptor, place: ImportPlace, signal: AbortSignal, onBytes: OnBytes): Promise<void> {
  const { input, output, temporaryFile } = place;
  const file = temporaryFile();
  try {
    // Its end is an error where size or digest are wrong.
    const stream = await input.openBlob(blob, signal);
    stream.on('data', (chunk: Buffer) => onBytes(chunk.length));
    await pipeline(stream, createWriteStream(file, { mode: 0o600 }), { signal });
    await output.writeBlob(blob, { file }, signal);
  } finally {
    await rm(file, { force: true }).catch(() => undefined);
  }
}

const configTooLarge = () =>
  new JobFailure(
    JobFailureCode.IMAGE_TOO_LARGE,
    `What the image says of itself has more than ${MAX_CONFIG_BYTES} bytes.`,
    'Remove labels or environment variables from it.',
  );

const quotaExceeded = (bytes: number) =>
  new JobFailure(
    JobFailureCode.DISK_FULL,
    `The image brings ${Math.ceil(bytes / 2 ** 20)} MiB, which is more than the account has left in the store.`,
    'Delete images of the account from the store, or give it more room with STORE_QUOTA_MIB.',
  );

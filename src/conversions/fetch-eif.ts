// Brings the EIF inside a pushed image back to the disk, to look into it.
import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import { diffEifs } from '../nitro/eif-diff.js';
import type { EifDiff } from '../nitro/eif-diff.js';
import type { EifSource } from '../nitro/eif-stream.js';
import { eifRange, LAYER_PREFIX_BYTES } from '../nitro/output-image.js';
import { requireSpace } from '../oci/disk-space.js';
import { asDiskFailure } from '../oci/image-failure.js';
import type { ImageRepository } from '../oci/image-repository.js';
import { parseManifest } from '../oci/manifest.js';
import { OCI_LAYER } from '../oci/media-types.js';

/** Where in a file an EIF lies. */
export interface EifFile {
  path: string;
  offset: number;
  sizeBytes: number;
}

/** Pulls the last layer of an image into `path`. Throws JobFailure, IMAGE_INVALID where no EIF is in it. */
export async function fetchEif(
  repository: ImageRepository,
  tagOrDigest: string,
  path: string,
  signal: AbortSignal,
): Promise<EifFile> {
  const manifest = parseManifest(await repository.resolve(tagOrDigest, signal));
  const layer = manifest.kind === 'manifest' ? manifest.layers.at(-1) : undefined;
  if (layer?.mediaType !== OCI_LAYER) throw noEif();
  await requireSpace(dirname(path), layer.size);
  try {
    await pipeline(await repository.openBlob(layer, signal), createWriteStream(path, { flags: 'wx', mode: 0o600 }));
  } catch (error) {
    throw asDiskFailure(error);
  }
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(LAYER_PREFIX_BYTES);
    await file.read(head, 0, head.length, 0);
    const range = eifRange(head, layer.size);
    if (!range) throw noEif();
    return { path, offset: range.offset, sizeBytes: range.sizeBytes };
  } finally {
    await file.close();
  }
}

/** What differs between two EIFs on the disk. */
export async function compareEifs(a: EifFile, b: EifFile, signal: AbortSignal): Promise<EifDiff> {
  const fileA = await open(a.path, 'r');
  try {
    const fileB = await open(b.path, 'r');
    try {
      return await diffEifs(sourceOf(a, fileA), sourceOf(b, fileB), { signal });
    } finally {
      await fileB.close();
    }
  } finally {
    await fileA.close();
  }
}

const sourceOf = ({ offset, sizeBytes }: EifFile, file: EifSource['file']): EifSource => ({ file, offset, sizeBytes });

const noEif = () =>
  new JobFailure(
    JobFailureCode.IMAGE_INVALID,
    'The image does not hold an EIF as /enclave/enclave.eif.',
    'Name an image that a conversion pushed.',
  );

// One conversion from the first byte pulled to the last manifest pushed; knows no job, no database and no process.
import { hexOf } from '../oci/reference.js';
import { JobStep } from '../events/job-step.js';
import type { OutputImage } from '../nitro/output-image.js';
import type { Recipe } from '../proof/recipe.js';
import type { ImageRepository } from '../oci/image-repository.js';
import type { ConversionResult } from './child-messages.js';
import type { ConversionPlace, ConversionReports } from './conversion-place.js';
import type { ConversionRequest } from './conversion-request.js';
import type { NamedSigner } from './eif-signer.js';
import { makeEif } from './make-eif.js';
import type { MadeEif } from './make-eif.js';
import { prove } from './prove.js';
import { stepProgress } from './step-progress.js';

export interface PushingPlace extends ConversionPlace {
  output: ImageRepository;
}

export interface SignedRequest extends ConversionRequest {
  sign?: NamedSigner;
  /** How the proof names the images. */
  names: { input: string; output: string };
}

/** Throws JobFailure, SignatureWanted, or the signal's reason. */
export async function convert(
  request: SignedRequest,
  place: PushingPlace,
  reports: ConversionReports,
  signal: AbortSignal,
): Promise<ConversionResult> {
  const made = await makeEif(request, place, reports, signal);
  const { eif, output, image } = made;
  const recipe = recipeOf(request, made, place.toolVersion);
  await push(output, request, place, reports, signal);
  await prove(recipe, made, place.output, reports, signal);
  reports.progress({ step: JobStep.REGISTERING, progress: 99 });
  const { config, layer, manifest } = output;
  return {
    manifestDigest: manifest.digest,
    imageId: hexOf(config.descriptor.digest),
    sizeBytes: config.bytes.length + layer.size + manifest.bytes.length,
    measurements: eif.measurements,
    exposedPorts: image.config.config.ExposedPorts ?? [],
    recipe,
  };
}

async function push(
  output: OutputImage,
  request: SignedRequest,
  place: PushingPlace,
  reports: ConversionReports,
  signal: AbortSignal,
): Promise<void> {
  const { config, layer, manifest } = output;
  const onBytes = stepProgress(reports, JobStep.PUSHING, [85, 97], layer.size);
  await place.output.writeBlob(config.descriptor, config.bytes, signal);
  await place.output.writeBlob(layer, { file: place.layerFile }, signal, onBytes);
  await place.output.writeManifest(request.output.tagOrDigest, manifest, signal);
  reports.log(`Pushed as ${request.names.output}, manifest ${manifest.digest}.`);
}

function recipeOf(request: SignedRequest, made: MadeEif, converterVersion: string): Recipe {
  const { image, blobs, eif, output } = made;
  const { entrypoint, entrypointArgs, envVars, mutableEnvVars } = request.options;
  const { sign } = request;
  return {
    converterVersion,
    architecture: blobs.architecture,
    input: {
      name: request.names.input,
      ...{ imageDigest: image.imageDigest, manifestDigest: image.manifestDigest, imageId: image.imageId },
      layers: image.layers.map(({ digest, mediaType, size }, index) => {
        const diffId = image.config.rootfs.diff_ids[index]!;
        return { digest, mediaType, sizeBytes: size, diffId };
      }),
    },
    options: { entrypoint, entrypointArgs, envVars, mutableEnvVars },
    bootBlobs: blobs.files,
    ...(sign && {
      signing: { algorithm: sign.algorithm, certificateSha256: sign.certificateSha256, pcr8: sign.pcr8 },
    }),
    output: {
      ...{ name: request.names.output, eifSha256: eif.sha256, eifSizeBytes: eif.sizeBytes },
      ...{ layerDigest: output.layer.digest, manifestDigest: output.manifest.digest },
      measurements: eif.measurements,
    },
  };
}

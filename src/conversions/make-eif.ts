// From an image's name to its EIF, measured and described, on the disk: what conversions and reproductions share.
import { hexOf } from '../oci/reference.js';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Architecture } from '../builds/build-parts.js';
import { JobStep } from '../events/job-step.js';
import { enclaveCommand } from '../nitro/argv.js';
import { loadBlobs } from '../nitro/blobs.js';
import type { BootBlobs } from '../nitro/blobs.js';
import { eifMetadata } from '../nitro/eif-metadata.js';
import { planEif, writeEif } from '../nitro/eif.js';
import type { EifPlan, WriteEifOptions, WrittenEif } from '../nitro/eif.js';
import { describeLayer, layerPrefix, layerSuffix, outputImage } from '../nitro/output-image.js';
import type { OutputImage } from '../nitro/output-image.js';
import { minimumMemoryMib } from '../nitro/run-command.js';
import { bootRamdisk, customerRamdisk } from '../nitro/ramdisks.js';
import { requireSpace } from '../oci/disk-space.js';
import { asDiskFailure } from '../oci/image-failure.js';
import { readImage } from '../oci/image.js';
import type { Image } from '../oci/image.js';
import { commandWarnings, memoryWarnings } from './preflight.js';
import type { ConversionPlace, ConversionReports } from './conversion-place.js';
import type { ConversionRequest } from './conversion-request.js';
import type { EifSigner } from './eif-signer.js';
import { pullLayers } from './pull-layers.js';
import type { PulledLayers } from './pull-layers.js';
import { stepProgress } from './step-progress.js';

export interface MadeEif extends PulledLayers {
  image: Image;
  blobs: BootBlobs;
  eif: WrittenEif & { sha256: string };
  output: OutputImage;
}

export interface EifRequest extends Pick<ConversionRequest, 'input' | 'options' | 'nitro' | 'architecture'> {
  sign?: EifSigner;
}

/** Types only are imported from the catalog: this runs in a process that loads nothing of GraphQL or the database. */
const OCI_ARCHITECTURES = { AMD64: 'amd64', ARM64: 'arm64' } as const satisfies Record<Architecture, string>;

const NOT_BOOTABLE =
  'The kernel in the blobs folder is none that boots: this image is for trying out and will not start as an enclave.';

/** Throws JobFailure, or the signal's reason. */
export async function makeEif(
  request: EifRequest,
  place: ConversionPlace,
  reports: ConversionReports,
  signal: AbortSignal,
): Promise<MadeEif> {
  const architecture = OCI_ARCHITECTURES[request.architecture];
  const blobs = await loadBlobs(place.blobsDir, architecture);
  reports.bootBlobs(blobs.files);
  if (!blobs.bootable) reports.warn({ code: 'NOT_BOOTABLE', message: NOT_BOOTABLE });
  const image = await readImage(place.input, request.input.tagOrDigest, architecture, signal);
  reports.log(`Image ${image.imageDigest} for linux/${architecture}: manifest ${image.manifestDigest}.`);
  const command = enclaveCommand(image.config.config, request.options);
  // Before anything large moves: argv and environment can be wrong, and then nothing else matters.
  const customer = customerRamdisk(command);
  for (const warning of command.warnings) reports.warn(warning);
  const layers = await pullLayers(image, place, reports, signal);
  for (const warning of await commandWarnings(layers, command.argv)) reports.warn(warning);

  const ramdisks = [bootRamdisk(blobs), customer(layers.tree)];
  const metadata = metadataOf(request, image, blobs, place.toolVersion);
  const { kernel, cmdline } = blobs;
  const plan = await planEif({ architecture, kernel, cmdline, metadata, ramdisks }, signal);
  reports.log(`The enclave will need at least ${minimumMemoryMib(plan.sizeBytes)} MiB of memory.`);
  for (const warning of memoryWarnings(plan.sizeBytes, request.nitro.memSizeMb)) reports.warn(warning);
  const sign = request.sign && announced(request.sign, image.imageDigest, reports);
  const written = withPcr8(await build(plan, { ...place, ...layers, sign }, reports, signal), request.sign);

  const onBytes = stepProgress(reports, JobStep.MEASURING, [75, 85], written.sizeBytes);
  const described = await describeLayer(place.layerFile, written.sizeBytes, signal, onBytes);
  const eif = { ...written, sha256: described.eifSha256 };
  tellMeasurements(eif, reports);
  return { ...layers, image, blobs, eif, output: outputImage(described, architecture, written.measurements) };
}

async function build(
  plan: EifPlan,
  place: Pick<ConversionPlace, 'layerFile'> & PulledLayers & Pick<WriteEifOptions, 'sign'>,
  reports: ConversionReports,
  signal: AbortSignal,
): Promise<WrittenEif> {
  const { layerFile, spoolPaths, sign } = place;
  const onBytes = stepProgress(reports, JobStep.BUILDING, [42, 75], plan.sizeBytes);
  await requireSpace(dirname(layerFile), plan.sizeBytes);
  try {
    const file = await open(layerFile, 'wx', 0o600);
    try {
      const target = { file, offset: layerPrefix(plan.sizeBytes).length };
      const written = await writeEif(plan, target, { spoolPaths, signal, onBytes, sign });
      const suffix = layerSuffix(written.sizeBytes);
      await file.write(suffix, 0, suffix.length, target.offset + written.sizeBytes);
      const prefix = layerPrefix(written.sizeBytes);
      await file.write(prefix, 0, prefix.length, 0);
      return written;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw asDiskFailure(error);
  }
}

function announced(
  signer: EifSigner,
  imageDigest: string,
  reports: ConversionReports,
): (pcr0: string) => Promise<Buffer> {
  return (pcr0) => {
    reports.progress({ step: JobStep.SIGNING, progress: 75 });
    return signer.section(pcr0, imageDigest);
  };
}

function withPcr8(written: WrittenEif, sign: EifSigner | undefined): WrittenEif {
  return sign ? { ...written, measurements: { ...written.measurements, pcr8: sign.pcr8 } } : written;
}

function tellMeasurements({ measurements, sizeBytes, sha256 }: MadeEif['eif'], reports: ConversionReports): void {
  reports.log(`EIF of ${sizeBytes} bytes, sha256 ${sha256}.`);
  for (const [name, value] of Object.entries(measurements)) reports.log(`${name.toUpperCase()} ${value}`);
}

function metadataOf({ input }: EifRequest, image: Image, blobs: BootBlobs, buildToolVersion: string): Buffer {
  const { host, repository } = input;
  return eifMetadata({
    imageName: host === undefined ? repository : `${host}/${repository}`,
    imageVersion: hexOf(image.imageId),
    buildToolVersion,
    operatingSystem: blobs.operatingSystem,
    kernelVersion: blobs.kernelVersion,
    customMetadata: blobs.bootable ? null : { NotBootable: NOT_BOOTABLE },
  });
}

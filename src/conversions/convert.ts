// One conversion from the first byte pulled to the manifest pushed; knows no job, no database and no process.
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobProgress } from '../jobs/job-handler.js';
import type { BootBlob } from '../jobs/job.entity.js';
import type { Architecture, Warning } from '../builds/build-parts.js';
import { JobStep } from '../events/job-step.js';
import { enclaveCommand } from '../nitro/argv.js';
import { loadBlobs } from '../nitro/blobs.js';
import type { BootBlobs } from '../nitro/blobs.js';
import { eifMetadata } from '../nitro/eif-metadata.js';
import { planEif, writeEif } from '../nitro/eif.js';
import type { EifPlan } from '../nitro/eif.js';
import { describeLayer, layerPrefix, layerSuffix, outputImage } from '../nitro/output-image.js';
import { bootRamdisk, customerRamdisk } from '../nitro/ramdisks.js';
import type { Measurements } from '../nitro/measure.js';
import { FileTree } from '../oci/file-tree.js';
import { applyLayer } from '../oci/flatten.js';
import { asDiskFailure } from '../oci/image-failure.js';
import type { ImageRepository, OnBytes } from '../oci/image-repository.js';
import { readImage } from '../oci/image.js';
import type { Image } from '../oci/image.js';
import { ImageBudget, spoolLayer } from '../oci/layer.js';
import type { TarEntry } from '../oci/tar.js';
import type { ConversionResult } from './child-messages.js';
import type { ConversionRequest } from './conversion-request.js';

export interface ConversionPlace {
  input: ImageRepository;
  output: ImageRepository;
  blobsDir: string;
  /** An empty folder. */
  spoolDir: string;
  /** Where the output layer grows; the output repository may take it from there. */
  layerFile: string;
  toolVersion: string;
}

export interface ConversionReports {
  progress(progress: JobProgress): void;
  warn(warning: Warning): void;
  bootBlobs(blobs: BootBlob[]): void;
}

/** Throws JobFailure, or the signal's reason. */
export async function convert(
  request: ConversionRequest,
  place: ConversionPlace,
  reports: ConversionReports,
  signal: AbortSignal,
): Promise<ConversionResult> {
  const architecture = OCI_ARCHITECTURES[request.architecture];
  const blobs = await loadBlobs(place.blobsDir, architecture);
  reports.bootBlobs(blobs.files);
  if (!blobs.bootable) reports.warn({ code: 'NOT_BOOTABLE', message: NOT_BOOTABLE });
  const image = await readImage(place.input, request.input.tagOrDigest, architecture, signal);
  const { tree, spoolPaths } = await pull(image, place, reports, signal);
  const command = enclaveCommand(image.config.config, request.options);
  for (const warning of command.warnings) reports.warn(warning);

  const ramdisks = [bootRamdisk(blobs), customerRamdisk(tree, command)];
  const metadata = metadataOf(request, image, blobs, place.toolVersion);
  const { kernel, cmdline } = blobs;
  const plan = await planEif({ architecture, kernel, cmdline, metadata, ramdisks }, signal);
  const measurements = await build(plan, place.layerFile, spoolPaths, reports, signal);
  const output = await measureOutput(place.layerFile, architecture, measurements, reports, signal);
  await push(output, request, place, reports, signal);

  reports.progress({ step: JobStep.REGISTERING, progress: 99 });
  const { config, layer, manifest } = output;
  return {
    manifestDigest: manifest.digest,
    imageId: config.descriptor.digest.slice('sha256:'.length),
    sizeBytes: config.bytes.length + layer.size + manifest.bytes.length,
    measurements,
    exposedPorts: image.config.config.ExposedPorts ?? [],
  };
}

/** Types only are imported from the catalog: this runs in a process that loads nothing of GraphQL or the database. */
const OCI_ARCHITECTURES = { AMD64: 'amd64', ARM64: 'arm64' } as const satisfies Record<Architecture, string>;

const NOT_BOOTABLE =
  'The kernel in the blobs folder is none that boots: this image is for trying out and will not start as an enclave.';

/**
 * Layers one after the other: two at once would gain little and double what may be in memory. Each is laid over those
 * below before the next one comes, so that only one list of entries is held.
 */
async function pull(
  image: Image,
  place: ConversionPlace,
  reports: ConversionReports,
  signal: AbortSignal,
): Promise<{ tree: FileTree; spoolPaths: string[] }> {
  const total = image.layers.reduce((sum, { size }) => sum + size, 0);
  const onBytes = stepProgress(reports, JobStep.PULLING, [0, 40], total);
  const budget = new ImageBudget();
  const tree = new FileTree();
  const spoolPaths = image.layers.map((_, index) => join(place.spoolDir, `layer-${index}.tar`));
  const top = image.layers.length - 1;
  let uppermost: TarEntry[] = [];
  for (const [index, layer] of image.layers.entries()) {
    const stream = await place.input.openBlob(layer, signal);
    const source = { stream, mediaType: layer.mediaType, diffId: image.config.rootfs.diff_ids[index]! };
    const options = { spoolPath: spoolPaths[index]!, budget, signal, onBytes };
    const { entries } = await spoolLayer(source, options);
    if (index === top) uppermost = entries;
    else await applyLayer(tree, entries, index, signal);
  }
  reports.progress({ step: JobStep.FLATTENING, progress: 40 });
  await applyLayer(tree, uppermost, top, signal);
  return { tree, spoolPaths };
}

async function build(
  plan: EifPlan,
  layerFile: string,
  spoolPaths: string[],
  reports: ConversionReports,
  signal: AbortSignal,
): Promise<Measurements> {
  const onBytes = stepProgress(reports, JobStep.BUILDING, [42, 75], plan.sizeBytes);
  try {
    const file = await open(layerFile, 'wx', 0o600);
    try {
      const prefix = layerPrefix(plan.sizeBytes);
      await file.write(prefix, 0, prefix.length, 0);
      const target = { file, offset: prefix.length };
      const measurements = await writeEif(plan, target, { spoolPaths, signal, onBytes });
      const suffix = layerSuffix(plan.sizeBytes);
      await file.write(suffix, 0, suffix.length, prefix.length + plan.sizeBytes);
      return measurements;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw asDiskFailure(error);
  }
}

async function measureOutput(
  layerFile: string,
  architecture: 'amd64' | 'arm64',
  measurements: Measurements,
  reports: ConversionReports,
  signal: AbortSignal,
) {
  const onBytes = stepProgress(reports, JobStep.MEASURING, [75, 85]);
  const layer = await describeLayer(layerFile, signal, onBytes);
  return outputImage(layer, architecture, measurements);
}

async function push(
  output: ReturnType<typeof outputImage>,
  request: ConversionRequest,
  place: ConversionPlace,
  reports: ConversionReports,
  signal: AbortSignal,
): Promise<void> {
  const { config, layer, manifest } = output;
  const onBytes = stepProgress(reports, JobStep.PUSHING, [85, 98], layer.size);
  await place.output.writeBlob(config.descriptor, config.bytes, signal);
  await place.output.writeBlob(layer, { file: place.layerFile }, signal, onBytes);
  await place.output.writeManifest(request.output.tagOrDigest, manifest, signal);
}

function metadataOf(request: ConversionRequest, image: Image, blobs: BootBlobs, buildToolVersion: string): Buffer {
  const { host, repository } = request.input;
  return eifMetadata({
    imageName: host === undefined ? repository : `${host}/${repository}`,
    imageVersion: image.imageId.slice('sha256:'.length),
    buildToolVersion,
    operatingSystem: blobs.operatingSystem,
    kernelVersion: blobs.kernelVersion,
    customMetadata: blobs.bootable ? null : { NotBootable: NOT_BOOTABLE },
  });
}

/** Announces a step and turns bytes into percent of the whole job. */
function stepProgress(
  reports: ConversionReports,
  step: JobStep,
  [from, to]: [number, number],
  total?: number,
): OnBytes {
  let done = 0;
  const report = () => {
    const share = total ? Math.min(done / total, 1) : 0;
    const progress = Math.floor(from + share * (to - from));
    reports.progress({ step, progress, bytesDone: done, bytesTotal: total });
  };
  report();
  return (bytes) => {
    done += bytes;
    report();
  };
}

// What the gateway and the child process of a job tell each other over IPC.
import type { Warning } from '../builds/build-parts.js';
import type { JobStep } from '../events/job-step.js';
import type { BootBlob } from '../jobs/job.entity.js';
import type { JobFailureCode } from '../lib/job-failure.js';
import type { UpstreamOptions } from '../lib/upstream-options.js';
import type { EifDiff } from '../nitro/eif-diff.js';
import type { Measurements } from '../nitro/measure.js';
import type { RunConfig } from '../oci/image-config.js';
import type { Architecture } from '../oci/manifest.js';
import type { Recipe } from '../proof/recipe.js';
import type { ConversionRequest } from './conversion-request.js';
import type { ConversionCredentials, ImageTarget } from './image-target.js';
import type { ReproducedEif } from './reproduce.js';

interface Place {
  accountId: string;
  storeDir: string;
  /** Exists, is empty, and is removed by the parent. */
  spoolDir: string;
  blobsDir: string;
  /** The account's own; undefined for none. */
  cacheDir: string | undefined;
  upstream: UpstreamOptions;
}

export interface SigningTask {
  /** PEM. */
  certificate: string;
  /** Base64 of r and s, where it was made elsewhere; `parent` where the gateway makes it, on request. */
  by: { signature: string | undefined } | 'parent';
}

export interface ConversionTask extends Place {
  kind: 'convert';
  request: ConversionRequest;
  /** As the proof tells them. */
  names: { input: string; output: string };
  credentials: ConversionCredentials;
  signing?: SigningTask;
}

export interface ReproductionTask extends Place {
  kind: 'reproduce';
  /** Its output is what was pushed then, by digest. */
  request: ConversionRequest;
  recipe: Recipe;
  credentials: ConversionCredentials;
}

export interface DiffTask extends Place {
  kind: 'diff';
  images: [PushedImage, PushedImage];
}

export interface ImportTask extends Place {
  kind: 'import';
  input: ImageTarget;
  /** In the store, with a tag. */
  output: ImageTarget;
  credentials: Pick<ConversionCredentials, 'input'>;
  /** Bytes it may bring; undefined for as many as there is room for. */
  roomBytes: number | undefined;
}

export interface PushedImage {
  target: ImageTarget;
  credentials?: ConversionCredentials['output'];
}

export type ChildTask = ConversionTask | ReproductionTask | DiffTask | ImportTask;

export interface ConversionResult {
  /** Of the output image. */
  manifestDigest: string;
  imageId: string;
  sizeBytes: number;
  measurements: Measurements;
  /** Of the input image: `80/tcp` ... */
  exposedPorts: string[];
  recipe: Recipe;
}

/** What is known of an image that is in the store now. */
export interface ImportedImage {
  manifestDigest: string;
  /** Digest of its config. */
  imageId: string;
  architecture: Architecture;
  /** Of all its layers, as they are stored. */
  layerBytes: number;
  config: RunConfig;
  /** When its manifest was written, in milliseconds. */
  writtenAt: number;
}

/** A conversion that goes no further without a signature. */
export interface WantedSignature {
  pcr0: string;
  /** What the tag of the input image led to. */
  imageDigest: string;
}

export type TaskResult =
  | { kind: 'converted'; result: ConversionResult }
  | { kind: 'signatureWanted'; wanted: WantedSignature }
  | { kind: 'reproduced'; result: ReproducedEif }
  | { kind: 'diffed'; diff: EifDiff }
  | { kind: 'imported'; image: ImportedImage };

export type ChildMessage =
  | { type: 'progress'; step: JobStep; progress: number; bytesDone?: number; bytesTotal?: number }
  | { type: 'warning'; warning: Warning }
  | { type: 'log'; message: string }
  | { type: 'bootBlobs'; bootBlobs: BootBlob[] }
  /** Asks the parent, who has the key; answered by a SignatureMessage. */
  | { type: 'sign'; pcr0: string }
  | { type: 'done'; result: TaskResult }
  | { type: 'failed'; code: JobFailureCode; message: string; hint: string }
  | { type: 'crashed'; stack: string };

export interface SignatureMessage {
  /** Base64 of r and s. */
  signature: string;
}

// What the gateway and a conversion's child process tell each other over IPC.
import type { Warning } from '../builds/build-parts.js';
import type { JobStep } from '../events/job-step.js';
import type { BootBlob } from '../jobs/job.entity.js';
import type { JobFailureCode } from '../lib/job-failure.js';
import type { UpstreamOptions } from '../lib/upstream-options.js';
import type { Measurements } from '../nitro/measure.js';
import type { ConversionCredentials, ConversionRequest } from './conversion-request.js';

export interface ConversionTask {
  request: ConversionRequest;
  credentials: ConversionCredentials;
  accountId: string;
  storeDir: string;
  /** Exists, is empty, and is removed by the parent. */
  spoolDir: string;
  blobsDir: string;
  upstream: UpstreamOptions;
}

export interface ConversionResult {
  /** Of the output image. */
  manifestDigest: string;
  imageId: string;
  sizeBytes: number;
  measurements: Measurements;
  /** Of the input image: `80/tcp` ... */
  exposedPorts: string[];
}

export type ChildMessage =
  | { type: 'progress'; step: JobStep; progress: number; bytesDone?: number; bytesTotal?: number }
  | { type: 'warning'; warning: Warning }
  | { type: 'bootBlobs'; bootBlobs: BootBlob[] }
  | { type: 'done'; result: ConversionResult }
  | { type: 'failed'; code: JobFailureCode; message: string; hint: string }
  | { type: 'crashed'; stack: string };

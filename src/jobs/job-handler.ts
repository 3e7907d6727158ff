// What does the work of one kind of job. This folder knows the interface and no handler.
import type { JobStep } from '../events/job-step.js';
import type { Warning } from '../builds/build-parts.js';
import type { Transaction } from '../lib/transaction.js';
import type { BootBlob, Job, JobKind, OutputImage, Reproduction, SigningRequest } from './job.entity.js';

export interface JobProgress {
  step: JobStep;
  /** Percent of the whole job. */
  progress: number;
  bytesDone?: number;
  bytesTotal?: number;
}

/** How a handler talks to the job it works on; reports are written in order, in the background. */
export interface JobReports {
  progress(progress: JobProgress): void;
  warn(warning: Warning): void;
  /** One line of the job's log, without secrets. */
  log(message: string): void;
  note(bootBlobs: BootBlob[]): void;
}

export interface JobOutcome {
  buildId: string | null;
  outputImage: OutputImage | null;
  reproduction?: Reproduction;
  /** What was noticed only then; told before the end. */
  warnings?: Warning[];
}

/** The run ends, but the job waits for a signature, and then runs again. */
export interface JobWaits {
  signing: SigningRequest;
}

/** Writes what the job made, in the transaction that also ends the job. */
export type CompleteJob = (tx: Transaction, job: Job) => Promise<JobOutcome | JobWaits>;

export interface JobHandler {
  readonly kind: JobKind;
  /**
   * Does the work and returns how to register it. Throws JobFailure where it can't be done; ends soon after the
   * signal is aborted, with any error.
   */
  run(job: Job, credentials: object, reports: JobReports, signal: AbortSignal): Promise<CompleteJob>;
}

// Runs tasks in child processes: gives each a folder of its own and a deadline, and clears up behind it.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobReports } from '../jobs/job-handler.js';
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import type { UpstreamOptions } from '../lib/upstream-options.js';
import { asDiskFailure } from '../oci/image-failure.js';
import { trimLayerCaches } from '../oci/layer-cache.js';
import type { Store } from '../oci/store.js';
import type {
  ChildTask,
  ConversionTask,
  DiffTask,
  ImportTask,
  ReproductionTask,
  TaskResult,
} from './child-messages.js';
import { workInChild } from './child-process.js';
import type { GatewaySigner } from './gateway-signer.js';

/** What the processes are given. */
export interface ConversionSettings {
  storeDir: string;
  spoolDir: string;
  blobsDir: string;
  /** Unpacked layers of before; at most so many bytes, 0 for none. */
  cacheDir: string;
  cacheBytes: number;
  upstream: UpstreamOptions;
  environment: NodeJS.ProcessEnv;
  /** The longest that one run may take: a registry that drips must not hold a place for ever. */
  timeoutMs: number;
  signer?: GatewaySigner;
}

type PlaceKey = 'accountId' | 'storeDir' | 'spoolDir' | 'blobsDir' | 'cacheDir' | 'upstream';
type What =
  | Omit<ConversionTask, PlaceKey>
  | Omit<ReproductionTask, PlaceKey>
  | Omit<DiffTask, PlaceKey>
  | Omit<ImportTask, PlaceKey>;

export interface Assignment {
  /** Of the folder; nobody else has it. */
  name: string;
  accountId: string;
  what: What;
  /** Less than what is possible anyway. */
  timeoutMs?: number;
}

export class JobChild {
  constructor(
    readonly settings: ConversionSettings,
    readonly store: Store,
  ) {}

  /** Throws JobFailure, or the signal's reason. */
  async run(assignment: Assignment, reports: JobReports, signal: AbortSignal): Promise<TaskResult> {
    const { name, accountId, what } = assignment;
    const { storeDir, blobsDir, upstream, environment, signer, ...settings } = this.settings;
    const spoolDir = join(settings.spoolDir, name);
    const cacheDir = settings.cacheBytes > 0 ? join(settings.cacheDir, accountId) : undefined;
    const late = new AbortController();
    const timeoutMs = Math.min(assignment.timeoutMs ?? settings.timeoutMs, settings.timeoutMs);
    const timer = setTimeout(() => late.abort(tooLate(timeoutMs)), timeoutMs);
    try {
      await mkdir(spoolDir, { recursive: true });
      const place = { accountId, storeDir, spoolDir, blobsDir, cacheDir, upstream };
      // Only whoever was promised a signature gets one.
      const mayAsk = what.kind === 'convert' && what.signing?.by === 'parent';
      const parent = { environment, sign: mayAsk ? signer?.sign : undefined };
      const task: ChildTask = { ...what, ...place };
      return await workInChild(task, parent, reports, AbortSignal.any([signal, late.signal]));
    } catch (error) {
      throw asDiskFailure(error);
    } finally {
      clearTimeout(timer);
      // What is left is removed at the next start; it must not cost a result that is there.
      await rm(spoolDir, { recursive: true, force: true }).catch(() => undefined);
      await this.store.cleanTemporary().catch(() => undefined);
      await trimLayerCaches(settings.cacheDir, settings.cacheBytes).catch(() => undefined);
    }
  }
}

const tooLate = (timeoutMs: number) =>
  new JobFailure(
    JobFailureCode.DEADLINE_EXCEEDED,
    `The job took longer than the ${Math.ceil(timeoutMs / 1000)} seconds it may.`,
    'Look whether the registry is that slow, then start it again, with more time if need be.',
  );

// Works on NITRO_CONVERSION jobs: a child process converts, one transaction registers.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { AppService } from '../apps/app.service.js';
import { NetworkProtocol } from '../builds/docker-info.js';
import type { ExposedPort } from '../builds/docker-info.js';
import { appDraft } from '../builds/build.service.js';
import type { BuildService } from '../builds/build.service.js';
import { NitroHashAlgorithm, Platform } from '../builds/image-attributes.js';
import type { CompleteJob, JobHandler, JobOutcome, JobReports } from '../jobs/job-handler.js';
import { JobKind } from '../jobs/job.entity.js';
import type { Job } from '../jobs/job.entity.js';
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import type { Transaction } from '../lib/transaction.js';
import { asDiskFailure } from '../oci/image-failure.js';
import type { Store } from '../oci/store.js';
import { convertInChild } from './child-process.js';
import type { ConversionResult } from './child-messages.js';
import { formatTarget } from './conversion-request.js';
import type { ConversionCredentials, ConversionRequest } from './conversion-request.js';

/** What a conversion's process is given. */
export interface ConversionSettings {
  storeDir: string;
  spoolDir: string;
  blobsDir: string;
  upstreamAllow: string[];
  environment: NodeJS.ProcessEnv;
  /** A registry that drips must not hold a place for ever. */
  timeoutMs: number;
}

const MIB = 1024 * 1024;

export class ConversionHandler implements JobHandler {
  readonly kind = JobKind.NITRO_CONVERSION;

  constructor(
    private readonly settings: ConversionSettings,
    private readonly store: Store,
    private readonly apps: AppService,
    private readonly builds: BuildService,
  ) {}

  async run(job: Job, credentials: object, reports: JobReports, signal: AbortSignal): Promise<CompleteJob> {
    const request = job.input as ConversionRequest;
    const spoolDir = join(this.settings.spoolDir, `${job.id}-${job.attempt}`);
    warnOfIgnoredOptions(request, reports);
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(tooLate()), this.settings.timeoutMs);
    try {
      await mkdir(spoolDir, { recursive: true });
      const { storeDir, blobsDir, upstreamAllow, environment } = this.settings;
      const own = { request, credentials: credentials as ConversionCredentials, accountId: job.accountId };
      const task = { ...own, storeDir, spoolDir, blobsDir, upstreamAllow };
      const result = await convertInChild(task, environment, reports, AbortSignal.any([signal, late.signal]));
      return (tx, current) => this.register(tx, current, result);
    } catch (error) {
      throw asDiskFailure(error);
    } finally {
      clearTimeout(timer);
      // What is left is removed at the next start; it must not cost a result that is there.
      await rm(spoolDir, { recursive: true, force: true }).catch(() => undefined);
      await this.store.cleanTemporary().catch(() => undefined);
    }
  }

  private async register(tx: Transaction, job: Job, result: ConversionResult): Promise<JobOutcome> {
    const { accountId, id: jobId, warnings, requester } = job;
    const { appId, output, options, nitro, architecture } = job.input as ConversionRequest;
    const { pcr0, pcr1, pcr2 } = result.measurements;
    const app = appId === null ? {} : appDraft(await this.apps.get(tx, accountId, { id: appId }));
    const draft = {
      ...app,
      dockerInfo: {
        dockerImageName: formatTarget(output).slice(0, -output.tagOrDigest.length - 1),
        dockerVersion: output.tagOrDigest,
        dockerImageSha: result.imageId,
        dockerImageSizeMib: Math.ceil(result.sizeBytes / MIB),
        exposedPorts: distinctPorts(result.exposedPorts),
      },
      attributes: [
        {
          key: 'nitro_enclave',
          platform: Platform.NITRO_ENCLAVE as const,
          ...{ hashAlgorithm: NitroHashAlgorithm.SHA384, pcr0, pcr1, pcr2 },
        },
      ],
      architecture,
      memSizeMb: nitro.memSizeMb,
      cpuCount: nitro.cpuCount,
      advancedSettings: advancedSettings(options),
      enableOverlayFilesystemPersistence: nitro.enableOverlayFilesystemPersistence ?? false,
      jobId,
      warnings,
    };
    const build = await this.builds.register(tx, accountId, draft, requester);
    const name = formatTarget(output);
    return { buildId: build.id, outputImage: { name, digest: result.manifestDigest, sizeBytes: result.sizeBytes } };
  }
}

const tooLate = () =>
  new JobFailure(
    JobFailureCode.DEADLINE_EXCEEDED,
    'The conversion took longer than it may.',
    'Look whether the registry is that slow, then start the conversion again.',
  );

const IGNORED = {
  addCcmCaCertificates: 'no CA certificates of CCM are added',
  allowCmdlineArgs: "AWS's init takes no arguments at run time",
  debug: 'debug mode is chosen when the enclave is started',
  javaMode: 'a Java runtime is run like any other program',
} as const;

function warnOfIgnoredOptions({ options, nitro }: ConversionRequest, reports: JobReports): void {
  const warn = (option: string, why: string) =>
    reports.warn({ code: 'OPTION_IGNORED', message: `The option ${option} has no effect: ${why}.` });
  for (const [option, why] of Object.entries(IGNORED)) {
    if (options[option as keyof typeof IGNORED]) warn(option, why);
  }
  if (nitro.enableOverlayFilesystemPersistence) {
    warn('enableOverlayFilesystemPersistence', "AWS's init has no overlay, files are lost when the enclave ends");
  }
}

function advancedSettings({ entrypoint, envVars, mutableEnvVars, allowCmdlineArgs }: ConversionRequest['options']) {
  const settings = { entrypoint, manifestEnv: envVars, mutableEnv: mutableEnvVars, allowCmdlineArgs };
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return given.length > 0 ? Object.fromEntries(given) : null;
}

/** The format allows `80`, `080/TCP` and `80/tcp` side by side. */
function distinctPorts(texts: string[]): ExposedPort[] {
  const ports = texts.flatMap(parsePort);
  return [...new Map(ports.map((port) => [`${port.port}/${port.protocol}`, port])).values()];
}

function parsePort(text: string): ExposedPort[] {
  const [port, protocol = 'tcp'] = text.toLowerCase().split('/');
  const isKnown = /^\d{1,5}$/.test(port ?? '') && Number(port) >= 1 && Number(port) <= 65_535;
  if (!isKnown || !['tcp', 'udp'].includes(protocol)) return [];
  return [{ port: Number(port), protocol: protocol === 'udp' ? NetworkProtocol.UDP : NetworkProtocol.TCP }];
}

// What changed between two builds. The EIFs are compared in a child process, one pair at a time; a pair is compared once
// and remembered, as digests do not change.
import { randomUUID } from 'node:crypto';
import type { Build } from '../builds/build.entity.js';
import { measurementsOf } from '../builds/measurements.js';
import type { MeasuredValue } from '../builds/measurements.js';
import type { JobReports } from '../jobs/job-handler.js';
import { CatalogError } from '../lib/errors.js';
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import type { Logger } from '../lib/logger.js';
import type { EifDiff } from '../nitro/eif-diff.js';
import type { PushedImage } from './child-messages.js';
import { DiffTurns } from './diff-turns.js';
import type { ImageTarget } from './image-target.js';
import type { JobChild } from './job-child.js';
import type { PushedBuilds } from './pushed-build.js';
import { storedLogin } from './stored-logins.js';
import type { Logins } from './stored-logins.js';

export interface ComparedBuilds {
  a: Build;
  b: Build;
  measurements: { platform: MeasuredValue['platform']; name: string; a: string | null; b: string | null }[];
  /** Null where one of them was not converted here. */
  eif: EifDiff | null;
}

const TIMEOUT_MS = 10 * 60 * 1000;
const MAX_REMEMBERED = 50;
/** As JSON; what is larger is compared again. */
const MAX_REMEMBERED_BYTES = 1024 * 1024;

/** Somebody else's to mend; anything else is the gateway's. */
const UPSTREAM_FAILURES = new Set([
  JobFailureCode.IMAGE_NOT_FOUND,
  JobFailureCode.REGISTRY_UNAUTHORIZED,
  JobFailureCode.REGISTRY_UNREACHABLE,
  JobFailureCode.REGISTRY_FORBIDDEN_ADDRESS,
  JobFailureCode.DIGEST_MISMATCH,
  JobFailureCode.CREDENTIALS_UNREADABLE,
  JobFailureCode.DEADLINE_EXCEEDED,
]);

export class BuildDiffs {
  private readonly remembered = new Map<string, EifDiff>();
  private readonly turns = new DiffTurns();
  private readonly stopping = new AbortController();

  constructor(
    private readonly pushed: Pick<PushedBuilds, 'get'>,
    private readonly child: Pick<JobChild, 'run'>,
    private readonly logins: Logins,
    private readonly logger: Pick<Logger, 'error'>,
  ) {}

  /** Throws NOT_FOUND, TOO_MANY_REQUESTS, and UPSTREAM_FAILED where an EIF can not be had any more. */
  async compare(accountId: string, idA: string, idB: string): Promise<ComparedBuilds> {
    const a = await this.pushed.get(accountId, idA);
    const b = await this.pushed.get(accountId, idB);
    const eif = a.made && b.made ? await this.compareEifs(accountId, [a.made.target, b.made.target]) : null;
    return { a: a.build, b: b.build, measurements: changedMeasurements(a.build, b.build), eif };
  }

  /** Ends what is being compared, for good. */
  stop(): void {
    this.stopping.abort();
  }

  private async compareEifs(accountId: string, targets: [ImageTarget, ImageTarget]): Promise<EifDiff> {
    const key = [accountId, ...targets.map(({ tagOrDigest }) => tagOrDigest)].join(' ');
    const known = this.remembered.get(key);
    if (known) return known;
    return this.turns.run(accountId, async () => {
      // The one before may have been the same pair.
      const diff = this.remembered.get(key) ?? (await this.compareImages(accountId, targets));
      this.remember(key, diff);
      return diff;
    });
  }

  private async compareImages(accountId: string, [a, b]: [ImageTarget, ImageTarget]): Promise<EifDiff> {
    try {
      const images: [PushedImage, PushedImage] = [await this.imageOf(accountId, a), await this.imageOf(accountId, b)];
      const assignment = { name: `diff-${randomUUID()}`, accountId, what: { kind: 'diff' as const, images } };
      const done = await this.child.run({ ...assignment, timeoutMs: TIMEOUT_MS }, SILENT, this.stopping.signal);
      if (done.kind !== 'diffed') throw new Error('Not what was asked for');
      return done.diff;
    } catch (error) {
      throw this.told(error, accountId);
    }
  }

  private async imageOf(accountId: string, target: ImageTarget): Promise<PushedImage> {
    return { target, credentials: await storedLogin(this.logins, accountId, target) };
  }

  private told(error: unknown, accountId: string): unknown {
    if (this.stopping.signal.aborted) {
      return new CatalogError('INTERNAL_SERVER_ERROR', 'The gateway stops: ask again.', { status: 503 });
    }
    if (!(error instanceof JobFailure)) return error;
    const { code, message, hint } = error;
    if (UPSTREAM_FAILURES.has(code)) return new CatalogError('UPSTREAM_FAILED', `${message} ${hint}`);
    this.logger.error({ accountId, code, reason: message }, 'builds could not be compared');
    return new CatalogError('INTERNAL_SERVER_ERROR', `The builds could not be compared. ${message}`);
  }

  private remember(key: string, diff: EifDiff): void {
    if (Buffer.byteLength(JSON.stringify(diff)) > MAX_REMEMBERED_BYTES) return;
    this.remembered.set(key, diff);
    const [oldest] = this.remembered.keys();
    if (this.remembered.size > MAX_REMEMBERED) this.remembered.delete(oldest!);
  }
}

const SILENT: JobReports = { progress: () => {}, warn: () => {}, log: () => {}, note: () => {} };

function changedMeasurements(a: Build, b: Build): ComparedBuilds['measurements'] {
  const key = ({ platform, name }: MeasuredValue) => `${platform} ${name}`;
  const valuesOf = (build: Build) =>
    new Map(measurementsOf(build.attributes, build.enclaveInfo).map((measured) => [key(measured), measured]));
  const [ofA, ofB] = [valuesOf(a), valuesOf(b)];
  return [...new Map([...ofA, ...ofB])].flatMap(([name, measured]) => {
    const [before, after] = [ofA.get(name)?.value ?? null, ofB.get(name)?.value ?? null];
    return before === after ? [] : [{ platform: measured.platform, name: measured.name, a: before, b: after }];
  });
}

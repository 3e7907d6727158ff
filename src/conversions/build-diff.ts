// What changed between two builds. The EIFs are compared in a child process, one pair at a time; a pair is compared once
// and remembered, as digests do not change.
import { randomUUID } from 'node:crypto';
import type { Build } from '../builds/build.entity.js';
import { measurementsOf } from '../builds/measurements.js';
import type { MeasuredValue } from '../builds/measurements.js';
import type { JobReports } from '../jobs/job-handler.js';
import { CatalogError } from '../lib/errors.js';
import { JobFailure } from '../lib/job-failure.js';
import type { EifDiff } from '../nitro/eif-diff.js';
import type { PushedImage } from './child-messages.js';
import type { JobChild } from './job-child.js';
import type { PushedBuild, PushedBuilds } from './pushed-build.js';
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
const MAX_WAITING = 8;

export class BuildDiffs {
  private readonly remembered = new Map<string, EifDiff>();
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  constructor(
    private readonly pushed: PushedBuilds,
    private readonly child: JobChild,
    private readonly logins: Logins,
  ) {}

  /** Throws NOT_FOUND, TOO_MANY_REQUESTS, and UPSTREAM_FAILED where an EIF can not be had any more. */
  async compare(accountId: string, idA: string, idB: string): Promise<ComparedBuilds> {
    const a = await this.pushed.get(accountId, idA);
    const b = await this.pushed.get(accountId, idB);
    const eif = await this.compareEifs(accountId, a.made, b.made);
    return { a: a.build, b: b.build, measurements: changedMeasurements(a.build, b.build), eif };
  }

  private async compareEifs(
    accountId: string,
    a: PushedBuild['made'],
    b: PushedBuild['made'],
  ): Promise<EifDiff | null> {
    if (!a || !b) return null;
    const key = [accountId, a.target.tagOrDigest, b.target.tagOrDigest].join(' ');
    const known = this.remembered.get(key);
    if (known) return known;
    const images: [PushedImage, PushedImage] = [
      { target: a.target, credentials: await storedLogin(this.logins, accountId, a.target) },
      { target: b.target, credentials: await storedLogin(this.logins, accountId, b.target) },
    ];
    const diff = await this.inTurn(() => this.compareImages(accountId, images));
    this.remembered.set(key, diff);
    const [oldest] = this.remembered.keys();
    if (this.remembered.size > MAX_REMEMBERED) this.remembered.delete(oldest!);
    return diff;
  }

  private async compareImages(accountId: string, images: [PushedImage, PushedImage]): Promise<EifDiff> {
    const assignment = { name: `diff-${randomUUID()}`, accountId, what: { kind: 'diff' as const, images } };
    try {
      const signal = AbortSignal.any([]);
      const done = await this.child.run({ ...assignment, timeoutMs: TIMEOUT_MS }, SILENT, signal);
      if (done.kind !== 'diffed') throw new Error('Not what was asked for');
      return done.diff;
    } catch (error) {
      if (!(error instanceof JobFailure)) throw error;
      throw new CatalogError('UPSTREAM_FAILED', `${error.message} ${error.hint}`);
    }
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.waiting >= MAX_WAITING) {
      throw new CatalogError('TOO_MANY_REQUESTS', 'Other builds are being compared: try again later.', {
        retryAfterSeconds: 30,
      });
    }
    this.waiting += 1;
    const turn = this.last.then(work);
    this.last = turn.catch(() => undefined);
    return turn.finally(() => (this.waiting -= 1));
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

// Writes jobs. Every write locks the job's row, checks that it still is what the writer thinks, and appends events in
// the same transaction; so a run that was given up for dead can change nothing.
import { In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { actorOf } from '../auth/principal.js';
import type { Principal } from '../auth/principal.js';
import { rowLock } from '../db/row-lock.js';
import { isUniqueViolation } from '../db/unique-violation.js';
import { isFinal, JobStatus } from '../events/job-event.entity.js';
import type { JobEvents } from '../events/job-events.js';
import type { Actor } from '../events/catalog-log.entity.js';
import { CatalogError, notFound } from '../lib/errors.js';
import { newHexId } from '../lib/ids.js';
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import { canonicalJson } from '../lib/json.js';
import type { Seal } from '../lib/seal.js';
import type { Transaction } from '../lib/transaction.js';
import type { QueuedJob } from './job-queue.js';
import { applyChange } from './job-state.js';
import type { JobChange } from './job-state.js';
import { Job } from './job.entity.js';
import type { JobKind, OutputImage } from './job.entity.js';

const OPEN = Object.values(JobStatus).filter((status) => !isFinal(status));

export interface NewJob {
  kind: JobKind;
  /** What was asked for, without secrets. */
  input: object;
  /** What the job does, where that is more than was asked for; called only for a new job. */
  complete?: () => Promise<object>;
  /** Kept encrypted until the job is final. */
  credentials: object;
  outputImage: OutputImage | null;
  idempotencyKey?: string | null;
  /** Join a job that is not final and was asked for with the same input and credentials. */
  join?: boolean;
  /** The job that it is to take the place of. */
  retryOf?: string;
}

/** Who asks for a job without signing in: the gateway itself. */
export interface Requester {
  accountId: string;
  requester: Actor;
}

/** One run of a job: void as soon as another run starts or the job is final. */
export type Run = Pick<Job, 'accountId' | 'id' | 'attempt'>;

/** What follows from the end of a job, whichever it is, in the transaction that ends it. */
export type JobEndListener = (tx: Transaction, job: Job) => Promise<void>;

/** An equal request came at the same moment and won (PostgreSQL only): try again, and its job will be found. */
export class EqualJobAtOnce extends Error {}

/** The run is void: somebody cancelled the job, or it was started again. */
export class RunIsVoid extends Error {}

export class JobService {
  private readonly endListeners: JobEndListener[] = [];

  constructor(
    private readonly events: JobEvents,
    private readonly seal: Seal,
  ) {}

  /** Called by the composition root only. What a listener throws keeps the job from ending. */
  onEnd(listener: JobEndListener): void {
    this.endListeners.push(listener);
  }

  /**
   * A new job, queued; or the one that an equal request made before, by idempotency key or by joining. The caller
   * enqueues it after COMMIT. Throws CONFLICT where the key was used for something else,
   * and EqualJobAtOnce.
   */
  async create(tx: Transaction, by: Principal | Requester, wanted: NewJob): Promise<{ job: Job; isNew: boolean }> {
    const { accountId } = by;
    const { kind, outputImage } = wanted;
    const asked = canonicalJson([kind, wanted.input, wanted.credentials]);
    const fingerprint = this.seal.fingerprint(asked);
    const known = await this.findEqual(tx, accountId, wanted, asked);
    if (known) return { job: known, isNew: false };
    const id = newHexId();
    const input = (await wanted.complete?.()) ?? wanted.input;
    const job = Object.assign(new Job(), blankJob(), { accountId, id, kind, input, outputImage });
    job.inputFingerprint = fingerprint;
    job.idempotencyKey = wanted.idempotencyKey ?? null;
    // Whoever gives a key asks for a job of its own: it neither joins nor is joined.
    job.joinKey = wanted.join && !wanted.idempotencyKey ? fingerprint : null;
    job.retryOf = wanted.retryOf ?? null;
    job.requester = 'requester' in by ? by.requester : actorOf(by);
    job.sealedCredentials = this.seal.close(JSON.stringify(wanted.credentials), id);
    const event = applyChange(job, { type: 'queued' }, job.createdAt)!;
    await tx.manager.insert(Job, job as never).catch((error: unknown) => {
      throw isUniqueViolation(error) ? new EqualJobAtOnce() : error;
    });
    await this.events.append(tx, [event]);
    return { job, isNew: true };
  }

  private async findEqual(tx: Transaction, accountId: string, wanted: NewJob, asked: string): Promise<Job | null> {
    if (wanted.idempotencyKey) {
      const { idempotencyKey } = wanted;
      const job = await tx.manager.findOneBy(Job, { accountId, idempotencyKey });
      if (job && !this.seal.isFingerprintOf(asked, job.inputFingerprint)) {
        throw new CatalogError('CONFLICT', 'This idempotency key was used for another input.', {
          field: ['idempotencyKey'],
        });
      }
      return job;
    }
    return wanted.join ? tx.manager.findOneBy(Job, { accountId, joinKey: this.seal.fingerprint(asked) }) : null;
  }

  /** What the job may know in secret; throws JobFailure where the key was changed since. */
  credentialsOf(job: Job): object {
    if (!job.sealedCredentials) return {};
    try {
      return JSON.parse(this.seal.open(job.sealedCredentials, job.id)) as object;
    } catch {
      const message = 'The credentials of the job can not be read with the present key.';
      const hint =
        'SECRETS_KEY or DATA_DIR/secrets.key was changed while the job waited: start the conversion again, or the ' +
        'gateway with the former key in SECRETS_KEY_PREVIOUS.';
      throw new JobFailure(JobFailureCode.CREDENTIALS_UNREADABLE, message, hint);
    }
  }

  /** The jobs that wait to be started, oldest first. */
  async listQueued(manager: EntityManager): Promise<QueuedJob[]> {
    const order = { createdAt: 'ASC', id: 'ASC' } as const;
    const where = { status: JobStatus.QUEUED };
    const jobs = await manager.find(Job, { select: { id: true, accountId: true, kind: true }, where, order });
    return jobs.map(({ accountId, id, kind }) => ({ accountId, id, kind }));
  }

  /** The jobs of one kind that are not final, not locked. */
  listOpen(tx: Transaction, accountId: string, kind: JobKind): Promise<Job[]> {
    return tx.manager.findBy(Job, { accountId, kind, status: In(OPEN) });
  }

  /** A job that is not final, not locked; null where there is none. */
  findOpen(tx: Transaction, accountId: string, id: string): Promise<Job | null> {
    return tx.manager.findOneBy(Job, { accountId, id, status: In(OPEN) });
  }

  /** Locks a job for the rest of the transaction; throws NOT_FOUND. */
  async lock(tx: Transaction, accountId: string, id: string): Promise<Job> {
    const job = await lock(tx.manager, { accountId, id });
    if (!job) throw notFound('job', id);
    return job;
  }

  /** The job that takes the place of another one and is not final yet. */
  findRetry(tx: Transaction, accountId: string, retryOf: string): Promise<Job | null> {
    return tx.manager.findOneBy(Job, { accountId, retryOf, status: In(OPEN) });
  }

  /** Gives a WAITING job, locked in this transaction, the signature it waits for; the caller queues it after COMMIT. */
  attachSignature(tx: Transaction, job: Job, signature: string): Promise<Job> {
    return this.change(tx, job, [{ type: 'signed', signature }]);
  }

  /** Gives up the jobs whose signature did not come in time. */
  async expireWaiting(tx: Transaction, now: Date): Promise<void> {
    const select = { accountId: true, id: true, signing: { expiresAt: true } } as const;
    const waiting = await tx.manager.find(Job, { select, where: { status: JobStatus.WAITING } });
    for (const { accountId, id } of waiting.filter(({ signing }) => new Date(signing!.expiresAt) <= now)) {
      const job = await this.lock(tx, accountId, id);
      if (job.status !== JobStatus.WAITING) continue;
      await this.change(tx, job, [{ type: 'failed', failure: SIGNATURE_MISSED }]);
    }
  }

  /** Starts a run of a queued job, or of one whose run was lost; undefined where there is nothing to run. */
  async start(tx: Transaction, jobId: string): Promise<Job | undefined> {
    const job = await lock(tx.manager, { id: jobId });
    if (!job || job.status !== JobStatus.QUEUED) return undefined;
    return this.change(tx, job, [{ type: 'started' }]);
  }

  /** Writes what a run reports; throws RunIsVoid. */
  async advance(tx: Transaction, run: Run, changes: JobChange[]): Promise<Job> {
    return this.change(tx, await this.lockRun(tx, run), changes);
  }

  /** Notes on a job, locked in this transaction, what its next run must know should this one be lost. */
  async setInput(tx: Transaction, { accountId, id }: Run, input: object): Promise<void> {
    await tx.manager.update(Job, { accountId, id }, { input });
  }

  /** Locks the job for the rest of the transaction; throws RunIsVoid. */
  async lockRun(tx: Transaction, { accountId, id, attempt }: Run): Promise<Job> {
    const job = await lock(tx.manager, { accountId, id });
    if (job?.status === JobStatus.RUNNING && job.attempt === attempt) return job;
    throw new RunIsVoid(`Run ${attempt} of job ${id} is void`);
  }

  /**
   * Ends the job as CANCELLED unless it ended otherwise, which throws CONFLICT. A cancelled job stays as it is.
   * Stopping its run is up to the caller, after COMMIT.
   */
  async cancel(tx: Transaction, accountId: string, id: string): Promise<Job> {
    const job = await this.lock(tx, accountId, id);
    if (job.status === JobStatus.CANCELLED) return job;
    if (isFinal(job.status)) throw new CatalogError('CONFLICT', `The job ended as ${job.status} already.`);
    return this.change(tx, job, [{ type: 'cancelled' }]);
  }

  /** Forgets jobs with their events, those of them that are final. */
  async remove(tx: Transaction, accountId: string, ids: readonly string[]): Promise<void> {
    const status = In(Object.values(JobStatus).filter(isFinal));
    const jobs = await tx.manager.find(Job, { select: { id: true }, where: { accountId, id: In([...ids]), status } });
    if (jobs.length === 0) return;
    const gone = jobs.map(({ id }) => id);
    await this.events.remove(tx, accountId, gone);
    await tx.manager.delete(Job, { accountId, id: In(gone) });
  }

  /** Takes a build that goes off the jobs that made it. */
  async forgetBuild(tx: Transaction, accountId: string, buildId: string): Promise<void> {
    await tx.manager.update(Job, { accountId, buildId }, { buildId: null });
  }

  /** Puts back what a process left running when it died; `lost` decides for each job how it goes on. */
  async recover(tx: Transaction, lost: (job: Job) => JobChange): Promise<QueuedJob[]> {
    const running = await tx.manager.findBy(Job, { status: JobStatus.RUNNING });
    for (const { accountId, id } of running) {
      const job = await lock(tx.manager, { accountId, id });
      if (job?.status === JobStatus.RUNNING) await this.change(tx, job, [lost(job)]);
    }
    return this.listQueued(tx.manager);
  }

  private async change(tx: Transaction, job: Job, changes: JobChange[]): Promise<Job> {
    const at = new Date();
    const events = changes.flatMap((change) => applyChange(job, change, at) ?? []);
    const { accountId, id } = job;
    await tx.manager.update(Job, { accountId, id }, job);
    if (events.length > 0) await this.events.append(tx, events);
    if (isFinal(job.status)) for (const listener of this.endListeners) await listener(tx, job);
    return job;
  }
}

const lock = (manager: EntityManager, where: { accountId?: string; id: string }): Promise<Job | null> =>
  manager.findOne(Job, { where, lock: rowLock(manager) });

const SIGNATURE_MISSED = {
  code: JobFailureCode.DEADLINE_EXCEEDED,
  message: 'The signature the job waited for did not come in time.',
  hint: 'Retry the job, and attach the signature before `signing.expiresAt`.',
};

const blankJob = (): Partial<Job> => ({
  status: JobStatus.QUEUED,
  step: null,
  progress: 0,
  attempt: 0,
  losses: 0,
  buildId: null,
  bootBlobs: [],
  failure: null,
  retryOf: null,
  signing: null,
  reproduction: null,
  warnings: [],
  lastSeq: 0,
  createdAt: new Date(),
  startedAt: null,
  finishedAt: null,
});

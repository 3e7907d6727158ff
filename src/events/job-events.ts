// Writes and reads the numbered events of jobs. The numbers come from the job's own row (jobs/), in its transaction.
import { In, LessThanOrEqual, MoreThan } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { firstOfEach } from '../db/first-of-each.js';
import { fromRow, selectRows } from '../db/from-row.js';
import type { Transaction } from '../lib/transaction.js';
import { follow } from './feed.js';
import type { Feed } from './feed.js';
import { isFinal, JobEvent, JobEventKind, JobStatus } from './job-event.entity.js';
import type { JobStep } from './job-step.js';
import type { Waker } from './waker.js';

const PAGE = 200;
const FINAL = Object.values(JobStatus).filter(isFinal);

/** At most `first` events after `afterSeq`, of these kinds or of all. */
export interface EventPage {
  afterSeq: number;
  first: number;
  kinds?: JobEventKind[];
}

export interface StepStart {
  jobId: string;
  step: JobStep;
  at: Date;
}

export class JobEvents {
  constructor(
    private readonly reader: EntityManager,
    private readonly waker: Waker,
  ) {}

  /** Appends events whose numbers were taken in the same transaction, and wakes the watchers once it is durable. */
  async append(tx: Transaction, events: JobEvent[]): Promise<void> {
    await tx.manager.insert(JobEvent, events);
    for (const { accountId, jobId } of events) tx.afterCommit(() => this.waker.wake(topic(accountId, jobId)));
  }

  /** Those of jobs that are about to be forgotten. */
  async remove({ manager }: Transaction, accountId: string, jobIds: readonly string[]): Promise<void> {
    await manager.delete(JobEvent, { accountId, jobId: In([...jobIds]) });
  }

  list(accountId: string, jobId: string, afterSeq: number, first: number): Promise<JobEvent[]> {
    return this.reader.find(JobEvent, {
      where: { accountId, jobId, seq: MoreThan(afterSeq) },
      order: { seq: 'ASC' },
      take: first,
    });
  }

  /** Events of each of several jobs, by job, in one statement. */
  async listOfEach(accountId: string, jobIds: readonly string[], page: EventPage): Promise<JobEvent[][]> {
    const { afterSeq, first, kinds } = page;
    const query = selectRows(this.reader, JobEvent, 'event');
    query.where({ accountId, jobId: In([...jobIds]), seq: MoreThan(afterSeq) });
    if (kinds) query.andWhere({ kind: In(kinds) });
    const rows = await firstOfEach(query, { column: 'jobId', order: 'event.seq' }, jobIds, first);
    return rows.map((ofJob) => ofJob.map((row) => fromRow(JobEvent, row)));
  }

  /** When each of several jobs first came to each step, in one statement. */
  async stepStarts(accountId: string, jobIds: readonly string[]): Promise<StepStart[]> {
    const query = this.reader.createQueryBuilder(JobEvent, 'event');
    query.select('event.jobId', 'jobId').addSelect('event.step', 'step').addSelect('MIN(event.at)', 'at');
    query.where({ accountId, jobId: In([...jobIds]) }).andWhere('event.step IS NOT NULL');
    const rows = await query
      .groupBy('event.jobId')
      .addGroupBy('event.step')
      .getRawMany<Record<keyof StepStart, string>>();
    return rows.map(({ jobId, step, at }) => ({ jobId, step: step as JobStep, at: new Date(Number(at)) }));
  }

  /** Every event after `afterSeq` once and in order, then live ones; ends after the final one. */
  watch(accountId: string, jobId: string, afterSeq: number, signal: AbortSignal): AsyncGenerator<JobEvent, void> {
    const feed: Feed<JobEvent> = {
      topic: topic(accountId, jobId),
      read: (seq) => this.list(accountId, jobId, seq, PAGE),
      seqOf: (event) => event.seq,
      isLast: (event) => event.kind === JobEventKind.STATUS && isFinal(event.status),
      isOver: (seq) => {
        const last = { kind: JobEventKind.STATUS, status: In(FINAL), seq: LessThanOrEqual(seq) };
        return this.reader.existsBy(JobEvent, { accountId, jobId, ...last });
      },
      gap: (next) => gapBefore(next),
    };
    return follow(feed, this.waker, afterSeq, signal);
  }
}

const topic = (accountId: string, jobId: string): string => `job ${accountId} ${jobId}`;

function gapBefore(next: JobEvent): JobEvent {
  const message = `Events up to number ${next.seq - 1} were pruned.`;
  const nothing = { progress: null, bytesDone: null, bytesTotal: null, code: null, buildId: null };
  return Object.assign(new JobEvent(), next, nothing, { seq: next.seq - 1, kind: JobEventKind.GAP, message });
}

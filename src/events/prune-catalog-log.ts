// Takes the oldest lines off the catalog log, by age and count. First a checkpoint, a line of the log itself, says up to
// where, together with the head; then the lines go, in slices that let other writers in between. Whatever breaks that
// off, the chain can be verified, and the next run goes on.
import { Between, LessThanOrEqual, MoreThan, Not } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { storedTime } from '../db/columns.js';
import type { InTransaction } from '../lib/transaction.js';
import type { LogFault } from './catalog-log-check.js';
import { walkLog } from './catalog-log-check.js';
import { CatalogLogHead, CatalogLogLine } from './catalog-log.entity.js';
import { recordChange } from './catalog-log.js';

/** What is kept; 0 for everything. A line goes that is beyond either. */
export interface LogBounds {
  catalogLogDays: number;
  catalogLogLines: number;
}

export interface Pruned {
  lines: number;
  /** Logs that are not what the gateway wrote: they are left as they are, so that it can be seen. */
  broken: (LogFault & { accountId: string })[];
}

const DAY_MS = 24 * 60 * 60 * 1000;
const ACCOUNTS_AT_ONCE = 200;
const LINES_PER_DELETE = 500;
/** Lines come with their documents. */
const LINES_PER_CHECK = 50;
const PRUNER = { type: 'SYSTEM', id: null, name: 'prune' } as const;

export class PruneCatalogLog {
  constructor(
    private readonly reader: EntityManager,
    private readonly inTransaction: InTransaction,
    private readonly bounds: LogBounds,
  ) {}

  /** Every account's, one after the other, until the signal is aborted. */
  async run(stopping: AbortSignal): Promise<Pruned> {
    const pruned: Pruned = { lines: 0, broken: [] };
    for (let after = ''; ;) {
      const where = { accountId: MoreThan(after) };
      const order = { accountId: 'ASC' } as const;
      const heads = await this.reader.find(CatalogLogHead, { where, order, take: ACCOUNTS_AT_ONCE });
      for (const head of heads) {
        if (stopping.aborted) return pruned;
        await this.pruneOne(head, pruned, stopping);
      }
      if (heads.length < ACCOUNTS_AT_ONCE) return pruned;
      after = heads.at(-1)!.accountId;
    }
  }

  private async pruneOne(head: CatalogLogHead, pruned: Pruned, stopping: AbortSignal): Promise<void> {
    const { accountId } = head;
    // What a process that died has left comes first.
    pruned.lines += await this.deleteUpTo(accountId, head.prunedSeq, stopping);
    const last = await this.lastToGo(head);
    if (!last) return;
    // Else pruning would cover up what somebody did to the lines that go.
    const options = { upTo: last.seq, page: LINES_PER_CHECK, stopping };
    const { fault, lines, lastHash } = await walkLog(this.reader, accountId, head, options);
    if (stopping.aborted) return;
    if (fault || lines !== last.seq || lastHash !== last.hash) {
      pruned.broken.push({ accountId, ...(fault ?? { seq: lines + 1, what: 'it is missing' }) });
      return;
    }
    await this.checkpoint(head, last);
    pruned.lines += await this.deleteUpTo(accountId, last.seq, stopping);
  }

  /** Undefined where all may stay. The newest line stays, and nothing is done for checkpoints alone. */
  private async lastToGo(head: CatalogLogHead): Promise<CatalogLogLine | undefined> {
    const { accountId, seq: newest, prunedSeq } = head;
    const kept = this.bounds.catalogLogLines;
    // The checkpoint is a line too: there would be one more the next time.
    const byCount = kept > 0 && newest - prunedSeq > kept ? newest + 1 - kept : 0;
    const seq = Math.min(Math.max(byCount, await this.lastTooOld(head)), newest - 1);
    if (seq <= prunedSeq) return undefined;
    const others = { accountId, seq: Between(prunedSeq + 1, seq), kind: Not('CHECKPOINT' as const) };
    if (!(await this.reader.existsBy(CatalogLogLine, others))) return undefined;
    return (await this.reader.findOneBy(CatalogLogLine, { accountId, seq })) ?? undefined;
  }

  /** Number of the last line before the first that is young enough; clocks may go back. */
  private async lastTooOld({ accountId, seq: newest, prunedSeq }: CatalogLogHead): Promise<number> {
    if (this.bounds.catalogLogDays === 0) return 0;
    const since = storedTime(new Date(Date.now() - this.bounds.catalogLogDays * DAY_MS));
    const young = this.reader.createQueryBuilder(CatalogLogLine, 'line').select('line.seq', 'seq');
    young.where({ accountId, seq: MoreThan(prunedSeq) }).andWhere('line.at >= :since', { since });
    const first = await young.orderBy('line.seq', 'ASC').limit(1).getRawOne<{ seq: number }>();
    return first ? Number(first.seq) - 1 : newest;
  }

  private checkpoint({ accountId, prunedSeq: before }: CatalogLogHead, last: CatalogLogLine): Promise<void> {
    const { seq: prunedSeq, hash: prunedHash, at: prunedUntil } = last;
    return this.inTransaction(async (tx) => {
      await tx.manager.update(CatalogLogHead, { accountId }, { prunedSeq, prunedHash });
      recordChange(tx, {
        ...{ accountId, kind: 'CHECKPOINT', entityType: 'CatalogLog', entityId: accountId, actor: PRUNER },
        after: { prunedSeq, prunedHash, prunedLines: prunedSeq - before, prunedUntil },
      });
    });
  }

  /** From the oldest on, so that what is left is always a whole end; how many it were. */
  private async deleteUpTo(accountId: string, prunedSeq: number, stopping: AbortSignal): Promise<number> {
    let deleted = 0;
    const select = { accountId: true, seq: true } as const;
    while (!stopping.aborted) {
      const oldest = await this.reader.findOne(CatalogLogLine, { select, where: { accountId }, order: { seq: 'ASC' } });
      if (!oldest || oldest.seq > prunedSeq) break;
      const upTo = Math.min(oldest.seq + LINES_PER_DELETE - 1, prunedSeq);
      await this.inTransaction((tx) => tx.manager.delete(CatalogLogLine, { accountId, seq: LessThanOrEqual(upTo) }));
      deleted += upTo - oldest.seq + 1;
    }
    return deleted;
  }
}

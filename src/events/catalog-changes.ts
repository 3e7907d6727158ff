// The catalog log as a stream: what changed after a number, then what changes.
import { In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import type { CatalogChange } from './catalog-change.js';
import { CatalogLogHead, CatalogLogLine } from './catalog-log.entity.js';
import { withoutPruned } from './catalog-log.query.js';
import { catalogTopic } from './catalog-log.js';
import { follow } from './feed.js';
import type { Feed } from './feed.js';
import type { Waker } from './waker.js';

const PAGE = 200;
const GATEWAY = { type: 'SYSTEM', id: null, name: 'prune' } as const;

/** Which changes of a page somebody wants to know of. */
export type PickChanges = (changes: CatalogChange[]) => Promise<CatalogChange[]>;

interface Read {
  change: CatalogChange;
  isPicked: boolean;
}

/** An entity before and after a change; `seq` is the number of the change. */
export type ChangedDocuments = Pick<CatalogLogLine, 'seq' | 'before' | 'after'>;

export class CatalogChanges {
  constructor(
    private readonly reader: EntityManager,
    private readonly waker: Waker,
  ) {}

  /** Number of the newest line; 0 where there is none. */
  async lastSeq(accountId: string): Promise<number> {
    return (await this.reader.findOneBy(CatalogLogHead, { accountId }))?.seq ?? 0;
  }

  /** Every picked change after `afterSeq` once and in order, then live ones, until the signal is aborted. */
  async *watch(
    accountId: string,
    afterSeq: number,
    pick: PickChanges,
    signal: AbortSignal,
  ): AsyncGenerator<CatalogChange, void, undefined> {
    const feed: Feed<Read> = {
      topic: catalogTopic(accountId),
      read: async (seq) => picked(await this.list(accountId, seq), pick),
      seqOf: ({ change }) => change.seq,
      isLast: () => false,
      isOver: async () => false,
      gap: ({ change }) => ({ change: gapBefore(accountId, change), isPicked: true }),
    };
    // What was not picked is read all the same: its numbers are no gap.
    for await (const { change, isPicked } of follow(feed, this.waker, afterSeq, signal)) if (isPicked) yield change;
  }

  /** They may be large: ask for few at once. */
  documents(accountId: string, seqs: readonly number[]): Promise<ChangedDocuments[]> {
    const select = { accountId: true, seq: true, before: true, after: true } as const;
    return this.reader.find(CatalogLogLine, { select, where: { accountId, seq: In([...seqs]) } });
  }

  /** Without what is about to be pruned, so that there is one gap and not one for each slice of it. */
  private list(accountId: string, seq: number): Promise<CatalogChange[]> {
    const query = this.reader
      .createQueryBuilder(CatalogLogLine, 'line')
      .select(['accountId', 'seq', 'at', 'kind', 'entityType', 'entityId', 'actor'].map((name) => `line.${name}`))
      .where('line.accountId = :accountId AND line.seq > :seq', { accountId, seq })
      .orderBy('line.seq', 'ASC')
      .limit(PAGE);
    withoutPruned(query, accountId);
    return query.getMany();
  }
}

async function picked(changes: CatalogChange[], pick: PickChanges): Promise<Read[]> {
  const wanted = new Set(await pick(changes));
  return changes.map((change) => ({ change, isPicked: wanted.has(change) }));
}

const gapBefore = (accountId: string, { seq, at }: CatalogChange): CatalogChange => ({
  ...{ seq: seq - 1, at, kind: 'GAP', entityType: 'CatalogLog', entityId: accountId, actor: GATEWAY },
});

// Walks an account's log and computes its chain of hashes again. What was changed, taken out or added behind the
// gateway's back shows; only who also rewrites every later line and the head goes unseen, so the last hash is told:
// noted elsewhere, it shows even that. What was pruned is not there to be checked: the last checkpoint, a line of the
// chain itself, must say the same of it as the head.
import { MoreThan } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { fromRow, selectRows } from '../db/from-row.js';
import type { Row } from '../db/from-row.js';
import { CatalogLogHead, CatalogLogLine, FIRST_HASH } from './catalog-log.entity.js';
import { hashLine } from './catalog-log.js';

/** Lines come with documents of before and after, of up to a MiB. */
const PAGE = 100;

export interface LogFault {
  seq: number;
  what: string;
}

/** Says of the lines before it which of them are gone. */
export interface Checkpoint {
  /** Its own number. */
  seq: number;
  prunedSeq: unknown;
  prunedHash: unknown;
}

export interface LogCheck {
  /** As far as the chain holds. */
  lines: number;
  lastHash: string;
  /** How many of them were pruned. */
  pruned: number;
  checkpoint?: Checkpoint;
  fault?: LogFault;
}

interface WalkOptions {
  upTo?: number;
  page?: number;
  /** Ends the walk where it is. */
  stopping?: AbortSignal;
}

type PrunedEnd = Pick<CatalogLogHead, 'prunedSeq' | 'prunedHash'>;
const UNPRUNED: PrunedEnd = { prunedSeq: 0, prunedHash: FIRST_HASH };

/** @param manager of a transaction whose reads all see the same moment: a gateway may append meanwhile */
export async function checkLog(manager: EntityManager, accountId: string): Promise<LogCheck> {
  const head = await manager.findOneBy(CatalogLogHead, { accountId });
  const state = await walkLog(manager, accountId, head ?? UNPRUNED);
  return state.fault ? state : { ...state, fault: headFault(state, head) ?? checkpointFault(state, head) };
}

/**
 * As far as the chain holds, from its first line to the last one or the one of that number. Lines that were to be
 * pruned and are still there must be a whole end of what was.
 */
export async function walkLog(
  manager: EntityManager,
  accountId: string,
  end: PrunedEnd,
  { upTo = Infinity, page = PAGE, stopping }: WalkOptions = {},
): Promise<LogCheck> {
  let state: LogCheck = { lines: end.prunedSeq, lastHash: end.prunedHash, pruned: end.prunedSeq };
  for (let after: number | undefined; !stopping?.aborted;) {
    const rows = await readLines(manager, accountId, { after, page });
    if (after === undefined) state = startAt(state, rows[0]);
    for (const row of rows) {
      if (Number(row.seq) > upTo) return state;
      state = follow(state, row, end);
      if (state.fault) return state;
    }
    if (rows.length < page || state.lines >= upTo) return state;
    after = state.lines;
  }
  return state;
}

/** A process that died may have left lines that a checkpoint says are pruned; nothing is known of the one before. */
function startAt(state: LogCheck, first: Row | undefined): LogCheck {
  if (!first || Number(first.seq) < 1 || Number(first.seq) > state.pruned) return state;
  return { ...state, lines: Number(first.seq) - 1, lastHash: '' };
}

function readLines(
  manager: EntityManager,
  accountId: string,
  { after, page }: { after: number | undefined; page: number },
): Promise<Row[]> {
  const query = selectRows(manager, CatalogLogLine, 'line').where({ accountId });
  if (after !== undefined) query.andWhere({ seq: MoreThan(after) });
  return query.orderBy('line.seq', 'ASC').limit(page).getRawMany<Row>();
}

const CHANGED = 'hash differs, so this line or the one before it was changed';

function follow(state: LogCheck, row: Row, end: PrunedEnd): LogCheck {
  const seq = state.lines + 1;
  if (Number(row.seq) !== seq)
    return { ...state, fault: { seq, what: `number missing, the next line is ${String(row.seq)}` } };
  const { hash, checkpoint = state.checkpoint } = read(state.lastHash, row);
  const holds = state.lastHash === '' || (hash !== undefined && hash === row.hash);
  // Where lines are left of those that were pruned, the head has the hash of the last one.
  const meets = seq !== end.prunedSeq || row.hash === end.prunedHash;
  if (!holds || !meets) return { ...state, fault: { seq, what: CHANGED } };
  return { ...state, lines: seq, lastHash: String(row.hash), checkpoint };
}

/** Without a hash where the line is no longer even readable. */
function read(previousHash: string, row: Row): { hash?: string; checkpoint?: Checkpoint } {
  try {
    const { __typename, hash: _hash, ...line } = fromRow(CatalogLogLine, row) as CatalogLogLine & Row;
    const hash = hashLine(previousHash, line);
    if (line.kind !== 'CHECKPOINT') return { hash };
    const { prunedSeq, prunedHash } = (line.after ?? {}) as Partial<Record<string, unknown>>;
    return { hash, checkpoint: { seq: line.seq, prunedSeq, prunedHash } };
  } catch {
    return {};
  }
}

function headFault({ lines, lastHash }: LogCheck, head: CatalogLogHead | null): LogFault | undefined {
  // Every account's log begins with the account.
  if (!head && lines === 0) return { seq: 1, what: 'there is none, though every log begins with its account' };
  if (!head) return { seq: lines, what: 'head differs: there is none' };
  if (head.seq > lines) return { seq: lines + 1, what: `head differs: it says that the last line is ${head.seq}` };
  if (head.seq < lines) return { seq: head.seq + 1, what: `head differs: it says that the last line is ${head.seq}` };
  return head.hash === lastHash ? undefined : { seq: lines, what: 'head differs: it has another hash for this line' };
}

function checkpointFault({ checkpoint }: LogCheck, head: CatalogLogHead | null): LogFault | undefined {
  const { prunedSeq, prunedHash } = head ?? UNPRUNED;
  if (!checkpoint) {
    if (prunedSeq === 0) return undefined;
    return { seq: prunedSeq, what: 'head differs: it says that this line was pruned, and no checkpoint does' };
  }
  if (checkpoint.prunedSeq === prunedSeq && checkpoint.prunedHash === prunedHash) return undefined;
  return { seq: checkpoint.seq, what: `head differs: it says that the last line that was pruned is ${prunedSeq}` };
}

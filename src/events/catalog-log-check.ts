// Walks an account's log and computes its chain of hashes again. What was changed, taken out or added behind the
// gateway's back shows; only who also rewrites every later line and the head goes unseen, so the last hash is told:
// noted elsewhere, it shows even that.
import { MoreThan } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { fromRow, selectRows } from '../db/from-row.js';
import type { Row } from '../db/from-row.js';
import { CatalogLogHead, CatalogLogLine } from './catalog-log.entity.js';
import { FIRST_HASH, hashLine } from './catalog-log.js';

const PAGE = 500;

export interface LogFault {
  seq: number;
  what: string;
}

export interface LogCheck {
  /** As far as the chain holds. */
  lines: number;
  lastHash: string;
  fault?: LogFault;
}

/** @param manager of a transaction whose reads all see the same moment: a gateway may append meanwhile */
export async function checkLog(manager: EntityManager, accountId: string): Promise<LogCheck> {
  let state: LogCheck = { lines: 0, lastHash: FIRST_HASH };
  for (let after: number | undefined; ;) {
    const rows = await readLines(manager, accountId, after);
    for (const row of rows) {
      state = follow(state, row);
      if (state.fault) return state;
    }
    if (rows.length < PAGE) break;
    after = state.lines;
  }
  const head = await manager.findOneBy(CatalogLogHead, { accountId });
  return { ...state, fault: headFault(state, head) };
}

function readLines(manager: EntityManager, accountId: string, after: number | undefined): Promise<Row[]> {
  const query = selectRows(manager, CatalogLogLine, 'line').where({ accountId });
  if (after !== undefined) query.andWhere({ seq: MoreThan(after) });
  return query.orderBy('line.seq', 'ASC').limit(PAGE).getRawMany<Row>();
}

function follow(state: LogCheck, row: Row): LogCheck {
  const seq = state.lines + 1;
  if (Number(row.seq) !== seq)
    return { ...state, fault: { seq, what: `number missing, the next line is ${String(row.seq)}` } };
  const expected = hashOf(state.lastHash, row);
  if (expected !== undefined && expected === row.hash) return { lines: seq, lastHash: expected };
  return { ...state, fault: { seq, what: 'hash differs, so this line or the one before it was changed' } };
}

/** Undefined where the line is no longer even readable. */
function hashOf(previousHash: string, row: Row): string | undefined {
  try {
    const { __typename, hash: _hash, ...line } = fromRow(CatalogLogLine, row) as CatalogLogLine & Row;
    return hashLine(previousHash, line);
  } catch {
    return undefined;
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

// Records who changed what. Lines are collected during a transaction and appended together right before COMMIT, so
// that the account's counter row is locked for as short as can be and always last.
import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { rowLock } from '../db/row-lock.js';
import { canonicalJson } from '../lib/json.js';
import type { Transaction } from '../lib/transaction.js';
import { CatalogLogHead, CatalogLogLine, FIRST_HASH } from './catalog-log.entity.js';
import type { Actor, CatalogChangeKind } from './catalog-log.entity.js';

export interface RecordedChange {
  accountId: string;
  kind: CatalogChangeKind;
  entityType: string;
  entityId: string;
  actor: Actor;
  before?: object;
  after?: object;
}

/** Both databases bound the values of one statement. */
const ROWS_PER_INSERT = 500;
const pending = new WeakMap<Transaction, RecordedChange[]>();

/** Makes the change part of the log, in the same transaction as the change itself. */
export function recordChange(tx: Transaction, change: RecordedChange): void {
  const changes = pending.get(tx);
  if (changes) {
    changes.push(change);
    return;
  }
  const started = [change];
  pending.set(tx, started);
  tx.beforeCommit(() => {
    // What a later hook records is appended after this.
    pending.delete(tx);
    return append(tx, started);
  });
}

/** What a reader of an account's log waits for. */
export const catalogTopic = (accountId: string): string => `catalog ${accountId}`;

async function append(tx: Transaction, changes: RecordedChange[]): Promise<void> {
  const { manager } = tx;
  // In one order everywhere, so that two transactions about the same accounts can not wait for each other.
  for (const accountId of [...new Set(changes.map((change) => change.accountId))].sort()) {
    const head = await lockHead(manager, accountId);
    const lines = changes.filter((change) => change.accountId === accountId).map((change) => nextLine(head, change));
    for (let at = 0; at < lines.length; at += ROWS_PER_INSERT) {
      await manager.insert(CatalogLogLine, lines.slice(at, at + ROWS_PER_INSERT));
    }
    await manager.update(CatalogLogHead, { accountId }, { seq: head.seq, hash: head.hash });
    tx.wake(catalogTopic(accountId));
  }
}

async function lockHead(manager: EntityManager, accountId: string): Promise<CatalogLogHead> {
  await manager
    .createQueryBuilder()
    .insert()
    .into(CatalogLogHead)
    .values({ accountId, seq: 0, hash: FIRST_HASH })
    .orIgnore()
    .execute();
  return manager.findOneOrFail(CatalogLogHead, { where: { accountId }, lock: rowLock(manager) });
}

/** Moves the head on by one line and returns the line. */
function nextLine(head: CatalogLogHead, change: RecordedChange): Omit<CatalogLogLine, 'constructor'> {
  head.seq += 1;
  const { accountId, kind, entityType, entityId, actor } = change;
  const at = new Date();
  const line = { accountId, seq: head.seq, at, kind, entityType, entityId, actor };
  const content = { ...line, before: change.before ?? null, after: change.after ?? null };
  head.hash = hashLine(head.hash, content);
  return { ...content, hash: head.hash };
}

/** The rule of the chain: sha256 of the previous hash, a line feed, and the line as JSON with sorted keys. */
export function hashLine(previousHash: string, line: Omit<CatalogLogLine, 'hash'>): string {
  return createHash('sha256')
    .update(`${previousHash}\n${canonicalJson(line)}`)
    .digest('hex');
}

import { randomInt } from 'node:crypto';
import { newHexId, newId } from '../lib/ids.js';
import type { Transaction } from '../lib/transaction.js';
import { Account } from './account.entity.js';
import type { AccountSettings } from './account.entity.js';

/** A new account, with ids for each of the vendors' words for it. */
export async function insertAccount(tx: Transaction, name: string, settings?: AccountSettings): Promise<Account> {
  const awsAccountId = String(randomInt(1, 999_999)).padStart(6, '0') + String(randomInt(0, 999_999)).padStart(6, '0');
  const own = { id: newId(), name, hubId: newHexId(), awsAccountId, createdAt: new Date() };
  const account: Account = { ...own, approvalQuorum: 1, settings: settings ?? null };
  await tx.manager.insert(Account, account);
  return account;
}

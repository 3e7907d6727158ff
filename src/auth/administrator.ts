// The first start makes one account, and a token that manages it. The file DATA_DIR/admin.token is the truth: whoever
// replaces its content and restarts has a new token, and the old one is void.
import { randomBytes } from 'node:crypto';
import { In, Not } from 'typeorm';
import { CatalogLogHead } from '../events/catalog-log.entity.js';
import type { Actor } from '../events/catalog-log.entity.js';
import { recordChange } from '../events/catalog-log.js';
import { newId } from '../lib/ids.js';
import { readOrCreatePrivateFile } from '../lib/private-file.js';
import type { Transaction } from '../lib/transaction.js';
import { AccessToken, ADMINISTRATOR } from './access-token.entity.js';
import { Account } from './account.entity.js';
import { insertAccount } from './insert-account.js';
import { Role } from './principal.js';
import { hashToken } from './tokens.js';

export function readAdministratorToken(file: string): string {
  const token = readOrCreatePrivateFile(file, () => `bc_${randomBytes(32).toString('base64url')}`);
  if (token.length < 32) throw new Error(`${file} holds less than 32 characters: remove it, and a token will be made`);
  return token;
}

const SYSTEM: Actor = { type: 'SYSTEM', id: null, name: 'start' };

export async function ensureAdministrator(tx: Transaction, token: string): Promise<void> {
  const accountId = (await findFirstAccount(tx)) ?? (await createAccount(tx));
  await beginLogs(tx);
  const hash = hashToken(token);
  const [name, role] = [ADMINISTRATOR, Role.MANAGER];
  const known = await tx.manager.findOneBy(AccessToken, { accountId, name });
  if (known?.hash === hash) return;
  const id = known?.id ?? newId();
  if (known) await tx.manager.update(AccessToken, { accountId, id }, { hash });
  else await tx.manager.insert(AccessToken, { accountId, id, name, hash, role, userId: null, createdAt: new Date() });
  const change = { accountId, entityType: 'AccessToken', entityId: id, actor: SYSTEM, after: { name, role } };
  recordChange(tx, known ? { ...change, kind: 'UPDATED', before: { name, role } } : { ...change, kind: 'CREATED' });
}

/** Accounts from before there was a line for them have one from now on: a log without any was tampered with. */
async function beginLogs(tx: Transaction): Promise<void> {
  const withLog = (await tx.manager.find(CatalogLogHead, { select: { accountId: true } })).map(
    (head) => head.accountId,
  );
  const accounts = await tx.manager.findBy(Account, { id: Not(In(withLog)) });
  for (const account of accounts) recordBegin(tx, account);
}

function recordBegin(tx: Transaction, account: Account): void {
  const { id } = account;
  const change = { accountId: id, entityType: 'Account', entityId: id, actor: SYSTEM, after: { ...account } };
  recordChange(tx, { ...change, kind: 'CREATED' });
}

async function createAccount(tx: Transaction): Promise<string> {
  return (await insertAccount(tx, 'default')).id;
}

async function findFirstAccount(tx: Transaction): Promise<string | undefined> {
  const [account] = await tx.manager.find(Account, { order: { createdAt: 'ASC', id: 'ASC' }, take: 1 });
  return account?.id;
}

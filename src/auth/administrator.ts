// The first start makes one account, and a token that manages it. The file DATA_DIR/admin.token is the truth: whoever
// replaces its content and restarts has a new token, and the old one is void.
import { randomBytes, randomInt } from 'node:crypto';
import { newHexId, newId } from '../lib/ids.js';
import { readOrCreatePrivateFile } from '../lib/private-file.js';
import type { Transaction } from '../lib/transaction.js';
import { AccessToken } from './access-token.entity.js';
import { Account } from './account.entity.js';
import { Role } from './principal.js';
import { hashToken } from './tokens.js';

const TOKEN_NAME = 'administrator';

export function readAdministratorToken(file: string): string {
  const token = readOrCreatePrivateFile(file, () => `bc_${randomBytes(32).toString('base64url')}`);
  if (token.length < 32) throw new Error(`${file} holds less than 32 characters: remove it, and a token will be made`);
  return token;
}

export async function ensureAdministrator(tx: Transaction, token: string): Promise<void> {
  const accountId = (await findFirstAccount(tx)) ?? (await createAccount(tx));
  const hash = hashToken(token);
  const known = await tx.manager.findOneBy(AccessToken, { accountId, name: TOKEN_NAME });
  if (known) {
    if (known.hash !== hash) await tx.manager.update(AccessToken, { accountId, id: known.id }, { hash });
    return;
  }
  const createdAt = new Date();
  const row = { accountId, id: newId(), name: TOKEN_NAME, hash, role: Role.MANAGER, userId: null, createdAt };
  await tx.manager.insert(AccessToken, row);
}

async function findFirstAccount(tx: Transaction): Promise<string | undefined> {
  const [account] = await tx.manager.find(Account, { order: { createdAt: 'ASC', id: 'ASC' }, take: 1 });
  return account?.id;
}

async function createAccount(tx: Transaction): Promise<string> {
  const id = newId();
  const awsAccountId = String(randomInt(1, 999_999)).padStart(6, '0') + String(randomInt(0, 999_999)).padStart(6, '0');
  await tx.manager.insert(Account, { id, name: 'default', hubId: newHexId(), awsAccountId, createdAt: new Date() });
  return id;
}

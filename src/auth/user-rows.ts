// Writes users and their passwords, for those who decide who may be made and changed.
import { Not } from 'typeorm';
import { isUniqueViolation } from '../db/unique-violation.js';
import { badInput, CatalogError } from '../lib/errors.js';
import { newId } from '../lib/ids.js';
import type { Transaction } from '../lib/transaction.js';
import { Password } from './password.entity.js';
import { User } from './user.entity.js';
import type { UserStatus } from './user.entity.js';

export interface NewUser {
  email: string;
  firstName?: string | null;
  lastName?: string | null;
}

const MAX_EMAIL = 254;

/** Throws BAD_USER_INPUT; the address in the spelling that it is kept in. */
export function checkedNames<Names extends Partial<NewUser>>(names: Names): Names {
  for (const field of ['firstName', 'lastName'] as const) {
    if ((names[field]?.length ?? 0) > 255) throw badInput(`\`${field}\` must have at most 255 characters.`, field);
  }
  return names.email === undefined ? names : { ...names, email: normalEmail(names.email) };
}

export async function insertUser(tx: Transaction, input: NewUser, status: UserStatus): Promise<User> {
  const { email, firstName = null, lastName = null } = checkedNames(input);
  const user = { id: newId(), email, firstName, lastName, status, lastSignInAt: null, createdAt: new Date() };
  if (await tx.manager.existsBy(User, { email })) throw userExists();
  await tx.manager.insert(User, user).catch((error: unknown) => {
    throw isUniqueViolation(error) ? userExists() : error;
  });
  return user;
}

export async function updateUser(tx: Transaction, { id }: User, names: Partial<User>): Promise<void> {
  const { email } = names;
  if (email !== undefined && (await tx.manager.existsBy(User, { email, id: Not(id) }))) throw userExists();
  await tx.manager.update(User, { id }, names).catch((error: unknown) => {
    throw isUniqueViolation(error) ? userExists() : error;
  });
}

export async function setPassword(
  tx: Transaction,
  userId: string,
  hash: string,
  expiresAt: Date | null,
): Promise<void> {
  await tx.manager.save(Password, { userId, hash, expiresAt, changedAt: new Date() });
}

/** Throws BAD_USER_INPUT for what is no address. */
export function normalEmail(text: string): string {
  const email = text.trim().toLowerCase();
  if (email.length <= MAX_EMAIL && /^[^\s@:]+@[^\s@:]+$/.test(email)) return email;
  throw badInput('`email` must be an e-mail address without a colon.', 'email');
}

export const userExists = () =>
  new CatalogError('CONFLICT', 'There is a user with this address already.', {
    reason: 'USER_ALREADY_EXISTS',
    field: ['email'],
  });

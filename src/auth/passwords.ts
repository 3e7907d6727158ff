// Hashes passwords with scrypt and compares them in constant time. Two hashes at a time: each takes 32 MiB and a thread
// of the four that the database works with too.
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import PQueue from 'p-queue';
import { badInput, CatalogError } from '../lib/errors.js';

const derive = promisify<string, Buffer, number, object, Buffer>(scrypt);

/** OWASP's second choice of parameters (Password Storage Cheat Sheet): 32 MiB, three times. */
const COST = { logN: 15, r: 8, p: 3 };
const LEAST_COST = { logN: 4, r: 8, p: 1 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const MAX_MEMORY = 64 * 1024 * 1024;
const MIN_LENGTH = 8;
const MAX_LENGTH = 1024;
const MAX_WAITING = 100;
const BUSY_SECONDS = 5;

/** Never matches; costs as much as a real one, so that nobody can tell whether a user exists. */
const NOBODY = `$scrypt$ln=${COST.logN},r=${COST.r},p=${COST.p}$${'A'.repeat(22)}$${'A'.repeat(43)}`;

const turns = new PQueue({ concurrency: 2 });

/** Throws BAD_USER_INPUT for one that is too short or too long; the password itself is not repeated. */
export function checkPassword(password: string, ...field: string[]): void {
  if (password.length >= MIN_LENGTH && password.length <= MAX_LENGTH) return;
  throw badInput(`A password must have ${MIN_LENGTH} to ${MAX_LENGTH} characters.`, ...field);
}

/** `$scrypt$ln=15,r=8,p=3$salt$hash` */
export const hashPassword = (password: string): Promise<string> => hashAt(COST, password);

/** For one of so many random bits that nobody can guess it. */
export const hashRandomPassword = (password: string): Promise<string> => hashAt(LEAST_COST, password);

async function hashAt(cost: typeof COST, password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await inTurn(password, salt, cost);
  return `$scrypt$ln=${cost.logN},r=${cost.r},p=${cost.p}$${encode(salt)}$${encode(hash)}`;
}

/** @param stored undefined where there is no such user: that takes as long, and is false */
export async function isPassword(password: string, stored: string | undefined): Promise<boolean> {
  const parts = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/.exec(stored ?? NOBODY);
  if (!parts) throw new Error('A stored password hash is not of a form known here');
  const [, logN, r, p, salt, hash] = parts;
  const cost = { logN: Number(logN), r: Number(r), p: Number(p) };
  // A cheap one must not be told by the time it takes.
  if (cost.logN < COST.logN) await inTurn(password.slice(0, MAX_LENGTH), randomBytes(SALT_BYTES), COST);
  const given = await inTurn(password.slice(0, MAX_LENGTH), Buffer.from(salt!, 'base64'), cost);
  return timingSafeEqual(given, Buffer.from(hash!, 'base64')) && stored !== undefined;
}

function inTurn(password: string, salt: Buffer, { logN, r, p }: typeof COST): Promise<Buffer> {
  if (turns.size >= MAX_WAITING) {
    const details = { retryAfterSeconds: BUSY_SECONDS };
    throw new CatalogError('TOO_MANY_REQUESTS', 'Too many people sign in at this moment.', details);
  }
  const options = { N: 2 ** logN, r, p, maxmem: MAX_MEMORY };
  return turns.add(() => derive(password.normalize('NFKC'), salt, HASH_BYTES, options));
}

const encode = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');

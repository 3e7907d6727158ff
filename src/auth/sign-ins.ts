// Remembers who tried to sign in, and keeps out who guesses: a user after repeated failures for a while, known or not,
// and whoever fails from one network all the time.
import PQueue from 'p-queue';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { LessThan, MoreThan } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { storedTime } from '../db/columns.js';
import { CatalogError } from '../lib/errors.js';
import { newId } from '../lib/ids.js';
import { networkOf } from '../lib/network.js';
import type { Transaction } from '../lib/transaction.js';
import { SignIn } from './sign-in.entity.js';
import type { SignInMethod } from './sign-in.entity.js';

export interface Attempt {
  email: string;
  userId: string | null;
  method: SignInMethod;
  isSuccess: boolean;
  address: string;
}

const MAX_FAILURES = 10;
const LOCK_MS = 15 * 60 * 1000;
const MAX_FAILURES_OF_NETWORK = 100;
const MAX_SIGN_UPS_OF_NETWORK = 20;
const HOUR_SECONDS = 60 * 60;
const KEPT_MS = 365 * 24 * HOUR_SECONDS * 1000;
/** Attempts on one user that wait for each other. */
const MAX_WAITING = 20;

export class SignIns {
  private readonly failuresOf = new RateLimiterMemory({ points: MAX_FAILURES_OF_NETWORK, duration: LOCK_MS / 1000 });
  private readonly signUpsOf = new RateLimiterMemory({ points: MAX_SIGN_UPS_OF_NETWORK, duration: HOUR_SECONDS });
  private readonly turns = new Map<string, PQueue>();

  constructor(private readonly reader: EntityManager) {}

  /**
   * Runs one attempt, which ends by recording itself. Attempts on one user go one after the other, so that each sees
   * the failures before it. Throws TOO_MANY_REQUESTS, with LOCKED_ACCOUNT after ten failures within 15 minutes.
   */
  async attempt<T>(email: string, address: string, run: () => Promise<T>): Promise<T> {
    await this.requireNetwork(address);
    const turns = this.turns.get(email) ?? new PQueue({ concurrency: 1 });
    if (turns.size >= MAX_WAITING) throw tooMany('Too many sign in as this user at this moment.', 1);
    this.turns.set(email, turns);
    try {
      return await turns.add(async () => {
        await this.requireUnlocked(email);
        return run();
      });
    } finally {
      if (turns.size === 0 && turns.pending === 0) this.turns.delete(email);
    }
  }

  /** Throws TOO_MANY_REQUESTS where too many failures came from the network of the address. */
  async requireNetwork(address: string): Promise<void> {
    const failures = await this.failuresOf.get(networkOf(address));
    if (!failures || failures.consumedPoints < MAX_FAILURES_OF_NETWORK) return;
    throw tooMany('Too many failures from this network.', Math.ceil(failures.msBeforeNext / 1000));
  }

  /** Before somebody makes a user of its own. Throws TOO_MANY_REQUESTS after twenty in an hour from one network. */
  async beginSignUp(address: string): Promise<void> {
    await this.signUpsOf.consume(networkOf(address)).catch(() => {
      throw tooMany('Too many users were made from this network.', HOUR_SECONDS);
    });
  }

  /** Forgets what is older than a year; called at each start. */
  async prune(tx: Transaction): Promise<void> {
    await tx.manager.delete(SignIn, { at: LessThan(storedTime(new Date(Date.now() - KEPT_MS))) });
  }

  async record(tx: Transaction, attempt: Attempt): Promise<void> {
    await tx.manager.insert(SignIn, { id: newId(), at: new Date(), ...attempt });
    if (!attempt.isSuccess) await this.failuresOf.consume(networkOf(attempt.address)).catch(() => undefined);
  }

  private async requireUnlocked(email: string): Promise<void> {
    const since = storedTime(new Date(Date.now() - LOCK_MS));
    const order = { at: 'DESC', id: 'DESC' } as const;
    const recent = await this.reader.find(SignIn, { where: { email, at: MoreThan(since) }, order, take: MAX_FAILURES });
    if (recent.length < MAX_FAILURES || recent.some(({ isSuccess }) => isSuccess)) return;
    const seconds = Math.max(1, Math.ceil((recent.at(-1)!.at.getTime() + LOCK_MS - Date.now()) / 1000));
    const message = `Nobody can sign in as this user for ${Math.ceil(seconds / 60)} minutes: ${MAX_FAILURES} failures.`;
    throw new CatalogError('TOO_MANY_REQUESTS', message, { reason: 'LOCKED_ACCOUNT', retryAfterSeconds: seconds });
  }
}

const tooMany = (message: string, retryAfterSeconds: number) =>
  new CatalogError('TOO_MANY_REQUESTS', message, { retryAfterSeconds });

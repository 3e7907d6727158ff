// Whose builds are compared next: one pair at a time, and few that wait, so that no account keeps all the others out.
import { CatalogError } from '../lib/errors.js';

/** What is compared right now is one of them. */
const MAX_WAITING = 8;
const MAX_WAITING_OF_ACCOUNT = 2;
const RETRY_AFTER_SECONDS = 30;

export class DiffTurns {
  private last: Promise<unknown> = Promise.resolve();
  /** The account of each. */
  private readonly waiting: string[] = [];

  /** Works when the ones before are done; throws TOO_MANY_REQUESTS where too many are. */
  async run<T>(accountId: string, work: () => Promise<T>): Promise<T> {
    const own = this.waiting.filter((id) => id === accountId).length;
    if (own >= MAX_WAITING_OF_ACCOUNT) throw tooMany('Two other pairs of builds of this account are being compared');
    if (this.waiting.length >= MAX_WAITING) throw tooMany('Other builds are being compared');
    this.waiting.push(accountId);
    const turn = this.last.then(work);
    this.last = turn.catch(() => undefined);
    return turn.finally(() => this.waiting.splice(this.waiting.indexOf(accountId), 1));
  }
}

const tooMany = (why: string) =>
  new CatalogError('TOO_MANY_REQUESTS', `${why}: try again later.`, { retryAfterSeconds: RETRY_AFTER_SECONDS });

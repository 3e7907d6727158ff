// Tells those who serve somebody for longer than one request that rights may have changed: look again.
import type { Waker } from '../events/waker.js';
import type { Transaction } from '../lib/transaction.js';

const TOPIC = 'rights';

export class RightsChanges {
  constructor(private readonly waker: Waker) {}

  /** A token, session or role is about to be another, or void. */
  announce(tx: Transaction): void {
    tx.afterCommit(() => this.waker.wake(TOPIC));
  }

  /** Calls back after each change until the returned function is called. */
  listen(onChange: () => void): () => void {
    return this.waker.listen(TOPIC, onChange);
  }
}

// The transaction that every write method takes as its first argument.
import type { EntityManager } from 'typeorm';

export interface Transaction {
  readonly manager: EntityManager;
  /** Runs after the work and before COMMIT; what it throws rolls everything back. */
  beforeCommit(hook: () => Promise<void>): void;
  /** Runs once the commit is durable; for waking readers and starting work, never for writing. */
  afterCommit(hook: () => void): void;
  /** Wakes who reads the topic, once, when the commit is durable. */
  wake(topic: string): void;
}

/** Opens a transaction; only the outermost caller (resolver, route, worker) does so. */
export type InTransaction = <T>(work: (tx: Transaction) => Promise<T>) => Promise<T>;

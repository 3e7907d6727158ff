// Opens transactions. On SQLite they go one after the other, first in, first out: TypeORM has one connection there,
// and parallel transactions would otherwise run inside each other.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { DataSource, EntityManager } from 'typeorm';
import type { InTransaction, Transaction } from '../lib/transaction.js';

class OpenTransaction implements Transaction {
  private readonly before: (() => Promise<void>)[] = [];
  private readonly after: (() => void)[] = [];
  private readonly topics = new Set<string>();

  constructor(readonly manager: EntityManager) {}

  beforeCommit(hook: () => Promise<void>): void {
    this.before.push(hook);
  }

  afterCommit(hook: () => void): void {
    this.after.push(hook);
  }

  wake(topic: string): void {
    this.topics.add(topic);
  }

  async finish(): Promise<void> {
    for (const hook of this.before) await hook();
  }

  committed(wake: (topic: string) => void): void {
    for (const hook of this.after) hook();
    for (const topic of this.topics) wake(topic);
  }
}

/** @param wake is told the topics of each transaction after its commit */
export function transactionsOn(
  source: DataSource,
  wake: (topic: string) => void = () => undefined,
): { run: InTransaction; idle(): Promise<void> } {
  const inside = new AsyncLocalStorage<true>();
  const oneAtATime = source.options.type === 'sqlite';
  const open = new Set<Promise<unknown>>();
  let last: Promise<unknown> = Promise.resolve();

  async function execute<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    let opened: OpenTransaction | undefined;
    const result = await source.transaction((manager) => {
      const tx = (opened = new OpenTransaction(manager));
      return inside.run(true, async () => {
        const value = await work(tx);
        await tx.finish();
        return value;
      });
    });
    opened?.committed(wake);
    return result;
  }

  async function run<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    if (inside.getStore()) throw new Error('A transaction was opened inside another one');
    const turn = oneAtATime ? last.then(() => execute(work)) : execute(work);
    const ended: Promise<unknown> = turn.catch(() => undefined).finally(() => open.delete(ended));
    open.add(ended);
    last = ended;
    return turn;
  }

  return {
    run,
    async idle() {
      while (open.size > 0) await Promise.all(open);
    },
  };
}

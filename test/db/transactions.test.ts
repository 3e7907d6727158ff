import { Account } from '../../src/auth/account.entity.js';
import { newHexId, newId } from '../../src/lib/ids.js';
import type { Transaction } from '../../src/lib/transaction.js';
import { onEachDatabase } from '../support/databases.js';
import { openTestDatabase } from './test-database.js';
import type { TestDatabase } from './test-database.js';

/** A promise and what settles it. */
function gate() {
  let open = () => {};
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { open, passed };
}

onEachDatabase('transactions', (kind) => {
  let database: TestDatabase;
  const woken: string[] = [];
  beforeAll(async () => {
    database = await openTestDatabase(kind, (topic) => void woken.push(topic));
  });
  afterAll(() => database.close());

  const insert = async (tx: Transaction, name: string) => {
    const own = { id: newId(), hubId: newHexId(), awsAccountId: newHexId(), createdAt: new Date() };
    await tx.manager.insert(Account, { ...own, name });
  };
  const namesLike = async (prefix: string) => {
    const accounts = await database.reader.find(Account, { order: { id: 'ASC' } });
    return accounts.map(({ name }) => name).filter((name) => name.startsWith(prefix));
  };

  it('answer what the work answers, once it can be read by everyone', async () => {
    const answer = await database.inTransaction(async (tx) => {
      await insert(tx, 'answered');
      expect(await namesLike('answered')).toEqual([]);
      return 42;
    });
    expect(answer).toBe(42);
    expect(await namesLike('answered')).toEqual(['answered']);
  });

  it('leave nothing behind when the work throws', async () => {
    const afterCommit = jest.fn();
    const failing = database.inTransaction(async (tx) => {
      tx.afterCommit(afterCommit);
      await insert(tx, 'thrown');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await namesLike('thrown')).toEqual([]);
    expect(afterCommit).not.toHaveBeenCalled();
  });

  it('leave nothing behind when something before the commit throws', async () => {
    const afterCommit = jest.fn();
    const failing = database.inTransaction(async (tx) => {
      tx.afterCommit(afterCommit);
      tx.beforeCommit(() => Promise.reject(new Error('not after all')));
      await insert(tx, 'refused');
    });
    await expect(failing).rejects.toThrow('not after all');
    expect(await namesLike('refused')).toEqual([]);
    expect(afterCommit).not.toHaveBeenCalled();
  });

  it('run what was asked for before the commit and after it in order, each once', async () => {
    const order: string[] = [];
    await database.inTransaction(async (tx) => {
      tx.afterCommit(() => order.push('after 1'));
      tx.beforeCommit(async () => {
        order.push('before 1');
        tx.beforeCommit(async () => void order.push('before 3'));
      });
      tx.beforeCommit(async () => void order.push('before 2'));
      tx.afterCommit(() => order.push('after 2'));
      await insert(tx, 'ordered');
      order.push('work');
    });
    expect(order).toEqual(['work', 'before 1', 'before 2', 'before 3', 'after 1', 'after 2']);
  });

  it('write in the same transaction what is written before the commit', async () => {
    await database.inTransaction(async (tx) => tx.beforeCommit(() => insert(tx, 'late')));
    expect(await namesLike('late')).toEqual(['late']);
  });

  it('can be read when they call back after the commit', async () => {
    let read: Promise<string[]> | undefined;
    await database.inTransaction(async (tx) => {
      tx.afterCommit(() => void (read = namesLike('visible')));
      await insert(tx, 'visible');
    });
    expect(await read).toEqual(['visible']);
  });

  it('wake readers of each topic once, after the commit and only then', async () => {
    const failing = database.inTransaction(async (tx) => {
      tx.wake('never');
      throw new Error('not after all');
    });
    await expect(failing).rejects.toThrow('not after all');
    await database.inTransaction(async (tx) => {
      tx.wake('one');
      tx.beforeCommit(async () => tx.wake('two'));
      tx.wake('one');
      await insert(tx, 'woken');
      expect(woken).toEqual([]);
    });
    expect(woken).toEqual(['one', 'two']);
  });

  it('can not be opened inside each other, however deep', async () => {
    const deep = () => Promise.resolve().then(() => database.inTransaction(async () => undefined));
    await expect(database.inTransaction(deep)).rejects.toThrow('opened inside another');
    await expect(
      database.inTransaction(async (tx) => tx.beforeCommit(() => database.inTransaction(async () => undefined))),
    ).rejects.toThrow('opened inside another');
  });

  it('can be opened by what another one called back after its commit', async () => {
    let next: Promise<void> | undefined;
    await database.inTransaction(async (tx) => {
      tx.afterCommit(() => void (next = database.inTransaction((inner) => insert(inner, 'next'))));
    });
    await next;
    expect(await namesLike('next')).toEqual(['next']);
  });

  it('go on after one that failed', async () => {
    const outcomes = await Promise.allSettled(
      ['a', 'b', 'c'].map((name) =>
        database.inTransaction(async (tx) => {
          await insert(tx, `some ${name}`);
          if (name === 'b') throw new Error('no');
        }),
      ),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await namesLike('some ')).sort()).toEqual(['some a', 'some c']);
  });

  it('do not see into each other while both run or wait', async () => {
    const { open, passed } = gate();
    const first = database.inTransaction(async (tx) => {
      await insert(tx, 'apart 1');
      await passed;
      throw new Error('rolled back');
    });
    const second = database.inTransaction(async (tx) => {
      await insert(tx, 'apart 2');
      return tx.manager.countBy(Account, { name: 'apart 1' });
    });
    open();
    await expect(first).rejects.toThrow('rolled back');
    expect(await second).toBe(0);
    expect(await namesLike('apart')).toEqual(['apart 2']);
  });

  it('are all ended before the database is closed', async () => {
    const own = await openTestDatabase(kind);
    const work = Array.from({ length: 5 }, () => own.inTransaction((tx) => insert(tx, 'closing')));
    await own.close();
    await expect(Promise.all(work)).resolves.toHaveLength(5);
  });

  if (kind.name === 'SQLite') {
    it('run one after the other, first in, first out', async () => {
      const order: string[] = [];
      const work = Array.from({ length: 20 }, (_, index) =>
        database.inTransaction(async (tx) => {
          order.push(`begin ${index}`);
          for (let step = 0; step < index % 3; step += 1) await insert(tx, 'queued');
          order.push(`end ${index}`);
        }),
      );
      await Promise.all(work);
      expect(order).toEqual(work.flatMap((_, index) => [`begin ${index}`, `end ${index}`]));
    });

    it('are durable: the writer syncs in full', async () => {
      const [row] = await database.inTransaction((tx) => tx.manager.query('PRAGMA synchronous'));
      expect(row).toEqual({ synchronous: 2 });
    });

    it('are the only way to write: the reader can not', async () => {
      await expect(database.reader.query("UPDATE account SET name = 'x'")).rejects.toThrow(/readonly/);
    });
  }
});

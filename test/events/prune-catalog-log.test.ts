import { setUpCatalog } from '../builds/catalog-setup.js';
import type { CatalogSetup } from '../builds/catalog-setup.js';
import { CatalogChanges } from '../../src/events/catalog-changes.js';
import type { PickChanges } from '../../src/events/catalog-changes.js';
import { CatalogLogHead, CatalogLogLine } from '../../src/events/catalog-log.entity.js';
import { checkLog } from '../../src/events/catalog-log-check.js';
import { recordChange } from '../../src/events/catalog-log.js';
import { PruneCatalogLog } from '../../src/events/prune-catalog-log.js';
import type { LogBounds } from '../../src/events/prune-catalog-log.js';
import { InProcessWaker } from '../../src/events/waker.js';
import { cancellable } from '../../src/lib/cancellable.js';
import { newId } from '../../src/lib/ids.js';
import type { InTransaction } from '../../src/lib/transaction.js';
import { onEachDatabase } from '../support/databases.js';

const ACTOR = { type: 'TOKEN', id: 'token', name: 'test' } as const;
const DAY_MS = 24 * 60 * 60 * 1000;
const EVERYTHING: PickChanges = async (changes) => changes;
const CHANGED = 'hash differs, so this line or the one before it was changed';

onEachDatabase('pruning the catalog log', (kind) => {
  let setup: CatalogSetup;
  let accountId: string;
  beforeAll(async () => {
    setup = await setUpCatalog(kind);
  });
  beforeEach(async () => {
    // No other account's log is in the way.
    await setup.inTransaction(async ({ manager }) => {
      await manager.clear(CatalogLogLine);
      await manager.clear(CatalogLogHead);
    });
    accountId = newId();
  });
  afterEach(() => jest.useRealTimers());
  afterAll(() => setup.close());

  const record = (count: number) =>
    setup.inTransaction(async (tx) => {
      for (let index = 0; index < count; index += 1)
        recordChange(tx, { accountId, kind: 'CREATED', entityType: 'App', entityId: `app ${index}`, actor: ACTOR });
    });
  const pruning = (bounds: Partial<LogBounds>, inTransaction: InTransaction = setup.inTransaction) =>
    new PruneCatalogLog(setup.reader, inTransaction, { catalogLogDays: 0, catalogLogLines: 0, ...bounds });
  const prune = (bounds: Partial<LogBounds>) => pruning(bounds).run(new AbortController().signal);
  const check = () => checkLog(setup.reader, accountId);
  const seqs = async () => {
    const lines = await setup.reader.find(CatalogLogLine, { where: { accountId }, order: { seq: 'ASC' } });
    return lines.map(({ seq }) => seq);
  };
  const lineOf = (seq: number) => setup.reader.findOneByOrFail(CatalogLogLine, { accountId, seq });
  const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const tamper = (statement: string) => setup.inTransaction((tx) => tx.manager.query(statement));
  const here = () => `"accountId" = '${accountId}'`;
  /** Lets so many transactions through, then the process is as good as dead. */
  const dyingAfter = (transactions: number): InTransaction => {
    let left = transactions;
    return (work) => (left-- > 0 ? setup.inTransaction(work) : Promise.reject(new Error('died')));
  };
  const follow = (afterSeq: number) =>
    cancellable((signal) =>
      new CatalogChanges(setup.reader, new InProcessWaker()).watch(accountId, afterSeq, EVERYTHING, signal),
    );

  it('keeps everything unless told otherwise, and the newest lines by count', async () => {
    await record(30);
    expect(await prune({})).toEqual({ lines: 0, broken: [] });
    const last = await lineOf(21);
    expect(await prune({ catalogLogLines: 10 })).toEqual({ lines: 21, broken: [] });
    expect(await seqs()).toEqual(range(22, 31));
    expect(await lineOf(31)).toMatchObject({
      ...{ kind: 'CHECKPOINT', entityType: 'CatalogLog', entityId: accountId, actor: { type: 'SYSTEM' } },
      after: { prunedSeq: 21, prunedHash: last.hash, prunedLines: 21, prunedUntil: last.at.toISOString() },
    });
    expect(await check()).toMatchObject({ lines: 31, pruned: 21, fault: undefined });
    // The checkpoint itself is no reason for another one.
    expect(await prune({ catalogLogLines: 10 })).toEqual({ lines: 0, broken: [] });
    await record(5);
    expect(await prune({ catalogLogLines: 10 })).toEqual({ lines: 6, broken: [] });
    expect((await lineOf(37)).after).toMatchObject({ prunedSeq: 27, prunedLines: 6 });
    expect(await check()).toMatchObject({ lines: 37, pruned: 27, fault: undefined });
  });

  it('goes by age too, but never takes the newest line, and leaves checkpoints that are alone', async () => {
    const start = Date.now();
    const clock = ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval'] as const;
    const others = ['clearImmediate', 'nextTick', 'queueMicrotask', 'hrtime', 'performance'] as const;
    jest.useFakeTimers({ doNotFake: [...clock, ...others], now: start });
    await record(5);
    jest.setSystemTime(start + 2 * DAY_MS);
    await record(3);
    jest.setSystemTime(start + 3 * DAY_MS);
    expect(await prune({ catalogLogDays: 4 })).toMatchObject({ lines: 0 });
    expect(await prune({ catalogLogDays: 2 })).toMatchObject({ lines: 5 });
    expect(await seqs()).toEqual([6, 7, 8, 9]);
    jest.setSystemTime(start + 50 * DAY_MS);
    expect(await prune({ catalogLogDays: 2 })).toMatchObject({ lines: 3 });
    expect(await seqs()).toEqual([9, 10]);
    jest.setSystemTime(start + 99 * DAY_MS);
    expect(await prune({ catalogLogDays: 2, catalogLogLines: 1 })).toMatchObject({ lines: 0 });
    expect(await check()).toMatchObject({ lines: 10, pruned: 8, fault: undefined });
  });

  it('is found out at the right line where somebody changes what is left, or what was said of the rest', async () => {
    await record(30);
    await prune({ catalogLogLines: 10 });
    const other = await lineOf(25);
    const head = (change: string) => `UPDATE catalog_log_head SET ${change} WHERE ${here()}`;
    const line = (seq: number, change: string) => `UPDATE catalog_log SET ${change} WHERE ${here()} AND seq = ${seq}`;
    const cases: [statements: string[], fault: object][] = [
      [[line(25, `"entityId" = 'forged'`)], { seq: 25, what: CHANGED }],
      [[line(22, `"entityId" = 'forged'`)], { seq: 22, what: CHANGED }],
      [[line(31, `"after" = '{}'`)], { seq: 31, what: CHANGED }],
      [[line(31, `kind = 'CREATED'`)], { seq: 31, what: CHANGED }],
      [[`DELETE FROM catalog_log WHERE ${here()} AND seq < 26`], { seq: 22, what: expect.stringContaining('missing') }],
      [
        [
          `DELETE FROM catalog_log WHERE ${here()} AND seq < 26`,
          head(`"prunedSeq" = 25, "prunedHash" = '${other.hash}'`),
        ],
        { seq: 31, what: 'head differs: it says that the last line that was pruned is 25' },
      ],
      [[head(`"prunedSeq" = 0, "prunedHash" = '${'0'.repeat(64)}'`)], { seq: 1, what: expect.any(String) }],
      [[head(`"prunedHash" = '${other.hash}'`)], { seq: 22, what: CHANGED }],
      [[`DELETE FROM catalog_log_head WHERE ${here()}`], { seq: 1, what: expect.any(String) }],
    ];
    const [lines, heads] = [
      await setup.reader.findBy(CatalogLogLine, { accountId }),
      await setup.reader.findBy(CatalogLogHead, { accountId }),
    ];
    for (const [statements, fault] of cases) {
      for (const statement of statements) await tamper(statement);
      expect([statements, (await check()).fault]).toEqual([statements, fault]);
      await setup.inTransaction(async ({ manager }) => {
        await manager.delete(CatalogLogLine, { accountId });
        await manager.delete(CatalogLogHead, { accountId });
        await manager.insert(CatalogLogLine, lines);
        await manager.insert(CatalogLogHead, heads);
      });
      expect((await check()).fault).toBeUndefined();
    }
  });

  it('is not what somebody did who cut the log and has no checkpoint to show', async () => {
    await record(10);
    const { hash } = await lineOf(4);
    await tamper(`DELETE FROM catalog_log WHERE ${here()} AND seq < 5`);
    await tamper(`UPDATE catalog_log_head SET "prunedSeq" = 4, "prunedHash" = '${hash}' WHERE ${here()}`);
    expect((await check()).fault).toEqual({
      seq: 4,
      what: 'head differs: it says that this line was pruned, and no checkpoint does',
    });
  });

  it('does not cover up what was changed in the lines that would go', async () => {
    await record(30);
    await tamper(`UPDATE catalog_log SET "entityId" = 'forged' WHERE ${here()} AND seq = 3`);
    expect(await prune({ catalogLogLines: 10 })).toEqual({ lines: 0, broken: [{ accountId, seq: 3, what: CHANGED }] });
    expect(await seqs()).toEqual(range(1, 30));
    expect((await check()).fault).toEqual({ seq: 3, what: CHANGED });
  });

  it('leaves a log that can be verified wherever it is broken off, and goes on the next time', async () => {
    await record(1_200);
    const bounds = { catalogLogLines: 100 };
    const { signal } = new AbortController();
    // The checkpoint alone; then the first of three slices.
    await expect(pruning(bounds, dyingAfter(1)).run(signal)).rejects.toThrow('died');
    expect([await seqs(), await check()]).toMatchObject([range(1, 1_201), { pruned: 1_101, fault: undefined }]);
    await expect(pruning(bounds, dyingAfter(1)).run(signal)).rejects.toThrow('died');
    expect([await seqs(), await check()]).toMatchObject([range(501, 1_201), { pruned: 1_101, fault: undefined }]);

    // Whoever follows sees none of what is left over.
    const changes = follow(3);
    expect((await changes.next()).value).toMatchObject({ seq: 1_101, kind: 'GAP', entityType: 'CatalogLog' });
    expect((await changes.next()).value).toMatchObject({ seq: 1_102, kind: 'CREATED' });
    await changes.return();

    // The rest must still be as it was.
    await tamper(`UPDATE catalog_log SET "entityId" = 'forged' WHERE ${here()} AND seq = 700`);
    expect((await check()).fault).toEqual({ seq: 700, what: CHANGED });
    // Also where pruning is turned off by then; no checkpoint is added.
    expect(await prune({})).toEqual({ lines: 601, broken: [] });
    expect([await seqs(), await check()]).toMatchObject([range(1_102, 1_201), { pruned: 1_101, fault: undefined }]);
  });

  it('keeps the chain while fifty builds are made beside it', async () => {
    const principal = await setup.createManager();
    accountId = principal.accountId;
    await setup.createBuild(principal);
    const builds = Array.from({ length: 50 }, () => setup.createBuild(principal));
    let isDone = false;
    const pruneOn = async () => {
      let runs = 0;
      for (; !isDone; runs += 1) expect((await prune({ catalogLogLines: 5 })).broken).toEqual([]);
      return runs;
    };
    const [runs] = await Promise.all([pruneOn(), Promise.all(builds).finally(() => (isDone = true))]);
    expect(runs).toBeGreaterThan(1);
    await prune({ catalogLogLines: 5 });
    const { lines, pruned, fault } = await check();
    expect([fault, lines - pruned]).toEqual([undefined, 5]);
    // Each build came with a task; the rest are checkpoints.
    expect(lines).toBeGreaterThan(102);
    expect(await seqs()).toEqual(range(pruned + 1, lines));
  });

  it('tells a slow subscriber, who holds a page at most, that it was overtaken', async () => {
    await record(1_000);
    const changes = follow(0);
    expect((await changes.next()).value).toMatchObject({ seq: 1 });
    await prune({ catalogLogLines: 10 });
    const told: string[] = [];
    for (let last = 1; last < 1_001;) {
      const change = (await changes.next()).value!;
      told.push(`${change.kind} ${change.seq}`);
      last = change.seq;
    }
    expect(told).toEqual([
      ...range(2, 200).map((seq) => `CREATED ${seq}`),
      ...['GAP 991', ...range(992, 1_000).map((seq) => `CREATED ${seq}`), 'CHECKPOINT 1001'],
    ]);
    await changes.return();
  });
});

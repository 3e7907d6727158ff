import { createHash } from 'node:crypto';
import { CatalogLogHead, CatalogLogLine } from '../../src/events/catalog-log.entity.js';
import { hashLine, recordChange } from '../../src/events/catalog-log.js';
import type { RecordedChange } from '../../src/events/catalog-log.js';
import { newId } from '../../src/lib/ids.js';
import { onEachDatabase } from '../support/databases.js';
import { openTestDatabase } from '../db/test-database.js';
import type { TestDatabase } from '../db/test-database.js';

const ACTOR = { type: 'TOKEN', id: 'token', name: 'test' } as const;

onEachDatabase('the catalog log', (kind) => {
  let database: TestDatabase;
  let accountId: string;
  beforeAll(async () => {
    database = await openTestDatabase(kind);
  });
  beforeEach(() => {
    accountId = newId();
  });
  afterAll(() => database.close());

  const change = (entityId: string, more: Partial<RecordedChange> = {}): RecordedChange => ({
    ...{ accountId, kind: 'CREATED', entityType: 'App', entityId, actor: ACTOR, after: { id: entityId } },
    ...more,
  });
  const record = (...changes: RecordedChange[]) =>
    database.inTransaction(async (tx) => changes.forEach((each) => recordChange(tx, each)));
  const lines = (of = accountId) =>
    database.reader.find(CatalogLogLine, { where: { accountId: of }, order: { seq: 'ASC' } });
  const seqs = async (of = accountId) => (await lines(of)).map(({ seq }) => seq);
  const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

  /** The published rule, written a second time: numbers of the lines that do not fit the one before. */
  const broken = async (): Promise<number[]> => {
    let previous = '0'.repeat(64);
    const wrong = [];
    for (const { hash, ...line } of await lines()) {
      if (
        createHash('sha256')
          .update(`${previous}\n${sortedJson(line)}`)
          .digest('hex') !== hash
      )
        wrong.push(line.seq);
      previous = hash;
    }
    return wrong;
  };

  it('has a line for every change, with who did what', async () => {
    const before = { id: 'x', name: 'old' };
    const after = { id: 'x', at: new Date(0), labels: { 10: 'ten', 9: 'nine', b: null, a: undefined } };
    await record(change('x', { kind: 'UPDATED', before, after }), change('y', { kind: 'DELETED', after: undefined }));
    expect(await lines()).toMatchObject([
      {
        ...{ seq: 1, kind: 'UPDATED', entityType: 'App', entityId: 'x', actor: ACTOR, before },
        after: { id: 'x', at: '1970-01-01T00:00:00.000Z', labels: { 10: 'ten', 9: 'nine', b: null } },
      },
      { seq: 2, kind: 'DELETED', entityId: 'y', before: null, after: null },
    ]);
    expect(await broken()).toEqual([]);
  });

  it('numbers lines without holes while many transactions run at once', async () => {
    const work = Array.from({ length: 40 }, (_, index) =>
      record(...upTo((index % 3) + 1).map((each) => change(`${index}-${each}`))),
    );
    await Promise.all(work);
    const all = await lines();
    expect(all.map(({ seq }) => seq)).toEqual(upTo(all.length));
    expect(new Set(all.map(({ entityId }) => entityId)).size).toBe(79);
    expect(await broken()).toEqual([]);
    const head = await database.reader.findOneByOrFail(CatalogLogHead, { accountId });
    expect(head).toMatchObject({ seq: 79, hash: all.at(-1)!.hash });
  });

  it('keeps the changes of one transaction together and in order', async () => {
    await Promise.all(
      upTo(10).map((index) => record(change(`${index} a`), change(`${index} b`), change(`${index} c`))),
    );
    const ids = (await lines()).map(({ entityId }) => entityId);
    for (let at = 0; at < ids.length; at += 3) {
      const [index] = ids[at]!.split(' ');
      expect(ids.slice(at, at + 3)).toEqual([`${index} a`, `${index} b`, `${index} c`]);
    }
  });

  it('uses no number for what was rolled back', async () => {
    const failing = () =>
      database.inTransaction(async (tx) => {
        recordChange(tx, change('never'));
        tx.beforeCommit(() => Promise.reject(new Error('after the line was written')));
      });
    await expect(failing()).rejects.toThrow();
    await record(change('first'));
    await Promise.allSettled([failing(), record(change('second')), failing(), record(change('third'))]);
    expect(await seqs()).toEqual([1, 2, 3]);
    expect(await broken()).toEqual([]);
  });

  it('numbers the lines of each account by themselves', async () => {
    const other = newId();
    await record(change('a'), change('b', { accountId: other }), change('c'));
    await record(change('d', { accountId: other }));
    expect([await seqs(), await seqs(other)]).toEqual([upTo(2), upTo(2)]);
  });

  it('takes the accounts of a transaction in one order, so that none waits for another for ever', async () => {
    const others = [newId(), newId(), newId()];
    const work = upTo(20).map((index) => {
      const order = index % 2 ? others : [...others].reverse();
      return record(...order.map((id) => change(`${index}`, { accountId: id })));
    });
    await Promise.all(work);
    for (const id of others) expect(await seqs(id)).toEqual(upTo(20));
  });

  it('holds what is recorded as late as before the commit', async () => {
    await database.inTransaction(async (tx) => {
      recordChange(tx, change('early'));
      tx.beforeCommit(async () => recordChange(tx, change('late')));
    });
    expect((await lines()).map(({ entityId }) => entityId)).toEqual(['early', 'late']);
    expect(await broken()).toEqual([]);
  });

  it('takes more changes at once than one statement has room for', async () => {
    await record(...upTo(7_000).map((index) => change(`bulk ${index}`)));
    expect(await seqs()).toEqual(upTo(7_000));
  });

  it.each([
    ['entityId', 'forged'],
    ['actor', JSON.stringify({ ...ACTOR, name: 'somebody else' })],
    ['after', null],
    ['at', 0],
    ['kind', 'DELETED'],
  ])('shows a line whose %s was changed afterwards', async (column, value) => {
    await record(change('a'), change('b'), change('c'));
    await database.inTransaction((tx) =>
      tx.manager.query(
        `UPDATE catalog_log SET "${column}" = ${literal(value)} WHERE "accountId" = '${accountId}' AND seq = 2`,
      ),
    );
    expect(await broken()).toEqual([2]);
  });

  it('shows a line that was taken out, and one whose hash was made to fit', async () => {
    await record(change('a'), change('b'), change('c'), change('d'));
    const [, , { hash: _hash, ...third }] = (await lines()) as [never, never, CatalogLogLine];
    const forged = { ...third, entityId: 'forged' };
    const [, second] = await lines();
    await database.inTransaction(async (tx) => {
      const hash = hashLine(second!.hash, forged);
      await tx.manager.update(CatalogLogLine, { accountId, seq: 3 }, { entityId: 'forged', hash });
    });
    expect(await broken()).toEqual([4]);
    await database.inTransaction((tx) => tx.manager.delete(CatalogLogLine, { accountId, seq: 1 }));
    expect(await broken()).toEqual([2, 4]);
  });
});

const literal = (value: string | number | null) => (typeof value === 'string' ? `'${value}'` : String(value));

/** JSON with the keys of every object sorted as text. */
function sortedJson(value: unknown): string {
  if (value instanceof Date) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(sortedJson).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, child]) => `${JSON.stringify(key)}:${sortedJson(child)}`);
  return `{${members.sort().join()}}`;
}

import { AccessToken } from '../../src/auth/access-token.entity.js';
import { Role } from '../../src/auth/principal.js';
import { fromRow, selectRows } from '../../src/db/from-row.js';
import { readPage } from '../../src/db/keyset.js';
import type { KeysetOrder } from '../../src/db/keyset.js';
import { newId } from '../../src/lib/ids.js';
import { formatCursor, parsePage } from '../../src/lib/paging.js';
import type { PageArgs } from '../../src/lib/paging.js';
import { onEachDatabase } from '../support/databases.js';
import { openTestDatabase } from './test-database.js';
import type { TestDatabase } from './test-database.js';

const COUNT = 13;
const AT = Date.UTC(2026, 0, 1);

onEachDatabase('pages by position', (kind) => {
  let database: TestDatabase;
  let accountId: string;
  const ids = Array.from({ length: COUNT }, newId);

  beforeAll(async () => {
    database = await openTestDatabase(kind);
    ({ accountId } = await database.createPrincipal());
    const rows = ids.map((id, index) => ({
      ...{ accountId, id, hash: id, role: Role.READER, userId: null },
      // Three rows share a value, and names differ in case and beyond ASCII.
      name: ['B', 'a', 'ä', '\u{1f512}', '\uffee'][Math.floor(index / 3)]!,
      createdAt: new Date(AT + (index % 2)),
    }));
    await database.inTransaction((tx) => tx.manager.insert(AccessToken, rows));
  });
  afterAll(() => database.close());

  const page = (order: KeysetOrder, args: PageArgs) => {
    const query = selectRows(database.reader, AccessToken, 't').where({ accountId });
    return readPage(query, order, parsePage(args, order.name), (row) => fromRow(AccessToken, row));
  };

  const orders = [
    ['by name', 'name', false, ids],
    ['by name, last first', 'name', true, [...ids].reverse()],
    ['by time', 'createdAt', false, [...ids.filter((_, i) => i % 2 === 0), ...ids.filter((_, i) => i % 2 === 1)]],
  ] as const;

  // Bytewise, the emoji comes after U+FFEE.
  const bytewise = (list: readonly string[], column: string) => {
    if (column !== 'name') return list;
    const sorted = [...ids.slice(0, 9), ids[12]!, ...ids.slice(9, 12)];
    return list[0] === ids[0] ? sorted : sorted.reverse();
  };

  it.each(orders)('hold every row once, forwards and backwards, %s', async (_what, column, descending, list) => {
    const order = { name: `${column} ${descending}`, column, descending };
    const expected = bytewise(list, column);
    for (const size of [1, 2, 5, COUNT, 200]) {
      const forwards: string[] = [];
      for (let after: string | null = null; ;) {
        const { nodes, pageInfo } = await page(order, { first: size, after });
        forwards.push(...nodes.map(({ id }) => id));
        if (!pageInfo.hasNextPage) break;
        after = pageInfo.endCursor;
      }
      expect(forwards).toEqual(expected);
      const backwards: string[] = [];
      for (let before: string | null = null; ;) {
        const { nodes, pageInfo } = await page(order, { last: size, before });
        backwards.unshift(...nodes.map(({ id }) => id));
        if (!pageInfo.hasPreviousPage) break;
        before = pageInfo.startCursor;
      }
      expect(backwards).toEqual(expected);
    }
  });

  it('need no id where no two rows are equal in the column', async () => {
    const order = { name: 'id', column: 'id', descending: true, isUnique: true };
    const expected = [...ids].sort().reverse();
    const first = await page(order, { first: 5 });
    const rest = await page(order, { after: first.pageInfo.endCursor });
    expect([...first.nodes, ...rest.nodes].map(({ id }) => id)).toEqual(expected);
    const before = await page(order, { last: 3, before: first.pageInfo.endCursor });
    expect(before.nodes.map(({ id }) => id)).toEqual(expected.slice(1, 4));
  });

  it('can be bounded on both sides', async () => {
    const order = { name: 'name', column: 'name', descending: false };
    const { edges } = await page(order, {});
    const middle = await page(order, { after: edges[3]!.cursor, before: edges[7]!.cursor });
    expect(middle.nodes).toEqual(edges.slice(4, 7).map(({ node }) => node));
    expect(await middle.totalCount()).toBe(COUNT);
  });

  it('are empty beyond the end, and have no cursors then', async () => {
    const order = { name: 'name', column: 'name', descending: false };
    const { pageInfo } = await page(order, {});
    const beyond = await page(order, { after: pageInfo.endCursor });
    expect(beyond).toMatchObject({ edges: [], nodes: [] });
    expect(beyond.pageInfo).toEqual({
      hasNextPage: false,
      hasPreviousPage: true,
      startCursor: null,
      endCursor: null,
    });
  });

  it.each([
    ['createdAt', 'text'],
    ['createdAt', 1.5],
    ['createdAt', 1e300],
    ['name', 7],
  ])('refuse a made-up cursor that has for %s the value %j', async (column, value) => {
    const order = { name: column, column, descending: false };
    const cursor = formatCursor(column, { value, id: 'x' });
    const refusal = { code: 'BAD_USER_INPUT' };
    await expect(page(order, { after: cursor })).rejects.toMatchObject({ ...refusal, field: ['after'] });
    await expect(page(order, { before: cursor })).rejects.toMatchObject({ ...refusal, field: ['before'] });
  });
});

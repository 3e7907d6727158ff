import { onEachDatabase } from '../support/databases.js';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { CreateBuild, ListBuilds } from '../support/operations.js';

type Order = { field: 'CREATED_AT' | 'UPDATED_AT' | 'NAME'; direction: 'ASC' | 'DESC' };

const COUNT = 23;

onEachDatabase('lists of builds', (kind) => {
  let gateway: TestGateway;
  const made: string[] = [];

  const create = async (name: string) => {
    const dockerInfo = { dockerImageName: name, dockerVersion: '1' };
    const { createBuild } = await gateway.ask(CreateBuild, { input: { dockerInfo } });
    return createBuild.build!.id;
  };

  beforeAll(async () => {
    gateway = await startTestGateway({ DATABASE_URL: await kind.create() });
    // Many share a name, so that the id has to break ties.
    for (let index = 0; index < COUNT; index += 1) made.push(await create(`Name-${index % 4}`));
  });
  afterAll(() => gateway.close());

  /** All ids by following cursors forwards or backwards, `size` at a time. */
  async function walk(size: number, orderBy: Order, backwards: boolean): Promise<string[]> {
    const ids: string[] = [];
    let cursor: string | null | undefined;
    for (let page = 0; page <= COUNT; page += 1) {
      const place = backwards ? { last: size, before: cursor } : { first: size, after: cursor };
      const { builds } = await gateway.ask(ListBuilds, { ...place, orderBy });
      const found = builds.edges.map(({ node }) => node.id);
      if (backwards) ids.unshift(...found);
      else ids.push(...found);
      const { hasNextPage, hasPreviousPage, startCursor, endCursor } = builds.pageInfo;
      if (!(backwards ? hasPreviousPage : hasNextPage)) return ids;
      cursor = backwards ? startCursor : endCursor;
    }
    throw new Error('The pages do not end');
  }

  it.each([
    ['CREATED_AT', 'ASC'],
    ['CREATED_AT', 'DESC'],
    ['UPDATED_AT', 'DESC'],
    ['NAME', 'ASC'],
    ['NAME', 'DESC'],
  ] as const)('reach every row once in either direction, ordered by %s %s', async (field, direction) => {
    const orderBy = { field, direction };
    const forwards = await walk(5, orderBy, false);
    expect([...forwards].sort()).toEqual([...made].sort());
    expect(await walk(7, orderBy, true)).toEqual(forwards);
    if (field !== 'NAME') expect(forwards).toEqual(direction === 'ASC' ? made : [...made].reverse());
  });

  it('stay right while rows are added', async () => {
    const orderBy = { field: 'CREATED_AT', direction: 'DESC' } as const;
    const first = await gateway.ask(ListBuilds, { first: 10, orderBy });
    made.push(await create('later'));
    const rest = await gateway.ask(ListBuilds, { first: 200, after: first.builds.pageInfo.endCursor, orderBy });
    const ids = [...first.builds.edges, ...rest.builds.edges].map(({ node }) => node.id);
    expect(ids).toEqual([...made].reverse().slice(1));
    expect(rest.builds).toMatchObject({
      totalCount: made.length,
      pageInfo: { hasPreviousPage: true, hasNextPage: false },
    });
  });

  it.each([
    [{ first: 201 }, 'first'],
    [{ first: -1 }, 'first'],
    [{ first: 1, last: 1 }, 'first'],
    [{ after: 'nonsense' }, 'after'],
    [{ before: Buffer.from('["NAME ASC","x","y"]').toString('base64url') }, 'before'],
  ])('refuse %j', async (page, field) => {
    const query =
      'query ($first: Int, $last: Int, $after: String, $before: String) { builds(first: $first, last: $last, after: $after, before: $before) { totalCount } }';
    const { body } = await gateway.send(query, page);
    expect(body.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field: [field] } }]);
  });

  it('take an empty page for what it is', async () => {
    const { builds } = await gateway.ask(ListBuilds, { first: 0 });
    expect(builds).toMatchObject({ edges: [], pageInfo: { hasNextPage: true, startCursor: null, endCursor: null } });
  });

  it('filter by docker image name, text and review', async () => {
    const total = async (filter: object) => (await gateway.ask(ListBuilds, { filter })).builds.totalCount;
    expect(await total({ dockerImageName: 'Name-1' })).toBe(6);
    expect(await total({ dockerImageName: 'name-1' })).toBe(0);
    expect(await total({ text: 'nAmE-' })).toBe(COUNT);
    expect(await total({ text: 'N_me' })).toBe(0);
    expect(await total({ status: ['PENDING'] })).toBe(made.length);
    expect(await total({ status: ['WHITELISTED', 'REJECTED'] })).toBe(0);
    expect(await total({ deploymentStatus: 'DEPLOYED' })).toBe(0);
    expect(await total({ platform: ['SGX'] })).toBe(0);
  });
});

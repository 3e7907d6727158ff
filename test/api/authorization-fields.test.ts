import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema } from 'graphql';
import { packageRoot } from '../../src/lib/package-root.js';
import type { Ids } from '../support/authorization-content.js';
import { connectionFields, deepQueries, reachableFields, selectedIn } from '../support/authorization-fields.js';
import { graphql } from '../support/authorization-graphql.js';
import { send } from '../support/authorization-line.js';
import { createWorld, leaksIn } from '../support/authorization-world.js';
import type { Persona, World } from '../support/authorization-world.js';

const schema = buildSchema(readFileSync(join(packageRoot, 'schema', 'schema.graphql'), 'utf8'));
const fields = Object.keys(schema.getQueryType()!.getFields());
const connections = connectionFields(schema);
const FOR_MANAGERS = ['catalogLog', 'signIns'];
/** Without both builds there is nothing that it could answer. */
const ALL_OR_NOTHING = ['buildDiff'];
/** It takes builds of two sources to fill it: conflicts.test.ts has them, and a stranger. */
const filled = fields.filter((field) => field !== 'conflicts');

describe('everything below the fields of Query', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.gateway.close());

  const ask = async (persona: Persona, query: string) => {
    const { text } = await send(world.gateway.url, world.tokens[persona], graphql(query));
    const { data, errors = [] } = JSON.parse(text);
    const codes: string[] = errors.map(({ extensions }: { extensions: { code: string } }) => extensions.code);
    return { data, codes, leaks: leaksIn(world, text, query) };
  };
  const deep = async (persona: Persona, field: string, ids: Ids) => {
    const found = { codes: [] as string[], leaks: [] as string[], text: '' };
    for (const query of deepQueries(schema, field, ids)) {
      const { data, codes, leaks } = await ask(persona, query);
      found.codes.push(...codes);
      found.leaks.push(...leaks);
      found.text += JSON.stringify(data);
    }
    return found;
  };

  it('is selected, all of it', () => {
    const selected = new Set(
      fields.flatMap((field) => deepQueries(schema, field, world.ids).flatMap((query) => selectedIn(schema, query))),
    );
    expect(reachableFields(schema).filter((field) => !selected.has(field))).toEqual([]);
  });

  it.each(fields)('%s shows a stranger nothing of the account, whatever it is asked for', async (field) => {
    const { codes, leaks } = await deep('stranger', field, world.ids);
    const expected = ALL_OR_NOTHING.includes(field) ? ['NOT_FOUND'] : [];
    expect({ codes: [...new Set(codes)], leaks }).toEqual({ codes: expected, leaks: [] });
  });

  it.each(filled)('%s shows a stranger all that is its own, and no more', async (field) => {
    const { text, codes, leaks } = await deep('stranger', field, world.own);
    expect({ codes, leaks }).toEqual({ codes: [], leaks: [] });
    expect(Object.values(world.own).filter((id) => text.includes(id))).not.toEqual([]);
  });

  it.each(filled)('%s shows a reader of the account what is in it, unless that is for managers', async (field) => {
    const { codes, leaks } = await deep('reader', field, world.ids);
    if (FOR_MANAGERS.includes(field))
      expect({ codes: [...new Set(codes)], leaks }).toEqual({ codes: ['FORBIDDEN'], leaks: [] });
    else {
      expect(codes).toEqual([]);
      expect(leaks).not.toEqual([]);
    }
  });

  it.each(fields)('%s answers a manager of the account without a defect', async (field) => {
    expect((await deep('manager', field, world.ids)).codes).toEqual([]);
  });

  it('shows the tokens of machines to managers only', async () => {
    const count = async (persona: Persona) =>
      (await ask(persona, '{ viewer { accessTokens { id } } }')).data.viewer.accessTokens.length;
    expect([await count('reader'), await count('writer'), await count('user')]).toEqual([0, 0, 0]);
    expect(await count('manager')).toBeGreaterThan(3);
    expect(await count('stranger')).toBe(1);
  });

  it.each(connections)('%s counts for a stranger what is its own', async (field) => {
    const { data } = await ask('stranger', `{ ${field}(first: 200) { totalCount nodes { __typename } } }`);
    expect(data[field].nodes.length).toBeGreaterThan(0);
    expect(data[field].totalCount).toBe(data[field].nodes.length);
  });

  it.each(connections)('%s shows a stranger nothing by a cursor of another account', async (field) => {
    const page = '{ totalCount pageInfo { endCursor } }';
    const theirs = (await ask('manager', `{ ${field}(first: 1) ${page} }`)).data[field];
    const own = (await ask('stranger', `{ ${field} ${page} }`)).data[field];
    const below = selectedBelow(field);
    for (const place of [
      `first: 200, after: "${theirs.pageInfo.endCursor}"`,
      `last: 200, before: "${theirs.pageInfo.endCursor}"`,
    ]) {
      const { data, codes, leaks } = await ask('stranger', `{ ${field}(${place}) ${below} }`);
      expect({ codes, leaks }).toEqual({ codes: [], leaks: [] });
      expect(data[field].totalCount).toBe(own.totalCount);
    }
  });
});

/** Enough of each to tell whose it is. */
const selectedBelow = (field: string): string => {
  const name = field === 'users' ? 'user { id }' : field === 'catalogLog' ? 'entityId hash' : 'id';
  return `{ totalCount nodes { ${name} } edges { cursor } pageInfo { hasNextPage hasPreviousPage } }`;
};

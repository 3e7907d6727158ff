import { leaksIn, rowsOfA, createWorld } from '../support/authorization-world.js';
import type { Persona, World } from '../support/authorization-world.js';
import { ask, expectedOf, outcomeOf, personasOf, titleOf } from '../support/authorization-line.js';
import type { Line } from '../support/authorization-line.js';
import { LINES } from '../support/authorization-table.js';
import { onEachDatabaseAtScale } from '../support/databases.js';

const HEAD = '{ catalogLog(first: 1) { totalCount nodes { seq hash } } jobs { totalCount } }';

const isOfA = (persona: Persona) => !['nobody', 'user', 'stranger'].includes(persona);

onEachDatabaseAtScale('the authorisation table', (kind) => {
  let world: World;
  let rows: Record<string, string[]>;
  beforeAll(async () => {
    world = await createWorld(await kind.create());
    rows = await rowsOfA(world);
  });
  afterAll(() => world.gateway.close());

  const table = LINES.map((line) => [titleOf(line), line] as const);
  const head = async () => (await world.gateway.send(HEAD)).body.data;
  const expectedOfAll = (line: Line, personas: Persona[]) =>
    Object.fromEntries(personas.map((persona) => [persona, expectedOf(line, persona)]));

  it('has a world with something to find', () => {
    expect(world.secrets.length).toBeGreaterThan(60);
    for (const id of [world.ids.app, world.ids.job, world.ids.user]) expect(world.secrets).toContain(id);
  });

  describe('keeps out', () => {
    it.each(table)('who has no right to it: %s', async (_title, line) => {
      const { outsiders } = personasOf(line);
      const before = await head();
      const found: Record<string, string> = {};
      const leaks: string[] = [];
      for (const persona of outsiders) {
        const call = line.call(world.ids, world.fresh());
        const answer = await ask(world, persona, line, call);
        found[persona] = outcomeOf(line, call, answer);
        if (!isOfA(persona)) leaks.push(...leaksIn(world, answer.headers + answer.text, JSON.stringify(call)));
      }
      expect(found).toEqual(expectedOfAll(line, outsiders));
      expect(leaks).toEqual([]);
      expect(await head()).toEqual(before);
    });

    it('and changes no row of the account by that', async () => {
      expect(await rowsOfA(world)).toEqual(rows);
    });
  });

  describe('lets in', () => {
    it.each(table)('who has the right to it: %s', async (_title, line) => {
      const { members } = personasOf(line);
      const found: Record<string, string> = {};
      for (const persona of members) {
        const ids = { ...world.ids, ...(await line.throwAway?.(world)) };
        const call = line.call(ids, world.fresh());
        found[persona] = outcomeOf(line, call, await ask(world, persona, line, call));
      }
      expect(found).toEqual(expectedOfAll(line, members));
    });
  });
});

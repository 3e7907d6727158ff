import { asking } from '../support/authorization-content.js';
import type { Ids, Person } from '../support/authorization-content.js';
import { graphql } from '../support/authorization-graphql.js';
import { ask, expectedOf, outcomeOf, personasOf, send, titleOf } from '../support/authorization-line.js';
import type { Answer, Call, Line } from '../support/authorization-line.js';
import { CCM, GRAPHQL, LINES } from '../support/authorization-table.js';
import { createMember, createWorld, guessed, leaksIn, signIn } from '../support/authorization-world.js';
import type { Persona, World } from '../support/authorization-world.js';
import { finished, startConversion } from '../support/conversions.js';
import { connect } from '../support/graphql-client.js';
import { WatchJob } from '../support/operations.js';

const titled = <T extends Line>(lines: T[]) => lines.map((line) => [titleOf(line), line] as const);
const OWN = ['OK', 'UNSUPPORTED', 'FEATURE_NOT_SUPPORTED'];
/** Lines that a stranger aims at something, and is told that there is no such thing. */
const AIMED = LINES.filter(({ stranger, name }) => !OWN.includes(stranger) || name === 'discover');
const PREFIX = '/api/v1/confidential_computing';

/** The answer with the names of what was asked for in the place of their ids. */
function withoutIds(answer: Answer, ids: Ids): Answer {
  const replaced = (text: string) =>
    Object.entries(ids)
      .sort(([, a], [, b]) => b.length - a.length)
      .reduce((left, [name, id]) => left.replaceAll(new RegExp(id.replace(/[.+]/g, '\\$&'), 'gi'), `<${name}>`), text);
  return { status: answer.status, headers: answer.headers, text: replaced(answer.text) };
}

describe('what a stranger learns', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.gateway.close());

  it.each(titled(AIMED))('is the same for ids of another account and for ids of nobody: %s', async (_title, line) => {
    const unknown = guessed(world.ids);
    const fresh = world.fresh();
    for (const persona of ['stranger', 'user', 'nobody'] as const) {
      const theirs = await ask(world, persona, line, line.call(world.ids, fresh));
      const nobodys = await ask(world, persona, line, line.call(unknown, fresh));
      expect(withoutIds(theirs, world.ids)).toEqual(withoutIds(nobodys, unknown));
    }
  });

  it.each(titled(CCM))('is the same by the newer prefix of the paths: %s', async (_title, line) => {
    const personas: Persona[] = line.stranger === 'OK' ? ['nobody'] : ['nobody', 'user', 'stranger'];
    for (const persona of line.access === 'ANYONE' ? [] : personas) {
      const call = line.call(world.ids, world.fresh());
      const newer = { ...call, path: call.path.replace('/v1', PREFIX) };
      const answer = await ask(world, persona, line, newer);
      expect([persona, outcomeOf(line, newer, answer)]).toEqual([persona, expectedOf(line, persona)]);
      expect(leaksIn(world, answer.headers + answer.text, JSON.stringify(newer))).toEqual([]);
    }
  });

  it.each(titled(GRAPHQL))('is the same over graphql-ws, as for other outsiders: %s', async (_title, line) => {
    const outsiders = personasOf(line).outsiders.filter((persona) => expectedOf(line, persona) !== 'OK');
    for (const persona of outsiders) {
      const call: Call = { ...line.call(world.ids, world.fresh()), kind: 'graphql-ws' };
      const answer = await ask(world, persona, line, call);
      expect([persona, outcomeOf(line, call, answer)]).toEqual([persona, expectedOf(line, persona)]);
    }
  });

  it('of a job by subscribing to it is one error and no event, as for no job at all', async () => {
    const client = connect(world.gateway.url, world.tokens.stranger!);
    const results = async (jobId: string) => {
      const found: unknown[] = [];
      for await (const { data, errors } of client.subscribe(WatchJob, { jobId })) {
        found.push({ data: data ?? null, code: errors?.[0]?.extensions?.code, message: errors?.[0]?.message });
      }
      return JSON.stringify(found).replaceAll(jobId, '<job>');
    };
    const theirs = await results(world.ids.job).catch((error: unknown) => textOf(error, world.ids.job));
    const unknown = guessed(world.ids).job;
    expect(theirs).toContain('NOT_FOUND');
    expect(theirs).toBe(await results(unknown).catch((error: unknown) => textOf(error, unknown)));
    await client.dispose();
  });

  it.each(['builds', 'apps', 'tasks', 'users', 'nodes'])('of how many %s there are is its own', async (list) => {
    const of = async (persona: Persona, query = '') => {
      const call: Call = { kind: 'http', method: 'GET', path: `/v1/${list}${query}` };
      return JSON.parse((await send(world.gateway.url, world.tokens[persona], call)).text);
    };
    const { metadata, items } = await of('stranger', '?limit=100');
    expect(metadata).toMatchObject({ total_count: items.length, filtered_count: items.length, pages: 1 });
    expect(items.length).toBeGreaterThan(0);
    const beyond = await of('stranger', `?limit=100&offset=${items.length}`);
    expect(beyond.items).toEqual([]);
    expect(leaksIn(world, JSON.stringify(await of('manager')), '')).not.toEqual([]);
  });

  it('of an image in the store is nothing, by converting it either', async () => {
    const client = connect(world.gateway.url, world.tokens.stranger!);
    const failureOf = async (image: string) => {
      const job = await finished(client, await startConversion(client, { inputImage: { name: `${image}:1` } }));
      return JSON.stringify([job.status, job.failure, job.build]).replaceAll(image.replace(/^[^/]*\//, ''), '<image>');
    };
    const failure = await failureOf(world.ids.image);
    expect(failure).toContain('IMAGE_NOT_FOUND');
    expect(failure).toBe(await failureOf(guessed(world.ids).image));
    await client.dispose();
  });

  it('of a name that is taken in another account is nothing', async () => {
    const stranger = connect(world.gateway.url, world.tokens.stranger!);
    const create = (name: string) =>
      asking(stranger)(`mutation { createApp(input: { name: "${name}" }) { app { name } userErrors { message } } }`);
    expect(await create(world.ids.appName)).toMatchObject({ app: { name: world.ids.appName } });
    await stranger.dispose();
  });

  describe('of a member of another account, by inviting it,', () => {
    let victim: Person;
    let answer: string;
    beforeAll(async () => {
      victim = await createMember(world.gateway, 'reader');
      const member = 'member { user { email firstName lastName lastSignInAt } }';
      const input = `{ email: "${victim.email}", roles: [READER] }`;
      const invite = `mutation { inviteUser(input: ${input}) { ${member} userErrors { code } } }`;
      answer = (await send(world.gateway.url, world.tokens.stranger, graphql(invite))).text;
    });

    it('is no name and no time', () => {
      expect(leaksIn(world, answer.replace(victim.email, ''), '')).toEqual([]);
      expect(answer).toContain('"lastSignInAt":null');
    });

    it('is nothing of where and when it signed in before', async () => {
      const { text } = await send(world.gateway.url, world.tokens.stranger, graphql('{ signIns { nodes { email } } }'));
      expect(text).not.toContain(victim.email);
    });

    it('and the member goes on signing in to its own account', async () => {
      const token = await signIn(world.gateway.url, victim.email);
      const { text } = await send(world.gateway.url, token, graphql('{ viewer { account { id } } }'));
      expect(JSON.parse(text).data.viewer.account).toEqual({ id: world.ids.account });
    });
  });
});

/** How graphql-ws reports errors that come instead of a stream. */
const textOf = (error: unknown, id: string): string => JSON.stringify(error).replaceAll(id, '<job>');

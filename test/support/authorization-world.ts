// One gateway with two tenants, for asking it everything as everybody: account A, whose rows all carry a marker, and
// the account of a stranger, who signed up by itself.
import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { asking, fillStranger, fillTreasury, MARKER, newAccessKey, rest } from './authorization-content.js';
import type { Ids, Person } from './authorization-content.js';
import { newAccessKeyId } from '../../src/credentials/access-key-secret.js';
import { startConvertingGateway } from './conversions.js';
import { everythingIn } from './everything.js';
import { temporaryFolder } from './folders.js';
import type { TestGateway } from './gateway.js';
import { connect } from './graphql-client.js';
import type { Key } from './signed-requests.js';

export const PASSWORD = 'correct horse battery';

export type Role = 'reader' | 'writer' | 'manager';
/** Roles are tokens of machines, unless somebody signed in has them: `in person`. */
export type Persona = 'nobody' | 'user' | 'stranger' | Role | `${Role} in person`;

export interface World {
  gateway: TestGateway;
  /** By persona; undefined for nobody. */
  tokens: Record<Persona, string | undefined>;
  people: Partial<Record<Persona, Person>>;
  /** What they sign requests to Image Builder's paths with; undefined for who can have none. */
  keys: Partial<Record<Persona, Key>>;
  /** Of account A. */
  ids: Ids;
  /** Of the account of the stranger. */
  own: Ids;
  /** All that looks like an id or a digest in account A. */
  secrets: readonly string[];
  databaseUrl: string;
  /** A different one at each call. */
  fresh: () => string;
}

const ID_LIKE = [
  /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g,
  // Hubs, jobs, digests, measurements, hashes of tokens.
  /(?<![0-9a-f])(?:[0-9a-f]{24}|[0-9a-f]{64}|[0-9a-f]{96})(?![0-9a-f])/g,
  // AWS accounts.
  /(?<=")\d{12}(?=")/g,
];

/** @param databaseUrl of an empty database */
export async function createWorld(databaseUrl = join(temporaryFolder(), 'catalog.sqlite')): Promise<World> {
  const gateway = await startConvertingGateway({ DATABASE_URL: databaseUrl, SIGN_UP: 'open' });
  const roles = ['reader', 'writer', 'manager'] as const;
  const tokens = Object.fromEntries(
    await Promise.all(roles.map(async (role) => [role, await createToken(gateway, role)] as const)),
  ) as Record<Role, string>;
  const inPerson = await Promise.all(roles.map((role) => createMember(gateway, role)));
  const held = roles.map(
    async (role) => [role, await newAccessKey(asking(gateway), `${MARKER}-${role}`, role.toUpperCase())] as const,
  );
  const keys: World['keys'] = Object.fromEntries(await Promise.all(held));
  const ids = await fillTreasury(gateway, inPerson[0]!.id);
  const text = await everythingIn(databaseUrl);
  const shared = await bootBlobs(gateway);
  const found = new Set(ID_LIKE.flatMap((pattern) => text.match(pattern) ?? []));
  const secrets = [...found].filter((secret) => !shared.includes(secret));

  const user = await signUp(gateway.url, 'user@example.com');
  await rest(gateway.url, user.token, '/v1/accounts', { name: 'not selected' });
  const stranger = await signUp(gateway.url, 'stranger@example.com');
  const { acct_id } = await rest(gateway.url, stranger.token, '/v1/accounts', { name: 'of a stranger' });
  await rest(gateway.url, stranger.token, `/v1/sys/session/select_account/${acct_id}`);
  // Seen in its account only from when it joined that.
  await signIn(gateway.url, stranger.email);
  const own = await fillStranger(gateway.url, stranger, acct_id);
  keys.stranger = await keyOf(gateway.url, stranger.token);
  const people: World['people'] = { user, stranger };
  roles.forEach((role, index) => (people[`${role} in person`] = inPerson[index]!));
  const sessions = Object.fromEntries(Object.entries(people).map(([persona, { token }]) => [persona, token]));
  let count = 0;
  return {
    ...{ gateway, people, keys, ids, own, secrets, databaseUrl },
    tokens: { nobody: undefined, ...tokens, ...sessions } as World['tokens'],
    fresh: () => `${(count += 1)}-${randomBytes(4).toString('hex')}`,
  };
}

/** A manager's. */
async function keyOf(url: string, token: string): Promise<Key> {
  const client = connect(url, token);
  try {
    return await newAccessKey(asking(client), 'of a stranger', 'MANAGER');
  } finally {
    await client.dispose();
  }
}

async function createToken(gateway: TestGateway, role: Role): Promise<string> {
  const input = `{ name: "${MARKER}-${role}", roles: [${role.toUpperCase()}] }`;
  const { body } = await gateway.send(`mutation { createAccessToken(input: ${input}) { secret } }`);
  return body.data.createAccessToken.secret;
}

/** Digests of what all conversions are made with, whoever's: it is the gateway's. */
async function bootBlobs(gateway: TestGateway): Promise<string> {
  const { body } = await gateway.send('{ jobs { nodes { bootBlobs { sha256 } } } }');
  return JSON.stringify(body);
}

/** Somebody of account A, signed in there. */
export async function createMember(gateway: TestGateway, role: Role): Promise<Person> {
  const email = `${role}-${randomBytes(4).toString('hex')}@${MARKER}.example.com`;
  const input = { email, password: PASSWORD, firstName: `${MARKER} ${role}`, roles: [role.toUpperCase()] };
  const { body } = await gateway.send(
    'mutation ($input: CreateUserInput!) { createUser(input: $input) { member { user { id } } userErrors { message } } }',
    { input },
  );
  return { email, id: body.data.createUser.member.user.id, token: await signIn(gateway.url, email) };
}

export async function signUp(url: string, email: string): Promise<Person> {
  const { user_id: id } = await rest(url, undefined, '/v1/users', { user_email: email, user_password: PASSWORD });
  return { email, id, token: await signIn(url, email) };
}

export async function signIn(url: string, email: string): Promise<string> {
  const authorization = `Basic ${Buffer.from(`${email}:${PASSWORD}`).toString('base64')}`;
  const response = await fetch(`${url}/v1/sys/auth`, { method: 'POST', headers: { authorization } });
  return ((await response.json()) as { access_token: string }).access_token;
}

/** The same ids, each with another value of the same form that nobody has. */
export function guessed(ids: Ids): Ids {
  return Object.fromEntries(Object.entries(ids).map(([name, value]) => [name, guessedId(value)])) as unknown as Ids;
}

function guessedId(value: string): string {
  if (/^[0-9a-f]{8}-/.test(value)) return randomUUID();
  if (value.startsWith('AKIA')) return newAccessKeyId();
  const hex = /[0-9a-f]{24,}/.exec(value)?.[0];
  if (hex) return value.replace(hex, randomBytes(hex.length / 2).toString('hex'));
  return value.replaceAll(MARKER, 'nobody');
}

/** What of account A is in a text, but for what is in the request that it answers. */
export function leaksIn({ secrets }: Pick<World, 'secrets'>, text: string, asked: string): string[] {
  const found = text.toLowerCase();
  return [...secrets, MARKER].filter((secret) => found.includes(secret) && !asked.toLowerCase().includes(secret));
}

/** Every row of account A and of its people, but for when a token was last used. */
export async function rowsOfA({ databaseUrl, ids, people }: World): Promise<Record<string, string[]>> {
  const tables = JSON.parse(await everythingIn(databaseUrl)) as Record<string, Record<string, unknown>[]>;
  const owners = [ids.account, ids.user, ...Object.values(people).map(({ id }) => id)];
  const strangers = [people.user!.id, people.stranger!.id];
  const isOfA = (row: Record<string, unknown>) => {
    const values = Object.values(row);
    return owners.some((id) => !strangers.includes(id) && values.includes(id));
  };
  const shown = ({ lastUsedAt: _lastUsedAt, ...row }: Record<string, unknown>) => JSON.stringify(row);
  return Object.fromEntries(
    Object.entries(tables).map(([table, rows]) => [table, rows.filter(isOfA).map(shown).sort()]),
  );
}

// One line of the authorisation table: how to call something, the least that it takes, and what a stranger gets.
import { parse } from 'graphql';
import type { CloseEvent } from 'ws';
import type { Ids, Person } from './authorization-content.js';
import { cycleOutcome, hubOf } from './authorization-cycle.js';
import { createMember, signIn, signUp } from './authorization-world.js';
import type { Persona, Role, World } from './authorization-world.js';
import { connect } from './graphql-client.js';
import { deliver, signed } from './signed-requests.js';

export type Access = 'ANYONE' | 'USER' | 'READER' | 'WRITER' | 'MANAGER';

/** OK, or why not. NULL and EMPTY: nothing was found; EMPTY counts zero too. */
export type Outcome =
  | 'OK'
  | 'NULL'
  | 'EMPTY'
  | 'UNAUTHENTICATED'
  | 'NO_ACCOUNT'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'BAD_USER_INPUT'
  | 'CONFLICT'
  | 'FEATURE_NOT_SUPPORTED'
  | 'UNSUPPORTED';

export interface Call {
  kind: 'http' | 'graphql' | 'graphql-ws';
  method: string;
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface Line {
  group: 'Query' | 'Mutation' | 'Subscription' | 'CCM' | 'Cycle' | 'Image Builder' | 'store' | 'other';
  /** Root field, operationId, or method and path as mounted. */
  name: string;
  /** Tells apart lines of one name. */
  what?: string;
  access: Access;
  /** Where what this line is aimed at takes more than its route or field does. */
  needs?: Access;
  call(ids: Ids, fresh: string): Call;
  /** To aim allowed calls at, where they destroy it. */
  throwAway?(world: World): Promise<Partial<Ids>>;
  /** Aimed at ids of account A. */
  stranger: Outcome;
  /** OK where left out. */
  allowed?: Outcome;
  /** What tokens of machines get who have the role; then people with the role are asked for too. */
  machines?: Outcome;
  except?: Partial<Record<Persona, Outcome>>;
  /** Ends the session it is called with. */
  endsSession?: true;
  /** Ends the user who calls, where it is allowed to. */
  endsUser?: true;
}

export const titleOf = ({ group, name, what }: Line): string => `${group} ${name}${what ? `, ${what}` : ''}`;

const RANK = { ANYONE: 0, USER: 0, READER: 1, WRITER: 2, MANAGER: 3 } as const;
const ROLES = ['reader', 'writer', 'manager'] as const;

const rankOf = (persona: Persona): number => RANK[persona.split(' ')[0]!.toUpperCase() as Access];

/** Who has the role in account A that the line needs, and who has not. */
export function personasOf(line: Line): { outsiders: Persona[]; members: Persona[] } {
  const held: Persona[] = [...ROLES, ...(line.machines ? ROLES.map((role) => `${role} in person` as const) : [])];
  const isMember = (persona: Persona) => rankOf(persona) >= RANK[line.needs ?? line.access];
  const outsiders: Persona[] = ['nobody', 'user', 'stranger', ...held.filter((persona) => !isMember(persona))];
  return { outsiders, members: held.filter(isMember) };
}

export function expectedOf(line: Line, persona: Persona): Outcome {
  const { access, needs = access, allowed = 'OK', stranger, machines, except } = line;
  if (except?.[persona]) return except[persona];
  if (persona === 'nobody') return access === 'ANYONE' ? allowed : 'UNAUTHENTICATED';
  if (persona === 'stranger') return stranger;
  if (persona === 'user') return RANK[access] === 0 ? stranger : 'NO_ACCOUNT';
  if (rankOf(persona) < RANK[needs]) return 'FORBIDDEN';
  return persona.endsWith('in person') ? allowed : (machines ?? allowed);
}

export interface Answer {
  status: number;
  headers: string;
  text: string;
}

export async function ask(world: World, persona: Persona, line: Line, call: Call): Promise<Answer> {
  if (line.group === 'Image Builder') return askSigned(world, persona, call);
  const isEnding = line.endsUser && expectedOf(line, persona) === 'OK';
  const person = isEnding ? await newcomerLike(world, persona) : world.people[persona];
  // Sessions end; tokens of machines do not.
  const needsSession = person && (line.endsSession || isEnding);
  const { url } = world.gateway;
  const token = needsSession ? await signIn(url, person.email) : world.tokens[persona];
  if (line.group !== 'Cycle') return send(url, token, call);
  const hub = await hubOf(url, token);
  return send(url, token, { ...call, headers: { ...call.headers, ...(hub !== undefined && { 'x-hub-id': hub }) } });
}

/** Who has no access key brings a token, which is none. */
async function askSigned({ gateway, keys, tokens }: World, persona: Persona, call: Call): Promise<Answer> {
  const key = keys[persona];
  if (!key) return send(gateway.url, tokens[persona], call);
  const { method, path, body } = call;
  const request = signed(gateway, key, { method, path, body: body === undefined ? '' : JSON.stringify(body) });
  const { status, headers, body: answered } = await deliver(gateway, request);
  const { date: _date, 'x-amzn-requestid': requestId, ...rest } = headers;
  const text = JSON.stringify(answered).replaceAll(requestId!, '');
  return { status, headers: JSON.stringify(rest), text };
}

/** Somebody of the same rights, who may go. */
async function newcomerLike({ gateway, fresh }: World, persona: Persona): Promise<Person> {
  if (persona === 'user') return signUp(gateway.url, `${fresh()}@example.com`);
  return createMember(gateway, persona.split(' ')[0] as Role);
}

export async function send(url: string, token: string | undefined, call: Call): Promise<Answer> {
  if (call.kind === 'graphql-ws') return subscribe(url, token, call);
  const { method, path, body, headers } = call;
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token !== undefined && { [headers?.authorization ? 'authentication' : 'authorization']: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    redirect: 'manual',
  });
  const { date: _date, 'x-amzn-requestid': _id, ...rest } = Object.fromEntries(response.headers);
  return { status: response.status, headers: JSON.stringify(rest), text: await response.text() };
}

/** The first result, or the code that the socket was closed with. */
async function subscribe(url: string, token: string | undefined, { body }: Call): Promise<Answer> {
  const client = connect(url, token ?? '');
  const { query, variables } = body as { query: string; variables?: object };
  try {
    for await (const result of client.subscribe(parse(query), variables))
      return { status: 200, headers: '', text: JSON.stringify(result) };
    return { status: 200, headers: '', text: '{}' };
  } catch (error) {
    if (Array.isArray(error)) return { status: 200, headers: '', text: JSON.stringify({ errors: error }) };
    return { status: (error as CloseEvent).code, headers: '', text: JSON.stringify((error as CloseEvent).reason) };
  } finally {
    await client.dispose();
  }
}

/** An answer in one word; the number of its status where that says more. */
export function outcomeOf({ group }: Line, { kind }: Call, { status, headers, text }: Answer): string {
  if (kind === 'graphql-ws' && status !== 200)
    return status === 4403 || status === 4401 ? 'UNAUTHENTICATED' : `${status}`;
  const json = parseOr(text);
  if (kind === 'http' && group === 'Cycle') return cycleOutcome(status, json);
  if (group === 'Image Builder') return awsOutcome(status, headers, json);
  if (kind === 'http') return group === 'CCM' ? restOutcome(status, json) : storeOutcome(status, json);
  const [error] = json?.errors ?? [];
  if (error) {
    const code: string = error.extensions?.code ?? 'no code';
    if ((code === 'UNAUTHENTICATED') !== (status === 401)) return `${code} with ${status}`;
    return code === 'FORBIDDEN' && /^No account is selected/.test(error.message) ? 'NO_ACCOUNT' : code;
  }
  if (status !== 200) return `${status}`;
  return graphqlOutcome(Object.values(json?.data ?? {})[0]);
}

function graphqlOutcome(found: any): string {
  if (Array.isArray(found) ? found.every((item) => item === null) : (found ?? null) === null) return 'NULL';
  if (found.totalCount === 0) return 'EMPTY';
  return found.userErrors?.[0]?.code ?? 'OK';
}

const STATUSES: Record<number, Outcome> = {
  400: 'BAD_USER_INPUT',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'UNSUPPORTED',
  409: 'CONFLICT',
  501: 'FEATURE_NOT_SUPPORTED',
};

const plainOutcome = (status: number): string => (status < 400 ? 'OK' : (STATUSES[status] ?? `${status}`));

/** In the words of a store, `{"errors": [{"code", "message"}]}`; answers to HEAD have none. */
function storeOutcome(status: number, json: any): string {
  const { code, message = '' } = json?.errors?.[0] ?? {};
  return code === 'DENIED' && /^No account is selected/.test(message) ? 'NO_ACCOUNT' : plainOutcome(status);
}

/** In AWS's words: whoever is not known gets a 403 too. */
function awsOutcome(status: number, headers: string, json: any): string {
  const name = /"x-amzn-errortype":"(\w+)"/.exec(headers)?.[1];
  if (status >= 400 && typeof json?.message !== 'string') return `${status} in no words of AWS`;
  const isUnknown = name !== undefined && /Signature|Token|UnrecognizedClient/.test(name) && status === 403;
  const list = json?.imageVersionList ?? json?.imageSummaryList;
  if (list?.length === 0) return 'EMPTY';
  return isUnknown ? 'UNAUTHENTICATED' : plainOutcome(status);
}

/** In CCM's words, `{"message", "code"}`. */
function restOutcome(status: number, json: any): string {
  if (status >= 400) {
    if (typeof json?.code !== 'string' || typeof json.message !== 'string') return `${status} in no words of CCM`;
    return json.code === 'NO_ACCOUNT_SELECTED' ? 'NO_ACCOUNT' : plainOutcome(status);
  }
  if (json && Object.keys(json).length === 0) return 'NULL';
  const items = json?.items ?? json;
  if (Array.isArray(items)) return items.length > 0 ? 'OK' : countOf(json);
  return plainOutcome(status);
}

/** Nothing on this page; `filtered_count` tells of others. */
const countOf = ({ metadata }: any): string => (metadata?.filtered_count > 0 ? 'OK' : 'EMPTY');

function parseOr(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// The lines of the authorisation table for Cycle's paths, and what they are aimed at.
import type { Ids } from './authorization-content.js';
import type { Access, Line, Outcome } from './authorization-line.js';
import type { World } from './authorization-world.js';

type CycleIds = Pick<Ids, 'cycleSource' | 'cycleImage'>;

/** The hub of the account that a token belongs to; undefined where it has none. */
export async function hubOf(url: string, token: string | undefined): Promise<string | undefined> {
  if (token === undefined) return undefined;
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const body = JSON.stringify({ query: '{ viewer { account { hubId } } }' });
  const answer = (await (await fetch(`${url}/graphql`, { method: 'POST', headers, body })).json()) as any;
  return answer.data?.viewer?.account?.hubId ?? undefined;
}

/** An image source and an image of it, which nothing can be fetched for. */
export async function fillCycle(url: string, token: string, name: string): Promise<CycleIds> {
  const hub = (await hubOf(url, token))!;
  const post = async (path: string, body: object): Promise<string> => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}`, 'x-hub-id': hub };
    const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    const answer = (await response.json()) as any;
    if (!response.ok) throw new Error(`POST ${path}: ${JSON.stringify(answer)}`);
    return answer.data.id;
  };
  const cycleSource = await post('/v1/images/sources', { name, type: 'direct', origin: { type: 'none' } });
  return { cycleSource, cycleImage: await post('/v1/images', { name, source_id: cycleSource }) };
}

export const aCycleImage = ({ gateway, fresh }: World): Promise<Partial<Ids>> =>
  fillCycle(gateway.url, gateway.token, fresh());

interface Wanted extends Partial<Line> {
  body?: (ids: Ids, fresh: string) => object;
}

/** @param route as mounted; its parameters are filled with ids of the account */
const cycle = (route: string, access: Access, stranger: Outcome, { body, ...more }: Wanted = {}): Line => ({
  ...{ group: 'Cycle', name: route, access, stranger, ...more },
  call: (ids, fresh) => {
    const [method, path] = route.split(' ') as [string, string];
    const filled = path
      .replace(':imageId', ids.cycleImage)
      .replace(':sourceId', ids.cycleSource)
      .replace(':jobId', ids.job)
      .replace(':containerId', ids.cycleImage);
    return { kind: 'http', method, path: filled, body: body?.(ids, fresh) };
  },
});

const EVERYTHING = '?include=creators,sources&meta=containers_count,images_count';

export const CYCLE: Line[] = [
  cycle('GET /v1/jobs', 'READER', 'OK'),
  cycle('GET /v1/jobs/latest', 'READER', 'OK'),
  cycle('GET /v1/jobs/:jobId', 'READER', 'NOT_FOUND'),
  cycle('GET /v1/images', 'READER', 'OK'),
  { ...cycle('GET /v1/images', 'READER', 'EMPTY', { what: 'of a source' }), call: ofSource },
  cycle('POST /v1/images', 'WRITER', 'NOT_FOUND', {
    body: ({ cycleSource: source_id }, name) => ({ source_id, name }),
  }),
  cycle('GET /v1/images/:imageId', 'READER', 'NOT_FOUND'),
  cycle('PATCH /v1/images/:imageId', 'WRITER', 'NOT_FOUND', { body: (_ids, name) => ({ name }) }),
  cycle('DELETE /v1/images/:imageId', 'WRITER', 'NOT_FOUND', { throwAway: aCycleImage }),
  cycle('GET /v1/images/:imageId/build-log', 'READER', 'NOT_FOUND', { allowed: 'NOT_FOUND' }),
  cycle('POST /v1/images/:imageId/tasks', 'WRITER', 'NOT_FOUND', {
    ...{ allowed: 'BAD_USER_INPUT', body: () => ({ action: 'import' }) },
  }),
  cycle('POST /v1/images/tasks', 'WRITER', 'OK', {
    body: ({ cycleSource }) => ({ action: 'prune', contents: { source_ids: [cycleSource] } }),
  }),
  cycle('GET /v1/images/sources', 'READER', 'OK'),
  cycle('POST /v1/images/sources', 'MANAGER', 'OK', {
    body: (_ids, name) => ({ name, type: 'direct', origin: { type: 'none' } }),
  }),
  cycle('GET /v1/images/sources/:sourceId', 'READER', 'NOT_FOUND'),
  cycle('PATCH /v1/images/sources/:sourceId', 'MANAGER', 'NOT_FOUND', { body: (_ids, name) => ({ name }) }),
  cycle('DELETE /v1/images/sources/:sourceId', 'MANAGER', 'NOT_FOUND', { throwAway: aCycleImage }),
  cycle('PATCH /v1/images/sources/:sourceId/access', 'MANAGER', 'NOT_FOUND', { body: () => ({ acl: null }) }),
  cycle('GET /v1/containers/:containerId/compatible-images', 'READER', 'NOT_FOUND', { allowed: 'NOT_FOUND' }),
];

function ofSource({ cycleSource }: Ids): ReturnType<Line['call']> {
  return { kind: 'http', method: 'GET', path: `/v1/images${EVERYTHING}&filter[source_id]=${cycleSource}` };
}

/** In Cycle's words, `{"error": {"status", "code", "title"}, "data": null}`. */
export function cycleOutcome(status: number, json: any): string {
  if (status < 400) return Array.isArray(json?.data) && json.data.length === 0 ? 'EMPTY' : 'OK';
  const { code, title } = json?.error ?? {};
  if (json?.data !== null || json.error.status !== status || !String(code).startsWith(`${status}.`))
    return `${status} in no words of Cycle`;
  if (code === '403.wrong-hub' && /^No account is selected/.test(title)) return 'NO_ACCOUNT';
  return OUTCOMES[status] ?? code;
}

const OUTCOMES: Record<number, Outcome> = {
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  422: 'BAD_USER_INPUT',
};

// The lines of the authorisation table for the store's routes and for all that is neither a dialect's nor the store's.
import type { Ids } from './authorization-content.js';
import type { Call, Line, Outcome } from './authorization-line.js';

/** @param path what to ask for of it, where it is not the mounted path itself */
const store = (
  route: string,
  path: (ids: Ids) => string,
  stranger: Outcome,
  more: Pick<Line, 'what'> & Partial<Line> = {},
): Line => ({
  ...{ group: 'store', name: route, access: 'READER', stranger, ...more },
  call: (ids) => ({ kind: 'http', method: route.split(' ')[0]!, path: path(ids) }),
});

const byDigest = ({ repository, manifest }: Ids) => `/v2/${repository}/manifests/${manifest}`;
const blob = ({ repository, blob: digest }: Ids) => `/v2/${repository}/blobs/${digest}`;
const byTag = ({ image }: Ids) => `/v2/${image.replace(/^[^/]*\//, '')}/manifests/1`;
const tags = ({ image }: Ids) => `/v2/${image.replace(/^[^/]*\//, '')}/tags/list`;
const uploads = ({ repository }: Ids) => `/v2/${repository}/blobs/uploads/`;

const readOnly = (method: string, path: (ids: Ids) => string): Line =>
  store(`${method} /v2/*`, path, 'UNSUPPORTED', { allowed: 'UNSUPPORTED' });

/** Answers to HEAD have no body that says more. */
const head = (path: (ids: Ids) => string, what: string): Line =>
  store('HEAD /v2/*', path, 'NOT_FOUND', { what, except: { user: 'FORBIDDEN' } });

export const STORE: Line[] = [
  store('GET /v2', () => '/v2', 'OK'),
  store('GET /v2/*', () => '/v2/', 'OK', { what: 'at its root' }),
  store('GET /v2/*', byDigest, 'NOT_FOUND', { what: 'a manifest by digest' }),
  store('GET /v2/*', byTag, 'NOT_FOUND', { what: 'a manifest by tag' }),
  store('GET /v2/*', blob, 'NOT_FOUND', { what: 'a blob' }),
  store('GET /v2/*', ({ blob: digest }) => `/v2/wombat/nothing/blobs/${digest}`, 'NOT_FOUND', {
    ...{ what: 'a blob by another name', allowed: 'NOT_FOUND' },
  }),
  store('GET /v2/*', tags, 'NOT_FOUND', { what: 'the tags' }),
  head(byDigest, 'a manifest by digest'),
  head(byTag, 'a manifest by tag'),
  head(blob, 'a blob'),
  readOnly('POST', uploads),
  readOnly('PUT', byTag),
  readOnly('PATCH', uploads),
  readOnly('DELETE', byDigest),
];

/** The same for everybody. */
const open = (route: string, more: Partial<Line> & { body?: unknown } = {}): Line => {
  const [method, path] = route.split(' ') as [string, string];
  const call: Call = { kind: 'http', method, path };
  return { group: 'other', name: route, access: 'ANYONE', stranger: 'OK', call: () => call, ...more };
};

/** GraphQL's own path: its fields have lines of their own. */
const GRAPHQL: Line[] = [
  open('GET /graphql', {
    access: 'USER',
    call: () => ({
      ...{ kind: 'graphql', method: 'GET', path: '/graphql?query=%7B__typename%7D' },
      headers: { 'apollo-require-preflight': '1' },
    }),
  }),
  open('POST /graphql', {
    access: 'USER',
    call: () => ({
      kind: 'graphql',
      method: 'POST',
      path: '/graphql',
      body: { query: '{ __schema { types { name } } }' },
    }),
  }),
  // Refused before anybody looks who asks: it could come from a page of another origin.
  open('OPTIONS /graphql', { stranger: 'UNSUPPORTED', allowed: 'UNSUPPORTED', except: { nobody: 'BAD_USER_INPUT' } }),
];

export const OTHERS: Line[] = [
  ...GRAPHQL,
  open('GET /healthz'),
  open('GET /readyz'),
  open('GET /'),
  open('GET /graphiql'),
  open('GET /graphiql/page.js'),
  open('GET /graphiql/page.css'),
  open('GET /graphiql/react.js'),
  open('GET /graphiql/react-dom.js'),
  open('GET /graphiql/graphiql.js'),
  open('GET /graphiql/graphiql.css'),
  open('GET /graphiql/graphql-ws.js'),
  open('GET /openapi/page.js'),
  open('GET /openapi/swagger-ui.js'),
  open('GET /openapi/swagger-ui.css'),
  open('GET /openapi/ccm'),
  open('GET /openapi/ccm.json'),
];

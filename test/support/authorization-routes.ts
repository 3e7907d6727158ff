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

const referrers = ({ repository, manifest }: Ids) => `/v2/${repository}/referrers/${manifest}`;

/** Each in a repository of its own account: nobody can as much as name one of another. */
const write = (route: string, path: (ids: Ids) => string, more: Pick<Line, 'what'> & Partial<Line> = {}): Line =>
  store(route, path, 'NOT_FOUND', { access: 'WRITER', allowed: 'NOT_FOUND', ...more });

const NO_UPLOAD = '00000000-0000-4000-8000-000000000000';
const upload = ({ repository }: Ids) => `/v2/${repository}/blobs/uploads/${NO_UPLOAD}`;

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
  store('GET /v2/*', () => '/v2/_catalog', 'OK', { what: 'the repositories' }),
  store('GET /v2/*', referrers, 'OK', { what: 'the referrers of a manifest' }),
  write('POST /v2/*', uploads, { what: 'an upload', stranger: 'OK', allowed: 'OK' }),
  write('PATCH /v2/*', upload, { what: 'an upload of nobody' }),
  write('PUT /v2/*', (ids) => `${upload(ids)}?digest=${ids.blob}`, { what: 'an upload of nobody' }),
  write('PUT /v2/*', byTag, { what: 'a manifest', stranger: 'BAD_USER_INPUT', allowed: 'BAD_USER_INPUT' }),
  write('DELETE /v2/*', blob, { what: 'a blob that a manifest names', allowed: 'CONFLICT' }),
  write('DELETE /v2/*', ({ repository }) => `/v2/${repository}/manifests/none`, { what: 'a tag of nobody' }),
  write('DELETE /v2/*', upload, { what: 'an upload of nobody' }),
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
  open('GET /builds/:id/eif', {
    ...{ access: 'READER', stranger: 'NOT_FOUND', except: { user: 'FORBIDDEN' } },
    call: ({ converted }) => ({ kind: 'http', method: 'GET', path: `/builds/${converted}/eif` }),
  }),
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
  open('GET /openapi/cycle'),
  open('GET /openapi/cycle.json'),
  open('GET /openapi/image-builder'),
  open('GET /openapi/image-builder.json'),
];

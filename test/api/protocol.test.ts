// GraphQL over HTTP and over WebSockets as protocols, judged from outside where there is a judge.
import { serverAudits } from 'graphql-http';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

/**
 * What the audits would like otherwise (SHOULD): 200 for a request that is wrong as a whole, to a client that accepts
 * application/json only. Apollo Server answers 400 there, which its clients and every monitor rely on.
 */
const KNOWN_WARNINGS = {
  '572B': 'the document can not be parsed',
  FDE2: 'the document is not valid',
  '7B9B': 'a variable does not fit its type',
};

describe('GraphQL over HTTP', () => {
  const audits = serverAudits({
    url: () => `${gateway.url}/graphql`,
    fetchFn: (url: string, init?: RequestInit) =>
      fetch(url, { ...init, headers: { ...init?.headers, authorization: `Bearer ${gateway.token}` } }),
  });

  it.each(audits.map((audit) => [audit.id, audit.name, audit] as const))('%s: %s', async (id, _name, audit) => {
    const result = await audit.fn();
    const expected = id in KNOWN_WARNINGS ? 'warn' : 'ok';
    expect([result.status, result.status === 'error' ? result.reason : '']).toEqual([expected, '']);
  });

  it.each([
    ['no token', {}],
    ['an unknown token', { authorization: 'Bearer bc_nobody' }],
    ['an empty header', { authorization: '' }],
  ])('answers 401 UNAUTHENTICATED to %s', async (_what, headers) => {
    const { status, body } = await gateway.send('{ viewer { roles } }', {}, headers);
    expect(status).toBe(401);
    expect(body.errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
  });

  it.each([
    ['Authorization: Bearer', (token: string) => ({ authorization: `Bearer ${token}` })],
    ["CCM's header with Bearer", (token: string) => ({ authentication: `Bearer ${token}` })],
    ["CCM's header without it", (token: string) => ({ authentication: token })],
  ])('takes a token in %s', async (_what, headers) => {
    const { body } = await gateway.send('{ viewer { roles } }', {}, headers(gateway.token));
    expect(body).toEqual({ data: { viewer: { roles: ['MANAGER'] } } });
  });

  it.each([
    ['too many tokens', `{ ${'a: __typename '.repeat(3000)} }`],
    ['too deep', `{ build(id: "a") { ${'job { build { '.repeat(12)} id ${'} }'.repeat(12)} } }`],
    ['too wide', '{ jobs(first: 200) { nodes { events(first: 200) { seq kind status } } } }'],
  ])('refuses an operation that is %s', async (_what, query) => {
    const { status, body } = await gateway.send(query);
    expect(status).toBe(400);
    expect(body.errors[0].extensions.code).toMatch(/BAD_USER_INPUT|GRAPHQL_PARSE_FAILED/);
    expect(body.data).toBeUndefined();
  });

  it('answers null for ids of nothing, and finds anything by its id', async () => {
    const { body: made } = await gateway.send('mutation { createApp(input: { name: "node" }) { app { id } } }');
    const { id } = made.data.createApp.app;
    const { body } = await gateway.send(
      `{ node(id: "${id}") { __typename id } nodes(ids: ["x", "${id}"]) { id } build(id: "x") { id } }`,
    );
    expect(body.data).toEqual({ node: { __typename: 'App', id }, nodes: [null, { id }], build: null });
  });

  it.each([
    ['JSON that breaks off', '{"query": "{ viewer'],
    ['no body', undefined],
    ['an empty body', ''],
    ['a list', '[]'],
    ['a text', '"{ viewer { roles } }"'],
  ])('answers %s as GraphQL does, with a code', async (_what, body) => {
    const headers = { authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json' };
    const response = await fetch(`${gateway.url}/graphql`, { method: 'POST', headers, body });
    const answer: any = await response.json();
    expect(response.headers.get('content-type')).toMatch(/^application\/(graphql-response\+)?json/);
    expect([response.status, answer.errors[0].extensions.code]).toEqual([400, expect.stringMatching(/^[A-Z_]+$/)]);
    expect(answer).toEqual({ errors: [{ message: expect.stringMatching(/./), extensions: expect.anything() }] });
    expect(JSON.stringify(answer)).not.toMatch(/FST_|node_modules/);
  });

  it.each([
    ['DELETE', '/v1/nothing', undefined],
    ['DELETE', '/v1/builds/nothing/at/all', undefined],
    ['POST', '/v1/nothing', '{'],
    ['GET', '/v1/nothing', undefined],
  ])('answers %s %s as the formats do, though it is called JSON', async (method, path, body) => {
    const headers = { authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json' };
    const response = await fetch(`${gateway.url}${path}`, { method, headers, body });
    const answer: any = await response.json();
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect([Math.floor(response.status / 100), answer]).toEqual([
      4,
      { message: expect.stringMatching(/\w+ \w+/), code: expect.stringMatching(/^[A-Z_]+$/) },
    ]);
    expect(JSON.stringify(answer)).not.toContain('FST_');
  });

  it('is healthy and ready', async () => {
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200);
    expect((await fetch(`${gateway.url}/nowhere`)).status).toBe(404);
  });
});

describe('GraphQL over WebSockets', () => {
  const url = () => `${gateway.url.replace('http', 'ws')}/graphql`;

  const ask = async (query: string, connectionParams?: Record<string, unknown>) => {
    const client = createClient({ url: url(), webSocketImpl: WebSocket, connectionParams, retryAttempts: 0 });
    const answers = [];
    try {
      for await (const answer of client.iterate({ query })) answers.push(answer);
      return answers;
    } finally {
      await client.dispose();
    }
  };

  const token = () => ({ authorization: `Bearer ${gateway.token}` });

  it('answers queries too', async () => {
    expect(await ask('{ viewer { roles } }', token())).toEqual([{ data: { viewer: { roles: ['MANAGER'] } } }]);
  });

  it.each([
    ['no token', undefined],
    ['a wrong token', { authorization: 'Bearer nobody' }],
  ])('closes a connection with %s as forbidden', async (_what, parameters) => {
    await expect(ask('{ viewer { roles } }', parameters)).rejects.toMatchObject({ code: 4403 });
  });

  it('answers NOT_FOUND to watching a job of nobody', async () => {
    const query = 'subscription { conversionStatus(jobId: "000000000000000000000000") { seq } }';
    const [answer] = await ask(query, token()).catch((errors: unknown) => [{ errors }]);
    expect(answer!.errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
  });

  it('has the same limits as HTTP', async () => {
    const query = '{ jobs(first: 200) { nodes { events(first: 200) { seq kind status } } } }';
    const [answer] = await ask(query, token()).catch((errors: unknown) => [{ errors }]);
    expect(answer!.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  });
});

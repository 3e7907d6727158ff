import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { buildSchema } from 'graphql';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { Role } from '../../src/auth/principal.js';
import { RightsChanges } from '../../src/auth/rights-changes.js';
import { InProcessWaker } from '../../src/events/waker.js';
import { createFormatError } from '../../src/graphql/errors.js';
import { serveWebSocket } from '../../src/graphql/websocket.js';
import { cancellable } from '../../src/lib/cancellable.js';
import { CatalogError } from '../../src/lib/errors.js';
import { capturedLogger } from '../lib/captured-logger.js';

const PRINCIPAL = { accountId: 'a', userId: null, tokenId: 't', name: 'test', role: Role.READER };

describe('GraphQL over WebSockets', () => {
  let server: Server;
  let close: () => Promise<void>;
  let authenticate: () => Promise<typeof PRINCIPAL>;
  let tick: () => void;
  const waker = new InProcessWaker();
  const rights = new RightsChanges(waker);
  const ended = jest.fn();
  const { logger, lines } = capturedLogger();

  beforeEach(async () => {
    authenticate = async () => PRINCIPAL;
    ended.mockReset();
    lines.length = 0;
    const schema = buildSchema(`
      type Query { must: String! boom: String }
      type Subscription { broken: Int, endless: Int, refused: Int, ticking: Int }
    `);
    schema.getQueryType()!.getFields().boom!.resolve = () => {
      throw new Error('secret detail');
    };
    const { broken, endless, refused, ticking } = schema.getSubscriptionType()!.getFields();
    broken!.subscribe = async function* () {
      yield { broken: 1 };
      throw new Error('secret detail');
    };
    endless!.subscribe = () =>
      cancellable(async function* (signal) {
        try {
          yield { endless: 1 };
          await once(signal, 'abort');
        } finally {
          ended();
        }
      });
    const ticked = new Promise<void>((resolve) => (tick = resolve));
    ticking!.subscribe = async function* () {
      yield { ticking: 1 };
      await ticked;
      yield { ticking: 2 };
    };
    refused!.subscribe = () => Promise.reject(new CatalogError('NOT_FOUND', 'There is none.'));
    server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const options = {
      schema,
      formatError: createFormatError(logger),
      authenticate: () => authenticate(),
      rights,
      logger,
    };
    close = serveWebSocket(server, options);
  });
  afterEach(async () => {
    await close();
    await new Promise((resolve) => server.close(resolve));
  });

  const connect = () => {
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
    return createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 });
  };
  const ask = async (query: string) => {
    const client = connect();
    const answers: unknown[] = [];
    try {
      for await (const answer of client.iterate({ query })) answers.push(answer);
    } catch (errors) {
      answers.push({ errors });
    } finally {
      await client.dispose();
    }
    return answers;
  };
  const internal = { extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: expect.any(String) } };

  it.each(['{ boom }', '{ must }'])('tells nothing of a defect but a number to quote: %s', async (query) => {
    const answers = await ask(query);
    expect(answers).toMatchObject([{ errors: [internal] }]);
    expect(JSON.stringify(answers)).not.toMatch(/secret|non-nullable/);
    expect(lines).toHaveLength(1);
  });

  it('ends a subscription whose source fails with a number to quote', async () => {
    const answers = await ask('subscription { broken }');
    expect(answers).toMatchObject([{ data: { broken: 1 } }, { errors: [internal] }]);
    expect(JSON.stringify(answers)).not.toContain('secret');
  });

  it('says why a subscription is refused', async () => {
    expect(await ask('subscription { refused }')).toMatchObject([
      { errors: [{ message: 'There is none.', extensions: { code: 'NOT_FOUND' } }] },
    ]);
  });

  it('says what is wrong with a document', async () => {
    expect(await ask('{ nothing }')).toMatchObject([
      { errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] },
    ]);
    expect(await ask('{ boom')).toMatchObject([{ errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] }]);
  });

  it('gives no reason with a secret when a connection fails unexpectedly', async () => {
    const complaint = jest.spyOn(console, 'error').mockImplementation();
    authenticate = () => Promise.reject(new Error('secret detail'));
    const [answer] = (await ask('{ boom }')) as [{ errors: { code: number; reason: string } }];
    expect([answer.errors.code, answer.errors.reason]).toEqual([4500, 'Internal server error']);
    complaint.mockRestore();
  });

  it('ends the source when a client leaves a subscription, or just goes away', async () => {
    const bothEnded = new Promise<void>((resolve) => {
      ended.mockImplementation(() => ended.mock.calls.length === 2 && resolve());
    });
    const leaving = connect();
    for await (const { data } of leaving.iterate({ query: 'subscription { endless }' })) if (data) break;
    const goingAway = connect();
    const answers = goingAway.iterate({ query: 'subscription { endless }' });
    expect((await answers.next()).value).toEqual({ data: { endless: 1 } });
    goingAway.terminate();
    await bothEnded;
    await Promise.allSettled([leaving.dispose(), goingAway.dispose()]);
  });

  it.each([
    ['the token', () => Promise.reject(new CatalogError('UNAUTHENTICATED', 'The token is not known here.'))],
    ['the account it stands for', async () => ({ ...PRINCIPAL, accountId: 'b' })],
  ])('ends with %s: no event after that', async (_what, afterwards) => {
    const now = jest.spyOn(Date, 'now');
    const client = connect();
    const answers = client.iterate({ query: 'subscription { ticking }' });
    expect((await answers.next()).value).toEqual({ data: { ticking: 1 } });
    authenticate = afterwards;
    now.mockReturnValue(Date.now() + 2_000);
    tick();
    await expect(answers.next()).rejects.toMatchObject({ code: 4403 });
    now.mockRestore();
    await client.dispose();
  });

  it('closes an idle socket at once where rights have changed', async () => {
    const client = connect();
    const closed = new Promise<{ code: number }>((resolve) => client.on('closed', (event) => resolve(event as never)));
    const answers = client.iterate({ query: 'subscription { endless }' });
    expect((await answers.next()).value).toEqual({ data: { endless: 1 } });
    authenticate = () => Promise.reject(new CatalogError('UNAUTHENTICATED', 'The token is not known here.'));
    waker.wake('rights');
    expect((await closed).code).toBe(4403);
    await client.dispose();
  });

  it('lets one caller have a hundred sockets and no more', async () => {
    const open = Array.from({ length: 101 }, () => {
      const client = createClient({
        url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        lazy: false,
        onNonLazyError: () => undefined,
      });
      return new Promise<{ client: typeof client; isOpen: boolean }>((resolve) => {
        client.on('connected', () => resolve({ client, isOpen: true }));
        client.on('closed', () => resolve({ client, isOpen: false }));
      });
    });
    const results = await Promise.all(open);
    expect(results.filter(({ isOpen }) => isOpen)).toHaveLength(100);
    for (const { client } of results) await client.dispose();
  });
});

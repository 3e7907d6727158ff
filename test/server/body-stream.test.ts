import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import type { Caller, Principal } from '../../src/auth/principal.js';
import { Role } from '../../src/auth/principal.js';
import type { Tokens } from '../../src/auth/tokens.js';
import { createLogger } from '../../src/lib/logger.js';
import type { RouteGroup, RouteRequest } from '../../src/lib/route.js';
import { mountRoutes } from '../../src/server/rest.js';

const caller: Principal = { accountId: 'a', userId: null, tokenId: 't', name: 'somebody', role: Role.WRITER };
const IDLE_MS = 10_000;

let fastify: FastifyInstance;
let connections: Socket[];
let authenticate: () => Promise<Caller>;
let handle: (request: RouteRequest<Principal, Caller>) => Promise<{ status: number }>;

beforeEach(async () => {
  connections = [];
  authenticate = () => Promise.resolve(caller);
  const route = { method: 'PUT', path: '/put', access: 'WRITER', streamsBody: true } as const;
  const group: RouteGroup<Principal, Caller> = {
    name: 'test',
    routes: [{ ...route, handle: (request) => handle(request) }],
    errorResponse: (error) => ({ status: 400, body: { message: (error as Error).message } }),
  };
  fastify = Fastify({ keepAliveTimeout: IDLE_MS });
  fastify.server.on('connection', (socket) => connections.push(socket));
  const tokens = { authenticate: () => authenticate() } as unknown as Tokens;
  await mountRoutes(fastify, { groups: [group], tokens, logger: createLogger('silent') });
  await fastify.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(() => fastify.close());

function send(text: string): Socket {
  const { port } = fastify.server.address() as { port: number };
  const socket = connect(port, '127.0.0.1');
  socket.write(text);
  return socket;
}

const head = (length: number) =>
  `PUT /put HTTP/1.1\r\nhost: x\r\nauthorization: Bearer token\r\ncontent-length: ${length}\r\n\r\n`;

async function answerOf(socket: Socket): Promise<string> {
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk.toString().split('\r\n')[0]!;
}

describe('a streamed body', () => {
  it.each([
    ['in the middle of it', 10],
    ['after all of it', 3],
  ])('ends for a client that hung up while it was looked up who it is, %s', async (_when, length) => {
    authenticate = async () => {
      const closed = new Promise((resolve) => connections[0]!.once('close', resolve));
      client.destroy();
      await closed;
      return caller;
    };
    const handled = new Promise<[string, boolean]>((resolve) => {
      handle = async ({ stream, signal }) => {
        const end = await stream!.toArray().then(
          () => 'whole',
          (error: Error) => error.message,
        );
        resolve([end, signal.aborted]);
        return { status: 200 };
      };
    });
    const client = send(`${head(length)}abc`);
    expect(await handled).toEqual(['The body ended before its time.', true]);
  });

  it('leaves a connection that was answered before its end to be closed when it is idle', async () => {
    handle = () => Promise.resolve({ status: 201 });
    const coming = once(fastify.server, 'request') as Promise<[IncomingMessage]>;
    const client = send(`${head(10)}abc`);
    const [request] = await coming;
    expect(await answerOf(client)).toBe('HTTP/1.1 201 Created');
    const ended = once(request, 'end');
    client.write('defghij');
    await ended;
    // Node adds a second to it.
    expect(request.socket.timeout).toBeGreaterThanOrEqual(IDLE_MS);
    expect(request.socket.timeout).toBeLessThanOrEqual(IDLE_MS + 1_000);
    client.destroy();
  });
});

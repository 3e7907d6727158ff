// What a dialect may ask of the server besides its routes, over a socket.
import { createServer, request as httpRequest } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Caller, Principal } from '../../src/auth/principal.js';
import { Role } from '../../src/auth/principal.js';
import { CatalogError } from '../../src/lib/errors.js';
import { createLogger } from '../../src/lib/logger.js';
import type { RawRequest, Route, RouteGroup } from '../../src/lib/route.js';
import { startWebApp } from '../../src/server/web-app.js';

const signer: Principal = { accountId: 'a', userId: null, tokenId: 't', name: 'signer', role: Role.READER };
const signed: RawRequest[] = [];

const route = (method: 'GET' | 'POST', path: string, access: Route<Principal>['access']) => ({
  ...{ method, path, access },
  handle: async ({ caller, params, target }: { caller?: Caller; params: object; target: string }) => ({
    status: 200,
    body: { caller: caller?.name, params, target },
  }),
});

const groupOf = (name: string, group: Partial<RouteGroup<Principal, Caller>>): RouteGroup<Principal, Caller> => ({
  ...{ name, routes: [] },
  errorResponse: (error) => {
    const { status, message } = error as CatalogError;
    return { status, headers: { 'x-dialect': name }, body: { [name]: message } };
  },
  ...group,
});

const SIGNED = groupOf('signed', {
  routes: [route('GET', '/GetImage', 'READER'), route('POST', '/tags/:arn', 'READER'), route('GET', '/open', 'ANYONE')],
  unknown: /^\/[A-Z]\w+$/,
  async authenticate(request) {
    signed.push(request);
    if (request.rawHeaders.includes('right')) return signer;
    throw new CatalogError('UNAUTHENTICATED', 'The signature is wrong.');
  },
});
const TOKENS = groupOf('tokens', { routes: [route('GET', '/mine', 'READER')], unknown: /^\/(?:mine|GetImage)\// });

let server: Server;
let fastify: FastifyInstance;
beforeAll(async () => {
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const listening = {
    ...{ server, port: 0, close: async () => undefined },
    ready: (handler: RequestListener) => void server.on('request', handler),
  };
  fastify = await startWebApp({
    ...{ listening, groups: [SIGNED, TOKENS], logger: createLogger('silent'), openApi: {}, trustedProxies: [] },
    ...{ tokens: { authenticate: async () => ({ ...signer, name: 'token' }) } as never },
    ...{ apollo: { assertStarted: () => undefined } as never, toGraphQLError: (error) => error },
    checkReady: async () => undefined,
  });
});
afterAll(async () => {
  await fastify.close();
  server.close();
});
beforeEach(() => void signed.splice(0));

/** The request line as it is given: a URL would be tidied up. */
function send(method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<any> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      const { statusCode: status, headers } = response;
      void response.toArray().then((chunks) => {
        resolve({ status, dialect: headers['x-dialect'], body: JSON.parse(Buffer.concat(chunks).toString()) });
      }, reject);
    });
    request.once('error', reject).end(body);
  });
}

const ARN = 'arn:aws:imagebuilder:eu-west-1:1:image/a/1.0.0/1';
const SIGNATURE = { 'X-Signed': 'right', 'content-type': 'text/plain' };

describe('a dialect', () => {
  it('may tell by the raw request who sends it', async () => {
    const target = `/tags/${encodeURIComponent(ARN)}?a=%2f&b`;
    const answer = await send('POST', target, SIGNATURE, ' {raw} ');
    expect(answer).toEqual({ status: 200, body: { caller: 'signer', params: { arn: ARN }, target } });
    const [{ body, rawHeaders, headers, ...others }] = signed as [RawRequest];
    expect(others).toEqual({ method: 'POST', target, remoteAddress: '127.0.0.1' });
    expect([body.toString(), headers['x-signed'], rawHeaders.slice(0, 2)]).toEqual([
      ' {raw} ',
      'right',
      ['X-Signed', 'right'],
    ]);
    const refused = await send('GET', '/GetImage', { authorization: 'Bearer token' });
    expect(refused).toEqual({ status: 401, dialect: 'signed', body: { signed: 'The signature is wrong.' } });
  });

  it('is not asked who sends what anyone may, nor what another one serves', async () => {
    expect((await send('GET', '/open', SIGNATURE)).body).toEqual({ params: {}, target: '/open' });
    expect((await send('GET', '/mine', { authorization: 'Bearer token' })).body.caller).toBe('token');
    expect(signed).toEqual([]);
  });

  it('gets a request whose path begins with one slash too many, as it was signed', async () => {
    expect((await send('GET', '//GetImage?x=//', SIGNATURE)).body.target).toBe('//GetImage?x=//');
    expect(signed[0]!.target).toBe('//GetImage?x=//');
  });

  it.each([
    ['POST', '/GetImages?a=1', 'signed', '/GetImages'],
    ['DELETE', '//GetImage', 'signed', '/GetImage'],
    ['GET', '/GetImage/more', 'tokens', '/GetImage/more'],
  ])('answers %s %s, which nothing serves, in its own words', async (method, path, dialect, shown) => {
    const type = { 'content-type': 'application/x-amz-json-1.1', 'content-length': '1' };
    const body = { [dialect]: `There is nothing at ${method} ${shown}.` };
    expect(await send(method, path, type, '{')).toEqual({ status: 404, dialect, body });
  });

  it('does not answer for what belongs to nobody', async () => {
    const answer = await send('GET', '/nothing');
    expect(answer).toEqual({ status: 404, body: { message: 'There is nothing at GET /nothing.', code: 'NOT_FOUND' } });
  });
});

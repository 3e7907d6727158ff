// The one HTTP server. It listens before anything else is ready, so that its port is known and /healthz answers;
// everything else gets 503 until then.
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const GRACE_MS = 5_000;
const HEADERS_MS = 60_000;

export interface ListeningServer {
  server: Server;
  port: number;
  /** Hands all requests from now on to the handler. */
  ready(handler: (request: IncomingMessage, response: ServerResponse) => void): void;
  /** Stops accepting, lets requests finish for a moment, then cuts them off. */
  close(): Promise<void>;
}

/** How long a request may take is not for the server to say: an image may be pushed for hours (see body-stream.ts). */
export async function listen(host: string, port: number): Promise<ListeningServer> {
  const server = createServer({ headersTimeout: HEADERS_MS, requestTimeout: 0 }, answerWhileStarting);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  }).catch((error: unknown) => {
    throw (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? portTaken(host, port) : error;
  });
  return {
    server,
    port: (server.address() as AddressInfo).port,
    ready(handler) {
      server.off('request', answerWhileStarting);
      server.on('request', handler);
    },
    close: () => close(server),
  };
}

const portTaken = (host: string, port: number) =>
  new Error(
    `Port ${port} on ${host} is taken: stop what listens there, or set PORT to another one (0 for any free one)`,
  );

function answerWhileStarting(request: IncomingMessage, response: ServerResponse): void {
  const isAlive = request.url === '/healthz';
  response.writeHead(isAlive ? 200 : 503, { 'content-type': 'application/json', 'retry-after': '1' });
  response.end(JSON.stringify(isAlive ? { status: 'ok' } : { message: 'The gateway is starting.', code: 'STARTING' }));
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  await closed;
  clearTimeout(timer);
}

// A small HTTP server on a free port of 127.0.0.1 that records what it was asked.
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HttpFake {
  /** `127.0.0.1:<port>` */
  host: string;
  url: string;
  requests: IncomingMessage[];
  close(): Promise<void>;
}

export async function startHttpFake(handle: RequestListener): Promise<HttpFake> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { host, url: `http://${host}`, requests, close };
}

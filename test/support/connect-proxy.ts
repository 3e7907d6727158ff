// A real proxy that understands CONNECT only. Whatever name it is asked for, it connects to the port on 127.0.0.1.
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface ConnectProxy {
  /** `127.0.0.1:<port>` */
  host: string;
  /** What each CONNECT asked for, and with which authorization. */
  asked: { authority: string; authorization: string | undefined }[];
  close(): Promise<void>;
}

/** @param statusFor the answer to a CONNECT, 200 to let it through */
export async function startConnectProxy(statusFor: (authority: string) => number = () => 200): Promise<ConnectProxy> {
  const asked: ConnectProxy['asked'] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_, response) => response.writeHead(405).end());
  server.on('connect', (request, client: Socket) => {
    const authority = request.url ?? '';
    asked.push({ authority, authorization: request.headers['proxy-authorization'] });
    const status = statusFor(authority);
    if (status !== 200) return client.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    const target = connect(Number(authority.split(':').at(-1)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(target).pipe(client);
    });
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on('error', () => [client, target].forEach((it) => it.destroy()));
    }
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
    });
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked, close };
}

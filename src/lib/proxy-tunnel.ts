// Connects through an HTTP proxy by CONNECT (RFC 9110, 9.3.6), for https and plain http alike. The proxy gets the name,
// not the address that was judged here: most proxies decide by names. The proxy is the operator's choice and may be
// anywhere; neither its address nor its credentials are in a message.
import { request as requestPlain } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as requestSecure } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { buildConnector } from 'undici';
import { UpstreamFailure } from './upstream-failure.js';

export interface TunnelOptions {
  timeoutMs: number;
  /** For a proxy that is spoken to over TLS. */
  secureContext: SecureContext | undefined;
  /** Speaks TLS to the server at the tunnel's other end. */
  startTls: buildConnector.connector;
}

export function proxyConnector(proxyUrl: string, options: TunnelOptions): buildConnector.connector {
  const proxy = new URL(proxyUrl);
  return (target, callback) => {
    const host = target.hostname.includes(':') ? `[${target.hostname.replace(/^\[|\]$/g, '')}]` : target.hostname;
    const authority = `${host}:${target.port || (target.protocol === 'https:' ? 443 : 80)}`;
    openTunnel(proxy, authority, options).then(
      (socket) => {
        if (target.protocol !== 'https:') return callback(null, socket);
        return options.startTls({ ...target, httpSocket: socket }, callback);
      },
      (error: Error) => callback(error, null),
    );
  };
}

function askForTunnel(proxy: URL, authority: string, secureContext: SecureContext | undefined): ClientRequest {
  const options = {
    host: proxy.hostname.replace(/^\[|\]$/g, ''),
    port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
    method: 'CONNECT',
    path: authority,
    headers: { host: authority, ...proxyAuthorization(proxy) },
    agent: false as const,
  };
  // The types of https do not know that it hands on what tls.connect takes.
  const tls: object = { secureContext };
  return proxy.protocol === 'https:' ? requestSecure({ ...options, ...tls }) : requestPlain(options);
}

function openTunnel(proxy: URL, authority: string, { timeoutMs, secureContext }: TunnelOptions): Promise<Socket> {
  const request = askForTunnel(proxy, authority, secureContext);
  return new Promise((resolve, reject) => {
    const late = () => request.destroy(new UpstreamFailure('TIMEOUT', "The gateway's proxy did not answer in time."));
    const timer = setTimeout(late, timeoutMs);
    request.once('connect', (response: IncomingMessage, socket: Socket, head: Buffer) => {
      clearTimeout(timer);
      if (response.statusCode === 200) {
        if (head.length > 0) socket.unshift(head);
        return resolve(socket);
      }
      socket.destroy();
      return reject(refusedBy(response, authority));
    });
    request.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      const why = `The gateway's proxy could not be connected to (${error.code ?? 'no reason given'}).`;
      reject(error instanceof UpstreamFailure ? error : new UpstreamFailure('CONNECT', why));
    });
    request.end();
  });
}

function refusedBy({ statusCode }: IncomingMessage, authority: string): UpstreamFailure {
  const overloaded = statusCode === 502 || statusCode === 503 || statusCode === 504;
  const told = `The gateway's proxy did not connect to ${authority} (status ${statusCode}).`;
  return new UpstreamFailure(overloaded ? 'RESET' : 'CONNECT', told);
}

function proxyAuthorization({ username, password }: URL): { 'proxy-authorization'?: string } {
  if (username === '' && password === '') return {};
  const plain = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(plain).toString('base64')}` };
}

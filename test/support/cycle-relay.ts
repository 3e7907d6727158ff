// Stands before a registry: passes requests on, and can cut blobs short or never answer for them.
import { request as httpRequest } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { REGISTRY_USER } from './registry.js';

const { username, password } = REGISTRY_USER;

/** What it does to blobs. */
export const relayFaults: { isTruncating: boolean; hold: (() => void) | undefined } = {
  isTruncating: false,
  hold: undefined,
};

/** Passes requests on to a registry, and is the webhook that knows its password. */
export async function relayed(host: string, request: IncomingMessage, answer: ServerResponse): Promise<void> {
  if (request.url === '/login') {
    answer.end(Buffer.from(`${username}:${password}`).toString('base64'));
    return;
  }
  const [hostname, port] = host.split(':');
  const { method, url: path = '', headers } = request;
  const isBlob = method === 'GET' && path.includes('/blobs/');
  if (isBlob && relayFaults.hold) {
    relayFaults.hold();
    return;
  }
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    httpRequest({ hostname, port, method, path, headers }, resolve).once('error', reject).end();
  });
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const sent = isBlob && relayFaults.isTruncating ? body.subarray(0, Math.floor(body.length / 2)) : body;
  const { 'content-length': length, ...rest } = response.headers;
  answer.writeHead(response.statusCode!, { ...rest, 'content-length': method === 'HEAD' ? length : sent.length });
  answer.end(sent);
}

// Access keys of a gateway, and requests signed with them by a signer that is not the gateway's own, to be tampered with.
import { request } from 'node:http';
import { sign } from 'aws4';
import type { TestGateway } from './gateway.js';

export interface Key {
  accessKeyId: string;
  secretAccessKey: string;
}

export interface Sent {
  status: number;
  headers: Record<string, string>;
  body: any;
}

export interface Unsigned {
  method?: string;
  path: string;
  body?: string;
  headers?: Record<string, string>;
  service?: string;
}

/** What goes over the wire. */
export interface Signed {
  method: string;
  path: string;
  headers: Record<string, string | string[]>;
  body: string;
}

/** By a signer that is not the gateway's own. */
export function signed({ url }: Pick<TestGateway, 'url'>, key: Key, unsigned: Unsigned): Signed {
  const { method = 'GET', path, body = '', headers = {}, service = 'imagebuilder' } = unsigned;
  const { host } = new URL(url);
  const wanted = { host, method, path, body, service, region: 'us-west-2', headers: { Host: host, ...headers } };
  const made = sign(wanted, key) as unknown as Signed;
  return { method, path: made.path, body, headers: { ...made.headers } };
}

/** As it is, byte for byte: `fetch` would put some things right. */
export function deliver({ url }: Pick<TestGateway, 'url'>, { method, path, headers, body }: Signed): Promise<Sent> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers, setHost: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const answer = { status: response.statusCode!, headers: response.headers as Sent['headers'] };
        resolve({ ...answer, body: text === '' ? undefined : JSON.parse(text) });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

// Stands before a real registry and counts what is asked of it.
import { request } from 'node:http';
import { startHttpFake } from './http-fake.js';

export interface CountingProxy {
  /** `127.0.0.1:<port>` */
  host: string;
  /** Blobs that were fetched, by digest, since the last call. */
  pulledBlobs(): string[];
  close(): Promise<void>;
}

export async function startCountingProxy(registryHost: string): Promise<CountingProxy> {
  const [host, port] = registryHost.split(':');
  const proxy = await startHttpFake((incoming, answer) => {
    const { method, url: path, headers } = incoming;
    const forwarded = request({ host, port, method, path, headers }, (response) => {
      answer.writeHead(response.statusCode!, response.headers);
      response.pipe(answer);
    });
    forwarded.once('error', () => answer.destroy());
    incoming.pipe(forwarded);
  });
  return {
    host: proxy.host,
    pulledBlobs() {
      const asked = proxy.requests.splice(0).filter(({ method, headers }) => method === 'GET' && headers.authorization);
      return asked.flatMap(({ url }) => /\/blobs\/(sha256:[0-9a-f]{64})$/.exec(url!)?.[1] ?? []);
    },
    close: () => proxy.close(),
  };
}

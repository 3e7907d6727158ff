// Stands before a gateway, notes what is asked of it, and lets a test say what becomes of a request.
import { request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { startHttpFake } from './http-fake.js';

export interface RecordingForwarder {
  url: string;
  host: string;
  /** `GET /v1/builds?...` since the last call. */
  asked(): string[];
  /** Called first; true where it answered itself, or keeps the request waiting. */
  intercept: (incoming: IncomingMessage, answer: ServerResponse) => boolean;
  /** Called with an answer of the gateway; true where the client must not get it. */
  swallow: (incoming: IncomingMessage) => boolean;
  close(): Promise<void>;
}

export async function startRecordingForwarder(target: string): Promise<RecordingForwarder> {
  const { hostname, port } = new URL(target);
  const forwarder: Pick<RecordingForwarder, 'intercept' | 'swallow'> = { intercept: () => false, swallow: () => false };
  const fake = await startHttpFake((incoming, answer) => {
    if (forwarder.intercept(incoming, answer)) return;
    const { method, url: path, headers } = incoming;
    const forwarded = request({ hostname, port, method, path, headers }, (response) => {
      if (forwarder.swallow(incoming)) return void response.resume().once('end', () => answer.destroy());
      answer.writeHead(response.statusCode!, response.headers);
      response.pipe(answer);
    });
    forwarded.once('error', () => answer.destroy());
    incoming.pipe(forwarded);
  });
  return Object.assign(forwarder, {
    ...{ url: fake.url, host: fake.host },
    asked: () => fake.requests.splice(0).map(({ method, url }) => `${method} ${url}`),
    close: () => fake.close(),
  });
}

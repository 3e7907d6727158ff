// Stands before a registry and spoils a share of what passes. What happens to a request follows from the seed, its
// method, its path and how often that was asked for, so that the same run meets the same faults.
import { createHash } from 'node:crypto';
import { createServer, request as send } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { pick, randomOf } from './chaos-random.js';
import type { Random } from './chaos-random.js';

const FAULTS = ['refuse', 'fail', 'reset', 'cut', 'shorten', 'stall', 'flip', 'flipUpload', 'loseAnswer'] as const;
export type Fault = (typeof FAULTS)[number];

/** Of the requests. */
const SHARE = 0.12;
const MAX_STALL_MS = 700;

export interface FlakyRegistry {
  /** `127.0.0.1:<port>` */
  host: string;
  /** How often each was done. */
  faults: Map<Fault, number>;
  /** From now on all is well. */
  calm(): void;
  close(): Promise<void>;
}

interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

/** @param registry `127.0.0.1:<port>` */
export async function startFlakyRegistry(registry: string, seed: number): Promise<FlakyRegistry> {
  const faults = new Map<Fault, number>();
  const asked = new Map<string, number>();
  let isCalm = false;
  const chanceOf = (what: string): Random => {
    const times = (asked.get(what) ?? 0) + 1;
    asked.set(what, times);
    return randomOf(createHash('sha256').update(`${seed} ${what} ${times}`).digest().readUInt32BE());
  };
  const faultOf = (random: Random): Fault | undefined => {
    if (isCalm || random() >= SHARE) return undefined;
    const fault = pick(random, FAULTS);
    faults.set(fault, (faults.get(fault) ?? 0) + 1);
    return fault;
  };
  const server = createServer((request, response) => {
    const random = chanceOf(`${request.method} ${steady(request.url!)}`);
    // Whoever asked may have been killed meanwhile.
    serve(registry, [request, response], faultOf(random), random).catch(() => response.destroy());
  });
  // What tries TLS first is told that there is none, mostly.
  server.on('clientError', (_error: Error, socket: Duplex) => {
    if (faultOf(chanceOf('TLS'))) return socket.destroy();
    return socket.writable && socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { host, faults, calm: () => void (isCalm = true), close: () => close(server) };
}

/** Without what is another one each time. */
const steady = (url: string): string => url.replace(/(\/uploads\/)[^?]+.*/, '$1');

async function serve(
  registry: string,
  [request, response]: [IncomingMessage, ServerResponse],
  fault: Fault | undefined,
  random: Random,
): Promise<void> {
  const upload = Buffer.concat(await request.toArray());
  if (fault === 'reset') return void response.destroy();
  if (fault === 'fail') return void response.writeHead(500).end('{}');
  if (fault === 'refuse') {
    const retryAfter = random() < 0.5 ? '0' : '1';
    return void response.writeHead(pick(random, [429, 502, 503, 504]), { 'retry-after': retryAfter }).end('{}');
  }
  if (fault === 'stall') await setTimeout(random() * MAX_STALL_MS);
  const answer = await forward(registry, request, fault === 'flipUpload' ? flipped(upload, random) : upload);
  if (fault === 'loseAnswer') return void response.destroy();
  spoil(response, answer, fault, random);
}

function spoil(response: ServerResponse, answer: Answer, fault: Fault | undefined, random: Random): void {
  const { status, headers, body } = answer;
  const half = body.subarray(0, Math.floor(body.length / 2));
  if (fault === 'cut') {
    response.writeHead(status, headers).write(half);
    return void setImmediate(() => response.destroy());
  }
  if (fault === 'shorten') {
    // An answer without a length ends well wherever it ends.
    const { 'content-length': _length, ...others } = headers;
    return void response.writeHead(status, others).end(half);
  }
  response.writeHead(status, headers).end(fault === 'flip' ? flipped(body, random) : body);
}

/** With the name it was asked by: the registry tells where to upload to by that. */
function forward(registry: string, { method, url, headers }: IncomingMessage, body: Buffer): Promise<Answer> {
  const [hostname, port] = registry.split(':');
  return new Promise((resolve, reject) => {
    const request = send({ hostname, port, method, path: url, headers }, (answer) => {
      answer.toArray().then((chunks: Buffer[]) => {
        resolve({ status: answer.statusCode!, headers: answer.headers, body: Buffer.concat(chunks) });
      }, reject);
    });
    request.on('error', reject).end(body);
  });
}

function flipped(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  if (copy.length > 0) copy[Math.floor(random() * copy.length)]! ^= 1 << Math.floor(random() * 8);
  return copy;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

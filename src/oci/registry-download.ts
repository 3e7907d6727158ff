// A blob of a registry as one stream: where the connection breaks off within, it goes on from there. Size and digest are
// checked over the whole, however many pieces it came in.
import { Readable } from 'node:stream';
import { discard } from '../lib/upstream.js';
import type { UpstreamResponse } from '../lib/upstream.js';
import { UpstreamFailure, toUpstreamFailure } from '../lib/upstream-failure.js';
import type { Descriptor } from './image-repository.js';
import { refusal, registryFailure } from './registry-errors.js';
import type { RegistrySession } from './registry-session.js';
import { digestMismatch, verified } from './verified.js';

/** What must have come between two breaks for the tries to be counted from the beginning. */
const PROGRESS_BYTES = 64 * 1024;
const MAX_RESUMPTIONS = 100;
const BUFFERED_BYTES = 1024 * 1024;

/** @param path of the blob below the registry's origin */
export async function download(
  session: RegistrySession,
  path: string,
  blob: Descriptor,
  signal: AbortSignal,
): Promise<Readable> {
  const closed = new AbortController();
  const pieces = new Pieces(session, path, blob, AbortSignal.any([signal, closed.signal]));
  const first = await pieces.first();
  const body = Readable.from(pieces.from(first), { objectMode: false, highWaterMark: BUFFERED_BYTES });
  const checked = verified(body, blob, {
    signal,
    explain: (error, received) => {
      if (signal.aborted) return error;
      const { message } = toUpstreamFailure(error, session.host) as Error;
      return registryFailure(`${message} ${received} of ${blob.size} bytes of ${blob.digest} had come.`);
    },
  });
  // A silent registry must not keep what nobody reads any more.
  checked.once('close', () => closed.abort());
  return checked;
}

interface Piece {
  body: Readable;
  /** Bytes at its beginning that had come before. */
  skip: number;
}

class Pieces {
  private received = 0;

  constructor(
    private readonly session: RegistrySession,
    private readonly path: string,
    private readonly blob: Descriptor,
    private readonly signal: AbortSignal,
  ) {}

  async first(): Promise<Piece> {
    const { blob } = this;
    const response = await this.ask({});
    if (response.status !== 200) throw await this.refused(response);
    const length = Number(response.headers['content-length'] ?? blob.size);
    if (length !== blob.size) {
      discard(response.body);
      throw digestMismatch(`${blob.digest} has ${length} bytes in the registry, not ${blob.size}.`);
    }
    return { body: response.body, skip: 0 };
  }

  async *from(first: Piece): AsyncGenerator<Buffer, void> {
    let attempts = this.session.attempts();
    let mark = 0;
    for (let piece = first, resumptions = 0; ; resumptions++) {
      try {
        return yield* this.read(piece);
      } catch (error) {
        this.signal.throwIfAborted();
        const failure = toUpstreamFailure(error, this.session.host);
        if (this.received >= this.blob.size) return;
        if (this.received - mark >= PROGRESS_BYTES) attempts = this.session.attempts();
        mark = this.received;
        const isTemporary = failure instanceof UpstreamFailure && failure.isTemporary;
        const pauseMs = isTemporary && resumptions < MAX_RESUMPTIONS ? attempts.pauseMs() : undefined;
        if (pauseMs === undefined) throw failure;
        const had = `${this.received} of ${this.blob.size} bytes of ${this.blob.digest} had come.`;
        await attempts.wait(pauseMs, `${(failure as Error).message} ${had}`, this.signal);
        piece = await this.next();
      }
    }
  }

  private async *read({ body, skip }: Piece): AsyncGenerator<Buffer, void> {
    let left = skip;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      const fresh = chunk.subarray(Math.min(left, chunk.length));
      left -= chunk.length - fresh.length;
      this.received += fresh.length;
      if (fresh.length > 0) yield fresh;
    }
  }

  /** Where a registry has no ranges, or answers with another one, all of it comes again. */
  private async next(): Promise<Piece> {
    const { received, blob } = this;
    const response = await this.ask({ range: `bytes=${received}-` });
    const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(response.headers['content-range'] ?? '');
    const fits = Number(range?.[1]) === received && Number(range?.[2]) === blob.size - 1;
    if (response.status === 206 && fits) return { body: response.body, skip: 0 };
    if (response.status === 200) return { body: response.body, skip: received };
    if (response.status !== 206 && response.status !== 416) throw await this.refused(response);
    discard(response.body);
    const whole = await this.ask({});
    if (whole.status !== 200) throw await this.refused(whole);
    return { body: whole.body, skip: received };
  }

  private ask(headers: Record<string, string>): Promise<UpstreamResponse> {
    return this.session.request(this.path, { action: 'pull', headers, signal: this.signal });
  }

  private refused(response: UpstreamResponse): Promise<Error> {
    return refusal(response, this.session.host, `the request for the blob ${this.blob.digest}`);
  }
}

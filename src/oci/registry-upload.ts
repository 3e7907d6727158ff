// Puts a blob into a registry's repository: taken over from another repository, in one request, or in pieces where a
// proxy before the registry takes no request of that size.
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { discard } from '../lib/upstream.js';
import type { UpstreamRequest, UpstreamResponse } from '../lib/upstream.js';
import type { Descriptor, OnBytes } from './image-repository.js';
import { expectCreated, registryPath } from './registry-answers.js';
import { refusal, registryFailure } from './registry-errors.js';
import type { RegistrySession } from './registry-session.js';
import { digestMismatch } from './verified.js';

/** Some registries read the whole blob again before they answer. */
const COMMIT_TIMEOUT_MS = 600_000;
const READ_BYTES = 1024 * 1024;
/** What nginx takes where nobody raised its limit. */
const PIECE_BYTES = 1024 * 1024;
/** A piece is held in memory. */
const MAX_PIECE_BYTES = 64 * 1024 * 1024;
const OCTETS = 'application/octet-stream';

export type Content = Buffer | { file: string };

export class RegistryUploads {
  constructor(
    private readonly session: RegistrySession,
    private readonly name: string,
  ) {}

  async write(blob: Descriptor, content: Content, signal: AbortSignal, onBytes?: OnBytes): Promise<void> {
    const size = Buffer.isBuffer(content) ? content.length : (await stat(content.file)).size;
    if (size !== blob.size) throw digestMismatch(`${blob.digest} has ${size} bytes, not ${blob.size}.`);
    const tell = onlyMore(onBytes);
    const response = await this.session.retrying(async () => {
      // What failed may have been stored all the same: the answer alone was lost then.
      if (await this.has(blob.digest, signal)) return undefined;
      const response = await this.putWhole(blob, () => counted(content, tell()), signal);
      if (response.status !== 413 || size <= PIECE_BYTES) return response;
      discard(response.body);
      return this.putPieces(blob, content, tell(), signal);
    }, signal);
    const stored = { digest: blob.digest, what: `the upload of ${blob.digest}` };
    if (response) await expectCreated(response, this.session.host, stored);
  }

  /** Whether the registry took the blob over from another of its repositories; if not, it must be written. */
  async mount(digest: string, from: string, signal: AbortSignal): Promise<boolean> {
    registryPath(from, 'blobs', digest);
    const query = new URLSearchParams({ mount: digest, from });
    const response = await this.session.request(`${registryPath(this.name, 'blobs', 'uploads/')}?${query.toString()}`, {
      ...{ action: 'pull,push', from, method: 'POST', headers: { 'content-length': '0' }, signal },
    });
    discard(response.body);
    return response.status === 201;
  }

  private async putWhole(
    blob: Descriptor,
    content: () => AsyncGenerator<Buffer>,
    signal: AbortSignal,
  ): Promise<UpstreamResponse> {
    const { url } = await this.start(signal);
    return this.commit(url, blob, signal, {
      headers: { 'content-type': OCTETS, 'content-length': String(blob.size) },
      body: () => Readable.from(content(), { objectMode: false }),
    });
  }

  /** The first answer that was not the one hoped for, else the last one. */
  private async putPieces(
    blob: Descriptor,
    content: Content,
    onBytes: OnBytes,
    signal: AbortSignal,
  ): Promise<UpstreamResponse> {
    const { url: first, pieceBytes } = await this.start(signal);
    let url = first;
    for (let start = 0; start < blob.size; start += pieceBytes) {
      const body = await pieceOf(content, start, Math.min(pieceBytes, blob.size - start));
      const range = { 'content-range': `${start}-${start + body.length - 1}` };
      const headers = { 'content-type': OCTETS, 'content-length': String(body.length), ...range };
      const response = await this.session.requestOnce(url, {
        ...{ action: 'pull,push', method: 'PATCH', headers, body, signal },
      });
      if (response.status !== 202) return response;
      discard(response.body);
      onBytes(body.length);
      url = await this.locationOf(response);
    }
    return this.commit(url, blob, signal, { headers: { 'content-length': '0' } });
  }

  private commit(
    url: URL,
    blob: Descriptor,
    signal: AbortSignal,
    request: Pick<UpstreamRequest, 'headers' | 'body'>,
  ): Promise<UpstreamResponse> {
    url.searchParams.append('digest', blob.digest);
    const headersTimeoutMs = COMMIT_TIMEOUT_MS;
    return this.session.requestOnce(url, { action: 'pull,push', method: 'PUT', headersTimeoutMs, signal, ...request });
  }

  private async has(digest: string, signal: AbortSignal): Promise<boolean> {
    const path = registryPath(this.name, 'blobs', digest);
    const response = await this.session.request(path, { action: 'pull,push', method: 'HEAD', signal });
    if (response.status !== 200 && response.status !== 404) {
      throw await refusal(response, this.session.host, `the request for the blob ${digest}`);
    }
    discard(response.body);
    return response.status === 200;
  }

  private async start(signal: AbortSignal): Promise<{ url: URL; pieceBytes: number }> {
    const { host } = this.session;
    const response = await this.session.request(registryPath(this.name, 'blobs', 'uploads/'), {
      ...{ action: 'pull,push', method: 'POST', headers: { 'content-length': '0' }, signal },
    });
    if (response.status !== 202) throw await refusal(response, host, `the start of an upload to ${this.name}`);
    discard(response.body);
    const least = Number(response.headers['oci-chunk-min-length'] ?? 0) || 0;
    const pieceBytes = Math.min(Math.max(PIECE_BYTES, Math.ceil(least)), MAX_PIECE_BYTES);
    return { url: await this.locationOf(response), pieceBytes };
  }

  private async locationOf(response: UpstreamResponse): Promise<URL> {
    const { location } = response.headers;
    const url = location === undefined ? undefined : await this.session.resolveLocation(location, response.url);
    if (url === undefined)
      throw registryFailure(`${this.session.host} took an upload without saying where it goes on.`);
    return url;
  }
}

async function* counted(content: Content, onBytes: OnBytes): AsyncGenerator<Buffer> {
  const source = Buffer.isBuffer(content) ? [content] : createReadStream(content.file, { highWaterMark: READ_BYTES });
  for await (const chunk of source as AsyncIterable<Buffer>) {
    yield chunk;
    onBytes(chunk.length);
  }
}

async function pieceOf(content: Content, start: number, length: number): Promise<Buffer> {
  if (Buffer.isBuffer(content)) return content.subarray(start, start + length);
  const file = await open(content.file);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, start);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** A counter for each time the content is sent: what had been sent before is not told again. */
function onlyMore(onBytes?: OnBytes): () => OnBytes {
  let told = 0;
  return () => {
    let sent = 0;
    return (bytes) => {
      sent += bytes;
      if (sent > told) onBytes?.(sent - told);
      told = Math.max(told, sent);
    };
  };
}

// Remote registries (OCI distribution-spec): pulls and pushes manifests and blobs.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { badInput } from '../lib/errors.js';
import { discard, readBounded } from '../lib/upstream.js';
import { UpstreamFailure, toUpstreamFailure } from '../lib/upstream-failure.js';
import type { Upstream, UpstreamResponse } from '../lib/upstream.js';
import { invalidImage } from './image-failure.js';
import type { Descriptor, ImageRepository, ManifestDocument, OnBytes } from './image-repository.js';
import { MAX_MANIFEST_BYTES, typeOfManifest } from './manifest.js';
import { INDEX_TYPES, MANIFEST_TYPES } from './media-types.js';
import { isDigest, isRepositoryName, isTag, registryHost } from './reference.js';
import type { Reference } from './reference.js';
import { RegistryAuth } from './registry-auth.js';
import type { RegistryCredentials } from './registry-auth.js';
import { failureOf, refusal, registryFailure } from './registry-errors.js';
import { RegistrySession } from './registry-session.js';
import { digestMismatch, sha256Digest, verified } from './verified.js';

const ACCEPT = [...INDEX_TYPES, ...MANIFEST_TYPES].join(', ');
/** Some registries read the whole blob again before they answer. */
const COMMIT_TIMEOUT_MS = 600_000;
const READ_BYTES = 1024 * 1024;

export class RegistryClient {
  constructor(private readonly upstream: Upstream) {}

  repository(reference: Pick<Reference, 'host' | 'repository'>, credentials?: RegistryCredentials): RegistryRepository {
    const auth = new RegistryAuth(this.upstream, reference.repository, credentials);
    const session = new RegistrySession(this.upstream, registryHost(reference.host), auth);
    return new RegistryRepository(session, reference.repository);
  }
}

export class RegistryRepository implements ImageRepository {
  constructor(
    private readonly session: RegistrySession,
    private readonly name: string,
  ) {}

  async resolve(tagOrDigest: string, signal: AbortSignal): Promise<ManifestDocument> {
    const response = await this.session.request(this.path('manifests', tagOrDigest), {
      action: 'pull',
      headers: { accept: ACCEPT },
      signal,
    });
    const what = `the request for ${this.name}:${tagOrDigest}`;
    if (response.status !== 200) throw await refusal(response, this.session.host, what);
    const bytes = await this.read(response, signal);
    const digest = sha256Digest(bytes);
    const expected = isDigest(tagOrDigest) ? tagOrDigest : contentDigest(response);
    if (expected !== undefined && expected !== digest) {
      throw digestMismatch(`The manifest ${expected} came with the digest ${digest}.`);
    }
    return { mediaType: typeOfManifest(response.headers['content-type'], bytes), digest, bytes };
  }

  async openBlob(blob: Descriptor, signal: AbortSignal): Promise<Readable> {
    const { host } = this.session;
    const response = await this.session.request(this.path('blobs', blob.digest), { action: 'pull', signal });
    if (response.status !== 200) throw await refusal(response, host, `the request for the blob ${blob.digest}`);
    const length = Number(response.headers['content-length'] ?? blob.size);
    if (length !== blob.size) {
      discard(response.body);
      throw digestMismatch(`${blob.digest} has ${length} bytes in the registry, not ${blob.size}.`);
    }
    return verified(response.body, blob, {
      signal,
      explain: (error, received) => {
        if (signal.aborted) return error;
        const { message } = toUpstreamFailure(error, host) as Error;
        return registryFailure(`${message} ${received} of ${blob.size} bytes of ${blob.digest} had come.`);
      },
    });
  }

  async writeBlob(
    blob: Descriptor,
    content: Buffer | { file: string },
    signal: AbortSignal,
    onBytes?: OnBytes,
  ): Promise<void> {
    if (await this.hasBlob(blob.digest, signal)) return;
    const size = Buffer.isBuffer(content) ? content.length : (await stat(content.file)).size;
    if (size !== blob.size) throw digestMismatch(`${blob.digest} has ${size} bytes, not ${blob.size}.`);
    const url = await this.startUpload(signal);
    url.searchParams.append('digest', blob.digest);
    const response = await this.session.request(url, {
      action: 'pull,push',
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream', 'content-length': String(size) },
      body: () => Readable.from(counted(content, onBytes), { objectMode: false }),
      headersTimeoutMs: COMMIT_TIMEOUT_MS,
      signal,
    });
    await this.expectCreated(response, blob.digest, `the upload of ${blob.digest}`);
  }

  async writeManifest(tag: string, manifest: ManifestDocument, signal: AbortSignal): Promise<void> {
    const response = await this.session.request(this.path('manifests', tag), {
      action: 'pull,push',
      method: 'PUT',
      headers: { 'content-type': manifest.mediaType, 'content-length': String(manifest.bytes.length) },
      body: manifest.bytes,
      signal,
    });
    await this.expectCreated(response, manifest.digest, `the manifest ${this.name}:${tag}`);
  }

  async attach(manifest: ManifestDocument, signal: AbortSignal): Promise<void> {
    await this.writeManifest(manifest.digest, manifest, signal);
  }

  private async hasBlob(digest: string, signal: AbortSignal): Promise<boolean> {
    const path = this.path('blobs', digest);
    const response = await this.session.request(path, { action: 'pull,push', method: 'HEAD', signal });
    if (response.status !== 200 && response.status !== 404) {
      throw await refusal(response, this.session.host, `the request for the blob ${digest}`);
    }
    discard(response.body);
    return response.status === 200;
  }

  private async startUpload(signal: AbortSignal): Promise<URL> {
    const { host } = this.session;
    const response = await this.session.request(this.path('blobs', 'uploads/'), {
      action: 'pull,push',
      method: 'POST',
      headers: { 'content-length': '0' },
      signal,
    });
    if (response.status !== 202) throw await refusal(response, host, `the start of an upload to ${this.name}`);
    discard(response.body);
    const url = await this.session.resolveLocation(response.headers.location ?? '', response.url);
    if (url === undefined || response.headers.location === undefined) {
      throw registryFailure(`${host} started an upload without saying where to.`);
    }
    return url;
  }

  private async expectCreated(response: UpstreamResponse, digest: string, what: string): Promise<void> {
    if (response.status !== 201 && response.status !== 204) throw await refusal(response, this.session.host, what);
    discard(response.body);
    const stored = contentDigest(response);
    if (stored !== undefined && stored !== digest)
      throw digestMismatch(`${what} was stored with the digest ${stored}.`);
  }

  private async read(response: UpstreamResponse, signal: AbortSignal): Promise<Buffer> {
    try {
      return await readBounded(response.body, MAX_MANIFEST_BYTES);
    } catch (error) {
      signal.throwIfAborted();
      const tooLarge = error instanceof UpstreamFailure && error.kind === 'TOO_LARGE';
      throw tooLarge
        ? invalidImage(`the manifest is larger than ${MAX_MANIFEST_BYTES} bytes`)
        : failureOf(error, this.session.host);
    }
  }

  private path(kind: 'manifests' | 'blobs', last: string): string {
    const known = kind === 'manifests' ? isTag(last) || isDigest(last) : isDigest(last) || last === 'uploads/';
    if (!known || !isRepositoryName(this.name)) throw badInput(`${this.name}: ${last} is no valid tag or digest.`);
    return `/v2/${this.name}/${kind}/${last}`;
  }
}

function contentDigest(response: UpstreamResponse): string | undefined {
  const header = response.headers['docker-content-digest'];
  return typeof header === 'string' && isDigest(header) ? header : undefined;
}

async function* counted(content: Buffer | { file: string }, onBytes?: OnBytes): AsyncGenerator<Buffer> {
  const source = Buffer.isBuffer(content) ? [content] : createReadStream(content.file, { highWaterMark: READ_BYTES });
  for await (const chunk of source as AsyncIterable<Buffer>) {
    yield chunk;
    onBytes?.(chunk.length);
  }
}

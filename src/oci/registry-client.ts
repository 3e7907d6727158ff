// Remote registries (OCI distribution-spec): pulls and pushes manifests and blobs.
import type { Readable } from 'node:stream';
import type { Upstream, UpstreamResponse } from '../lib/upstream.js';
import type { Descriptor, ImageRepository, ManifestDocument, OnBytes } from './image-repository.js';
import { typeOfManifest } from './manifest.js';
import { ecrLogin } from './ecr-login.js';
import { INDEX_TYPES, MANIFEST_TYPES } from './media-types.js';
import { subjectOf } from './referrer.js';
import type { ReferrerDescriptor } from './referrer.js';
import { isDigest, registryHost } from './reference.js';
import type { Reference } from './reference.js';
import { contentDigest, expectCreated, requestManifest, registryPath } from './registry-answers.js';
import { RegistryAuth } from './registry-auth.js';
import type { RegistryCredentials, RegistryLogin } from './registry-auth.js';
import { download } from './registry-download.js';
import { refusal } from './registry-errors.js';
import { RegistryReferrers } from './registry-referrers.js';
import { RegistrySession } from './registry-session.js';
import { RegistryUploads } from './registry-upload.js';
import type { Content } from './registry-upload.js';
import { RetryingUpstream } from './retrying-upstream.js';
import type { RetryOptions } from './retrying-upstream.js';
import { digestMismatch, sha256Digest } from './verified.js';

const ACCEPT = [...INDEX_TYPES, ...MANIFEST_TYPES].join(', ');

export interface RegistryClientOptions extends RetryOptions {
  /** Origin to exchange AWS credentials at instead of the region's own. */
  ecrEndpoint?: string;
}

export class RegistryClient {
  private readonly upstream: RetryingUpstream;

  constructor(
    upstream: Upstream,
    private readonly options: RegistryClientOptions = {},
  ) {
    this.upstream = new RetryingUpstream(upstream, options);
  }

  repository(reference: Pick<Reference, 'host' | 'repository'>, credentials?: RegistryCredentials): RegistryRepository {
    const host = registryHost(reference.host);
    const login = credentials && this.loginFor(host, credentials);
    const session = new RegistrySession(
      this.upstream,
      host,
      new RegistryAuth(this.upstream, reference.repository, login),
    );
    return new RegistryRepository(session, reference.repository);
  }

  private loginFor(host: string, credentials: RegistryCredentials): RegistryLogin {
    return ecrLogin(this.upstream, host, credentials, this.options.ecrEndpoint) ?? (async () => credentials);
  }
}

export class RegistryRepository implements ImageRepository {
  private readonly uploads: RegistryUploads;
  private readonly referrers: RegistryReferrers;

  constructor(
    private readonly session: RegistrySession,
    private readonly name: string,
  ) {
    this.uploads = new RegistryUploads(session, name);
    this.referrers = new RegistryReferrers(session, name, this);
  }

  async resolve(tagOrDigest: string, signal: AbortSignal): Promise<ManifestDocument> {
    const path = registryPath(this.name, 'manifests', tagOrDigest);
    const { response, bytes } = await requestManifest(this.session, path, {
      action: 'pull',
      headers: { accept: ACCEPT },
      signal,
    });
    const what = `the request for ${this.name}:${tagOrDigest}`;
    if (response.status !== 200) throw await refusal(response, this.session.host, what);
    const digest = sha256Digest(bytes);
    const expected = isDigest(tagOrDigest) ? tagOrDigest : contentDigest(response);
    if (expected !== undefined && expected !== digest) {
      throw digestMismatch(`The manifest ${expected} came with the digest ${digest}.`);
    }
    return { mediaType: typeOfManifest(response.headers['content-type'], bytes), digest, bytes };
  }

  async openBlob(blob: Descriptor, signal: AbortSignal): Promise<Readable> {
    return download(this.session, registryPath(this.name, 'blobs', blob.digest), blob, signal);
  }

  async writeBlob(blob: Descriptor, content: Content, signal: AbortSignal, onBytes?: OnBytes): Promise<void> {
    await this.uploads.write(blob, content, signal, onBytes);
  }

  /** Whether the registry took the blob over from another of its repositories; if not, it must be written. */
  async mountBlob(digest: string, fromRepository: string, signal: AbortSignal): Promise<boolean> {
    return this.uploads.mount(digest, fromRepository, signal);
  }

  async writeManifest(tag: string, manifest: ManifestDocument, signal: AbortSignal): Promise<void> {
    await this.putManifest(tag, manifest, signal);
  }

  async attach(manifest: ManifestDocument, signal: AbortSignal): Promise<void> {
    const subject = subjectOf(manifest);
    const response = await this.putManifest(manifest.digest, manifest, signal);
    // A registry with a referrers API says so by this header.
    const isListed = response.headers['oci-subject'] !== undefined;
    if (subject !== undefined && !isListed) await this.referrers.addToTag(subject, manifest, signal);
  }

  /** The manifests that refer to the one of that digest. @param artifactType of all of them; any where undefined */
  async listReferrers(
    subject: string,
    artifactType: string | undefined,
    signal: AbortSignal,
  ): Promise<ReferrerDescriptor[]> {
    return this.referrers.list(subject, artifactType, signal);
  }

  private async putManifest(tag: string, manifest: ManifestDocument, signal: AbortSignal): Promise<UpstreamResponse> {
    const response = await this.session.request(registryPath(this.name, 'manifests', tag), {
      action: 'pull,push',
      method: 'PUT',
      headers: { 'content-type': manifest.mediaType, 'content-length': String(manifest.bytes.length) },
      body: manifest.bytes,
      signal,
    });
    const stored = { digest: manifest.digest, what: `the manifest ${this.name}:${tag}` };
    await expectCreated(response, this.session.host, stored);
    return response;
  }
}

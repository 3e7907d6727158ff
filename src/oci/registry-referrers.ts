// Who refers to a manifest, in a registry: its referrers API, or in registries that have none (docker-registry 2) an index
// under the tag `sha256-<hex>` that clients keep themselves (distribution-spec 1.1, "Referrers Tag Schema").
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import type { UpstreamResponse } from '../lib/upstream.js';
import { asArray, asDescriptor, asObject, asOptional, asText, parseDocument } from './document.js';
import type { JsonObject } from './document.js';
import { invalidImage } from './image-failure.js';
import type { ImageRepository, ManifestDocument } from './image-repository.js';
import { MAX_MANIFEST_BYTES } from './manifest.js';
import { OCI_INDEX } from './media-types.js';
import { referrerDescriptor } from './referrer.js';
import type { ReferrerDescriptor } from './referrer.js';
import { requestManifest, registryPath } from './registry-answers.js';
import { refusal, registryFailure } from './registry-errors.js';
import type { RegistrySession } from './registry-session.js';
import { sha256Digest } from './verified.js';

const MAX_REFERRERS = 10_000;
const MAX_PAGES = 50;
/** What registries answer to a path they do not know. */
const NO_API = [404, 405, 501];

type Answer = Awaited<ReturnType<typeof requestManifest>>;

export class RegistryReferrers {
  constructor(
    private readonly session: RegistrySession,
    private readonly name: string,
    private readonly manifests: Pick<ImageRepository, 'resolve' | 'writeManifest'>,
  ) {}

  async list(subject: string, artifactType: string | undefined, signal: AbortSignal): Promise<ReferrerDescriptor[]> {
    const query = artifactType === undefined ? '' : `?artifactType=${encodeURIComponent(artifactType)}`;
    const found: ReferrerDescriptor[] = [];
    let target: string | URL | undefined = `${registryPath(this.name, 'referrers', subject)}${query}`;
    for (let page = 0; target !== undefined; page++) {
      if (page === MAX_PAGES || found.length > MAX_REFERRERS) throw invalidImage(`${subject} has too many referrers`);
      const options = { action: 'pull' as const, headers: { accept: OCI_INDEX }, signal };
      const { response, bytes }: Answer = await requestManifest(this.session, target, options);
      if (response.status !== 200) {
        const refused = await refusal(response, this.session.host, `the request for the referrers of ${subject}`);
        if (page > 0 || !NO_API.includes(response.status)) throw refused;
        found.push(...entriesOf(await this.readTag(tagOf(subject), signal)));
        break;
      }
      found.push(...entriesOf(parseDocument(bytes, 'the referrers')));
      target = nextPage(response);
    }
    return found.filter((it) => artifactType === undefined || it.artifactType === artifactType);
  }

  /**
   * Adds a manifest to the index under the tag. Two who write at the same time can lose one entry, as registries know no
   * condition on writing a tag: so it is read again, and once more written.
   */
  async addToTag(subject: string, manifest: ManifestDocument, signal: AbortSignal): Promise<void> {
    const tag = tagOf(subject);
    for (let tries = 0; tries < 3; tries++) {
      const index = await this.readTag(tag, signal);
      const entries = asArray(index.manifests ?? [], 'the list of referrers', MAX_REFERRERS);
      if (entries.some((it) => asObject(it, 'a referrer').digest === manifest.digest)) return;
      if (tries === 2) break;
      const changed = { ...index, manifests: [...entries, referrerDescriptor(manifest)] };
      await this.manifests.writeManifest(tag, indexDocument(changed, subject), signal);
    }
    throw registryFailure(`${this.session.host} does not keep what is added to the referrers of ${subject}.`);
  }

  /** With the members it does not know, which others may have put there. */
  private async readTag(tag: string, signal: AbortSignal): Promise<JsonObject> {
    try {
      const { mediaType, bytes } = await this.manifests.resolve(tag, signal);
      if (mediaType === OCI_INDEX) return parseDocument(bytes, 'the index of referrers');
    } catch (error) {
      if (!(error instanceof JobFailure) || error.code !== JobFailureCode.IMAGE_NOT_FOUND) throw error;
      return { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] };
    }
    throw invalidImage(`the tag ${tag}, which is for an index of referrers, is something else`, 'Remove that tag.');
  }
}

const tagOf = (subject: string): string => subject.replace(':', '-');

function indexDocument(index: JsonObject, subject: string): ManifestDocument {
  const bytes = Buffer.from(JSON.stringify(index));
  if (bytes.length > MAX_MANIFEST_BYTES) throw invalidImage(`${subject} has too many referrers`);
  return { mediaType: OCI_INDEX, digest: sha256Digest(bytes), bytes };
}

function entriesOf(index: JsonObject): ReferrerDescriptor[] {
  return asArray(index.manifests ?? [], 'the list of referrers', MAX_REFERRERS).map((value, at) => {
    const { mediaType, digest, size, annotations } = asDescriptor(value, `referrer ${at}`);
    const { artifactType } = asObject(value, `referrer ${at}`);
    const type = asOptional(artifactType, (text) => asText(text, `the artifactType of referrer ${at}`));
    return {
      ...{ mediaType, digest, size },
      ...(type !== undefined && { artifactType: type }),
      ...(annotations && { annotations }),
    };
  });
}

/** Only of the same origin: a registry must not send the reader elsewhere. */
function nextPage({ headers, url }: UpstreamResponse): URL | undefined {
  const [, next] = /^\s*<([^>]{1,2000})>\s*;\s*rel="?next"?/.exec([headers.link ?? ''].flat().join()) ?? [];
  if (next === undefined || !URL.canParse(next, url.href)) return undefined;
  const page = new URL(next, url);
  return page.origin === url.origin ? page : undefined;
}

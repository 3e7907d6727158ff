// The lists of the distribution-spec, in pages: tags, an account's repositories, and the referrers of a manifest.
import { JobFailure } from '../lib/job-failure.js';
import type { RouteResponse } from '../lib/route.js';
import type { ManifestDocument } from './image-repository.js';
import { MAX_MANIFEST_BYTES } from './manifest.js';
import { OCI_INDEX } from './media-types.js';
import { isDigest } from './reference.js';
import { referrerDescriptor } from './referrer.js';
import type { ReferrerDescriptor } from './referrer.js';
import type { StoreCall } from './store-call.js';
import { API_VERSION, storeError } from './store-errors.js';
import type { StoreRepository } from './store-repository.js';
import type { Store } from './store.js';

const MAX_PAGE = 1_000;

export async function answerTags({ repository, request }: StoreCall): Promise<RouteResponse> {
  const tags = await repository.findTags();
  if (!tags) throw storeError(404, 'NAME_UNKNOWN', 'There is no such repository.');
  const { page, headers } = pageOf(tags, request.query, `/v2/${repository.name}/tags/list`);
  return { status: 200, headers, body: { name: repository.name, tags: page } };
}

export async function answerCatalog(store: Store, accountId: string, query: URLSearchParams): Promise<RouteResponse> {
  const { page, headers } = pageOf(await store.repositories(accountId), query, '/v2/_catalog');
  return { status: 200, headers, body: { repositories: page } };
}

/**
 * Nobody refers to what is not there: that is an empty list too. A page ends where enough was read, so that one of a
 * type that nothing has may be empty and yet not the last.
 */
export async function answerReferrers({ repository, last: subject, request }: StoreCall): Promise<RouteResponse> {
  if (!isDigest(subject)) throw storeError(400, 'DIGEST_INVALID', 'The digest must be sha256: and 64 hex digits.');
  const wanted = request.query.get('artifactType');
  const after = request.query.get('last') ?? '';
  const left = (await repository.folder.referrersOf(subject)).filter((digest) => digest > after);
  const { manifests, read } = await readReferrers(repository, left.slice(0, MAX_PAGE));
  const headers: Record<string, string> = { ...API_VERSION, 'content-type': OCI_INDEX };
  if (wanted !== null) headers['oci-filters-applied'] = 'artifactType';
  if (read < left.length) {
    const more = new URLSearchParams({ ...(wanted !== null && { artifactType: wanted }), last: left[read - 1]! });
    headers.link = `</v2/${repository.name}/referrers/${subject}?${more.toString()}>; rel="next"`;
  }
  const page = manifests.filter(({ artifactType }) => wanted === null || artifactType === wanted);
  const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: page };
  return { status: 200, headers, body: JSON.stringify(index) };
}

/** As many from the front as make an index that is no larger than clients read. */
async function readReferrers(
  repository: StoreRepository,
  digests: string[],
): Promise<{ manifests: ReferrerDescriptor[]; read: number }> {
  const manifests: ReferrerDescriptor[] = [];
  let [read, bytes] = [0, 0];
  for (; read < digests.length && bytes < MAX_MANIFEST_BYTES / 4; read++) {
    const manifest = await repository.findManifest(digests[read]!);
    bytes += manifest?.bytes.length ?? 0;
    const descriptor = manifest && readableDescriptor(manifest);
    if (descriptor) manifests.push(descriptor);
  }
  return { manifests, read };
}

/** Undefined where it is odd, or damaged on the disk: the others are to be found all the same. */
function readableDescriptor(manifest: ManifestDocument): ReferrerDescriptor | undefined {
  try {
    return referrerDescriptor(manifest);
  } catch (error) {
    if (error instanceof JobFailure) return undefined;
    throw error;
  }
}

/** @param all in bytewise order */
function pageOf(
  all: string[],
  query: URLSearchParams,
  path: string,
): { page: string[]; headers: Record<string, string> } {
  const wanted = query.get('n') ?? String(MAX_PAGE);
  if (!/^\d{1,9}$/.test(wanted)) throw storeError(400, 'PAGINATION_NUMBER_INVALID', 'n is not a number of entries.');
  const count = Math.min(Number(wanted), MAX_PAGE);
  const after = query.get('last');
  const left = after === null ? all : all.filter((name) => name > after);
  const page = left.slice(0, count);
  const headers: Record<string, string> = { ...API_VERSION };
  const last = page.at(-1);
  if (last !== undefined && left.length > page.length) {
    headers.link = `<${path}?n=${count}&last=${encodeURIComponent(last)}>; rel="next"`;
  }
  return { page, headers };
}

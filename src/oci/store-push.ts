// The half of the distribution-spec that changes a repository, but for the bytes of blobs: manifests in and out, blobs
// out.
import type { Readable } from 'node:stream';
import type { RouteResponse } from '../lib/route.js';
import { MAX_MANIFEST_BYTES, typeOfManifest } from './manifest.js';
import { isDigest, isTag } from './reference.js';
import { subjectOf } from './referrer.js';
import { pathOf } from './store-call.js';
import type { StoreCall } from './store-call.js';
import { API_VERSION, storeError } from './store-errors.js';
import { sha256Digest } from './verified.js';

const MAX_TAGS = 10_000;
const MAX_REFERRERS = 10_000;

export async function putManifest(call: StoreCall): Promise<RouteResponse> {
  const { store, accountId, repository, last, request } = call;
  if (!isTag(last) && !isDigest(last)) {
    throw storeError(400, 'MANIFEST_INVALID', 'A manifest is stored under a tag or its sha256 digest.');
  }
  const admit = await store.admission(accountId);
  const bytes = await readManifest(request.stream);
  admit(bytes.length)();
  const digest = sha256Digest(bytes);
  if (isDigest(last) && last !== digest) {
    throw storeError(400, 'DIGEST_INVALID', `The manifest that came has the digest ${digest}.`);
  }
  const manifest = { mediaType: typeOfManifest(request.headers['content-type'], bytes), digest, bytes };
  const subject = subjectOf(manifest);
  await expectPlaces(call, digest, subject);
  await repository.writeManifest(last, manifest, request.signal);
  const headers = {
    ...{ ...API_VERSION, location: pathOf(call, 'manifests', digest), 'docker-content-digest': digest },
    // Tells clients that they need not keep a list of referrers under a tag.
    ...(subject !== undefined && { 'oci-subject': subject }),
  };
  return { status: 201, headers };
}

/** Lists are read as a whole, page by page: they may not grow without end. */
async function expectPlaces({ repository: { folder }, last }: StoreCall, digest: string, subject?: string) {
  const isNewTag = isTag(last) && (await folder.digestOf(last)) === undefined;
  if (isNewTag && (await folder.tags()).length >= MAX_TAGS) {
    throw storeError(413, 'DENIED', `A repository may have at most ${MAX_TAGS} tags: delete some.`);
  }
  const referrers = subject === undefined ? [] : await folder.referrersOf(subject);
  if (referrers.length >= MAX_REFERRERS && !referrers.includes(digest)) {
    throw storeError(413, 'DENIED', `At most ${MAX_REFERRERS} manifests may refer to the same one: delete some.`);
  }
}

export async function deleteManifest({ store, accountId, repository, last }: StoreCall): Promise<RouteResponse> {
  const upkeep = store.upkeep(accountId, repository.name);
  const isGone = isDigest(last) ? await upkeep.deleteManifest(last) : isTag(last) && (await upkeep.deleteTag(last));
  if (!isGone) throw storeError(404, 'MANIFEST_UNKNOWN', 'There is no such manifest.');
  return { status: 202, headers: API_VERSION };
}

export async function deleteBlob({ store, accountId, repository, last }: StoreCall): Promise<RouteResponse> {
  const isGone = isDigest(last) && (await store.upkeep(accountId, repository.name).deleteBlob(last));
  if (!isGone) throw storeError(404, 'BLOB_UNKNOWN', 'There is no such blob.');
  return { status: 202, headers: API_VERSION };
}

async function readManifest(stream: Readable | undefined): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of (stream ?? []) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_MANIFEST_BYTES) {
      throw storeError(413, 'SIZE_INVALID', `A manifest may have at most ${MAX_MANIFEST_BYTES} bytes.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

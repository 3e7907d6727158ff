// The distribution-spec's ways to bring in a blob: at once, in one stream, in pieces, or from another repository.
import type { RouteResponse } from '../lib/route.js';
import { isDigest, isRepositoryName } from './reference.js';
import { pathOf, placeOf } from './store-call.js';
import type { StoreCall } from './store-call.js';
import { API_VERSION, storeError } from './store-errors.js';
import type { Upload } from './upload.js';

export async function startUpload(call: StoreCall): Promise<RouteResponse> {
  const { store, accountId, repository, request } = call;
  const { mount, from, digest } = Object.fromEntries(request.query) as Record<string, string | undefined>;
  await store.admission(accountId);
  if (mount !== undefined && from !== undefined && isDigest(mount) && isRepositoryName(from)) {
    if (await repository.mountBlob(mount, store.repository(accountId, from))) return stored(call, mount);
  }
  if (digest !== undefined) expectSha256(digest);
  const id = await store.uploads.start(placeOf(call));
  if (digest !== undefined) return finishOrCancel({ ...call, last: id }, digest);
  return { status: 202, headers: progress(call, id, 0) };
}

export async function showUpload(call: StoreCall): Promise<RouteResponse> {
  const size = await call.store.uploads.sizeOf(placeOf(call), call.last);
  return { status: 204, headers: progress(call, call.last, size) };
}

export async function continueUpload(call: StoreCall): Promise<RouteResponse> {
  const { last: id, store } = call;
  const size = await store.uploads.use(placeOf(call), id, async (upload) => {
    await append(call, id, upload);
    return upload.size;
  });
  return { status: 202, headers: progress(call, id, size) };
}

/** With the last piece, or all, or nothing more. */
export async function finishUpload(call: StoreCall): Promise<RouteResponse> {
  return finish(call, call.last, expectSha256(call.request.query.get('digest') ?? ''));
}

export async function cancelUpload(call: StoreCall): Promise<RouteResponse> {
  await call.store.uploads.use(placeOf(call), call.last, (upload) => upload.remove());
  return { status: 204, headers: API_VERSION };
}

/** Of an upload that came in one request nobody knows the id, to go on with it. */
async function finishOrCancel(call: StoreCall, digest: string): Promise<RouteResponse> {
  try {
    return await finish(call, call.last, digest);
  } catch (error) {
    await cancelUpload(call).catch(() => undefined);
    throw error;
  }
}

async function finish(call: StoreCall, id: string, digest: string): Promise<RouteResponse> {
  const { store, repository, request } = call;
  await store.uploads.use(placeOf(call), id, async (upload) => {
    await append(call, id, upload);
    await upload.expectDigest(digest);
    // Marked before it moves, so that whoever counts the account's bytes finds it here or there.
    await repository.folder.markBlobs([digest]);
    await repository.writeBlob({ digest, size: upload.size }, { file: upload.path }, request.signal);
    upload.isOpen = false;
  });
  return stored(call, digest);
}

async function append(call: StoreCall, id: string, upload: Upload): Promise<void> {
  const { store, accountId, request } = call;
  const { 'content-length': length, 'content-range': range } = request.headers;
  const piece = range === undefined ? undefined : pieceOf(range);
  if (piece && piece.start !== upload.size) {
    const message = `The upload goes on at byte ${upload.size}, not at ${piece.start}.`;
    throw storeError(416, 'RANGE_INVALID', message, progress(call, id, upload.size));
  }
  if (piece && length !== undefined && Number(length) !== piece.length) {
    throw storeError(400, 'SIZE_INVALID', 'Content-Range and Content-Length tell of different lengths.');
  }
  if (!request.stream || length === '0') return;
  await upload.append(request.stream, await store.admission(accountId), piece?.length);
}

/** `0-99`, as this specification has it, or `bytes 0-99/100`, as HTTP has it. */
function pieceOf(header: string): { start: number; length: number } {
  const [, from, to] = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/(?:\d+|\*))?$/.exec(header.trim()) ?? [];
  const length = Number(to) - Number(from) + 1;
  if (from === undefined || length < 1) throw storeError(400, 'RANGE_INVALID', 'Content-Range must be <first>-<last>.');
  return { start: Number(from), length };
}

function expectSha256(digest: string): string {
  if (isDigest(digest)) return digest;
  throw storeError(400, 'DIGEST_INVALID', 'The digest must be sha256: and 64 lower-case hex digits.');
}

/** Nothing at all is `0-0` too, as other registries have it. */
const progress = (call: StoreCall, id: string, size: number): Record<string, string> => ({
  ...{ ...API_VERSION, location: pathOf(call, 'blobs/uploads', id), 'docker-upload-uuid': id },
  range: `0-${Math.max(size - 1, 0)}`,
});

const stored = (call: StoreCall, digest: string): RouteResponse => ({
  status: 201,
  headers: { ...API_VERSION, location: pathOf(call, 'blobs', digest), 'docker-content-digest': digest },
});

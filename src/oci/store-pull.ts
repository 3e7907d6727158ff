// The pull half of the distribution-spec: manifests and blobs.
import { Readable } from 'node:stream';
import type { RouteResponse } from '../lib/route.js';
import { answerContent, unsatisfiable } from './ranged-content.js';
import { isDigest, isTag } from './reference.js';
import { contentHeaders } from './store-call.js';
import type { StoreCall } from './store-call.js';
import { storeError } from './store-errors.js';

export async function answerManifest({ repository, last, request }: StoreCall): Promise<RouteResponse> {
  const manifest = isTag(last) || isDigest(last) ? await repository.findManifest(last) : undefined;
  if (!manifest) throw storeError(404, 'MANIFEST_UNKNOWN', 'There is no such manifest.');
  const { digest, mediaType, bytes } = manifest;
  const headers = contentHeaders(digest, mediaType);
  const open = () => Promise.resolve(Readable.from([bytes]));
  const { range: _range, ...others } = request.headers;
  const content = { etag: digest, size: bytes.length, headers, open };
  return (await answerContent({ method: request.method, headers: others }, content))!;
}

export async function answerBlob({ repository, last: digest, request, mayPush }: StoreCall): Promise<RouteResponse> {
  // Whoever asks whether a blob is there may be about to name it instead of sending it. Nobody else keeps anything.
  if (mayPush && request.method === 'HEAD') await repository.keepBlob(digest);
  const size = await repository.findBlobSize(digest);
  if (size === undefined) throw storeError(404, 'BLOB_UNKNOWN', 'There is no such blob.');
  const headers = contentHeaders(digest, 'application/octet-stream');
  const open = (range: { start: number; end: number }) => repository.openRange(digest, range);
  const answer = await answerContent(request, { etag: digest, size, headers, open });
  if (!answer) throw storeError(416, 'RANGE_INVALID', 'The blob has no such bytes.', unsatisfiable(size));
  return answer;
}

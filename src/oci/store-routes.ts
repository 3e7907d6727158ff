// The pull half of the OCI distribution-spec, over the gateway's own store: what docker pull and its like ask for.
// Names resolve inside the caller's account, so that another account's images are simply not there.
import { badInput } from '../lib/errors.js';
import type { Route, RouteGroup, RouteRequest, RouteResponse } from '../lib/route.js';
import { parseRange } from './byte-range.js';
import { isDigest, isRepositoryName, isTag } from './reference.js';
import { API_VERSION, ociError, storeErrorResponse } from './store-errors.js';
import type { StoreRepository } from './store-repository.js';
import type { Store } from './store.js';

const PREFIX = '/v2/';
const MAX_TAGS = 1_000;

export function storeRoutes<P>(store: Store, accountOf: (principal: P) => string): RouteGroup<P> {
  const read = (method: 'GET' | 'HEAD', path = '/v2/*'): Route<P> => ({
    method,
    path,
    access: 'READER',
    handle: async (request) => {
      const rest = restOf(request.path);
      if (rest === '') return { status: 200, headers: API_VERSION, body: {} };
      const target = parseTarget(rest);
      if (!target) return ociError(404, 'NAME_UNKNOWN', 'There is nothing at this path.');
      const repository = store.repository(accountOf(request.principal as P), target.repository);
      return answer(repository, target, request);
    },
  });
  const refuse = (method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'): Route<P> => ({
    method,
    path: '/v2/*',
    access: 'READER',
    handle: async () => ociError(405, 'UNSUPPORTED', 'This store can only be pulled from.', { allow: 'GET, HEAD' }),
  });
  return {
    name: 'store',
    acceptsBasic: true,
    routes: [
      read('GET'),
      read('HEAD'),
      read('GET', '/v2'),
      refuse('POST'),
      refuse('PUT'),
      refuse('PATCH'),
      refuse('DELETE'),
    ],
    errorResponse: storeErrorResponse,
  };
}

interface Target {
  repository: string;
  kind: 'manifests' | 'blobs' | 'tags';
  /** Tag or digest, digest, or `list`. */
  last: string;
}

function restOf(path: string): string {
  try {
    return decodeURIComponent(path.slice(PREFIX.length));
  } catch {
    throw badInput('The path is not valid percent-encoding.');
  }
}

function parseTarget(rest: string): Target | undefined {
  const [, repository = '', kind, last = ''] = /^(.+)\/(manifests|blobs|tags)\/([^/]+)$/.exec(rest) ?? [];
  if (!isRepositoryName(repository) || (kind === 'tags' && last !== 'list')) return undefined;
  return { repository, kind: kind as Target['kind'], last };
}

async function answer<P>(
  repository: StoreRepository,
  target: Target,
  request: RouteRequest<P>,
): Promise<RouteResponse> {
  switch (target.kind) {
    case 'manifests':
      return answerManifest(repository, target.last, request);
    case 'blobs':
      return answerBlob(repository, target.last, request);
    case 'tags':
      return answerTags(repository, request.query);
  }
}

async function answerManifest<P>(
  repository: StoreRepository,
  last: string,
  request: RouteRequest<P>,
): Promise<RouteResponse> {
  const manifest = isTag(last) || isDigest(last) ? await repository.findManifest(last) : undefined;
  if (!manifest) return ociError(404, 'MANIFEST_UNKNOWN', 'There is no such manifest.');
  const headers = contentHeaders(manifest.digest, manifest.mediaType, manifest.bytes.length);
  if (isFresh(request, manifest.digest)) return notModified(headers);
  return request.method === 'HEAD' ? { status: 200, headers } : { status: 200, headers, body: manifest.bytes };
}

async function answerBlob<P>(
  repository: StoreRepository,
  digest: string,
  request: RouteRequest<P>,
): Promise<RouteResponse> {
  const size = await repository.findBlobSize(digest);
  if (size === undefined) return ociError(404, 'BLOB_UNKNOWN', 'There is no such blob.');
  const headers = { ...contentHeaders(digest, 'application/octet-stream', size), 'accept-ranges': 'bytes' };
  if (isFresh(request, digest)) return notModified(headers);
  if (request.method === 'HEAD' || size === 0)
    return { status: 200, headers, body: request.method === 'HEAD' ? undefined : '' };
  const condition = request.headers['if-range'];
  const range =
    condition === undefined || condition === `"${digest}"` ? parseRange(request.headers.range, size) : undefined;
  if (range === 'unsatisfiable') {
    return ociError(416, 'RANGE_INVALID', 'The blob has no such bytes.', { 'content-range': `bytes */${size}` });
  }
  const { start, end } = range ?? { start: 0, end: size - 1 };
  const body = await repository.openRange(digest, { start, end });
  if (!range) return { status: 200, headers, body };
  const partial = { 'content-length': String(end - start + 1), 'content-range': `bytes ${start}-${end}/${size}` };
  return { status: 206, headers: { ...headers, ...partial }, body };
}

async function answerTags(repository: StoreRepository, query: URLSearchParams): Promise<RouteResponse> {
  const tags = await repository.findTags();
  if (!tags) return ociError(404, 'NAME_UNKNOWN', 'There is no such repository.');
  const wanted = query.get('n') ?? String(MAX_TAGS);
  if (!/^\d{1,9}$/.test(wanted)) return ociError(400, 'PAGINATION_NUMBER_INVALID', 'n is not a number of tags.');
  const count = Math.min(Number(wanted), MAX_TAGS);
  const after = query.get('last');
  const left = after === null ? tags : tags.filter((tag) => tag > after);
  const page = left.slice(0, count);
  const headers: Record<string, string> = { ...API_VERSION };
  const last = page.at(-1);
  if (last !== undefined && left.length > page.length) {
    headers.link = `<${PREFIX}${repository.name}/tags/list?n=${count}&last=${encodeURIComponent(last)}>; rel="next"`;
  }
  return { status: 200, headers, body: { name: repository.name, tags: page } };
}

function contentHeaders(digest: string, mediaType: string, size: number): Record<string, string> {
  return {
    ...API_VERSION,
    'docker-content-digest': digest,
    'content-type': mediaType,
    'content-length': String(size),
    etag: `"${digest}"`,
    'x-content-type-options': 'nosniff',
  };
}

function isFresh<P>(request: RouteRequest<P>, digest: string): boolean {
  const etags = (request.headers['if-none-match'] ?? '').split(',').map((etag) => etag.trim().replace(/^W\//, ''));
  return etags.includes(`"${digest}"`);
}

function notModified(headers: Record<string, string>): RouteResponse {
  const { 'content-length': _length, 'content-type': _type, ...rest } = headers;
  return { status: 304, headers: rest };
}

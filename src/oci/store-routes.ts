// The OCI distribution-spec over the gateway's own store: what docker push and pull and their like ask for.
// Names resolve inside the caller's account, so that another account's images are simply not there.
import { badInput } from '../lib/errors.js';
import type { Route, RouteGroup, RouteRequest, RouteResponse } from '../lib/route.js';
import { isRepositoryName } from './reference.js';
import type { StoreCall, StoreCaller } from './store-call.js';
import { API_VERSION, asStoreError, storeError, storeErrorResponse } from './store-errors.js';
import { answerCatalog, answerReferrers, answerTags } from './store-lists.js';
import { answerBlob, answerManifest } from './store-pull.js';
import { deleteBlob, deleteManifest, putManifest } from './store-push.js';
import { cancelUpload, continueUpload, finishUpload, showUpload, startUpload } from './store-uploads.js';
import type { Store } from './store.js';

const PREFIX = '/v2/';

type Answer = (call: StoreCall) => Promise<RouteResponse>;

const ANSWERS: Record<string, Record<string, Answer>> = {
  manifests: { GET: answerManifest, HEAD: answerManifest, PUT: putManifest, DELETE: deleteManifest },
  blobs: { GET: answerBlob, HEAD: answerBlob, DELETE: deleteBlob },
  uploads: { POST: startUpload },
  upload: { GET: showUpload, PATCH: continueUpload, PUT: finishUpload, DELETE: cancelUpload },
  tags: { GET: answerTags },
  referrers: { GET: answerReferrers },
};

export function storeRoutes<P>(store: Store, callerOf: (principal: P) => StoreCaller): RouteGroup<P> {
  const route = (method: Route<P>['method'], path = '/v2/*'): Route<P> => ({
    ...{ method, path },
    access: method === 'GET' || method === 'HEAD' ? 'READER' : 'WRITER',
    streamsBody: method === 'POST' || method === 'PUT' || method === 'PATCH',
    handle: async (request) => {
      try {
        return await answer(store, callerOf(request.principal as P), request);
      } catch (error) {
        throw asStoreError(error);
      }
    },
  });
  const routes = [
    route('GET', '/v2'),
    ...(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const).map((it) => route(it)),
  ];
  return { name: 'store', acceptsBasic: true, routes, errorResponse: storeErrorResponse };
}

async function answer(store: Store, caller: StoreCaller, request: RouteRequest<unknown>): Promise<RouteResponse> {
  const rest = restOf(request.path);
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (rest === '' && isRead) return { status: 200, headers: API_VERSION, body: {} };
  if (rest === '_catalog' && isRead) return answerCatalog(store, caller.accountId, request.query);
  const target = parseTarget(rest);
  if (!target) throw storeError(404, 'NAME_UNKNOWN', 'There is nothing at this path.');
  const { kind, name, last } = target;
  const answers = ANSWERS[kind]!;
  const answerIt = answers[request.method];
  if (!answerIt) {
    const allow = Object.keys(answers).join(', ');
    throw storeError(405, 'UNSUPPORTED', `${request.method} is not possible here.`, { allow });
  }
  return answerIt({ ...caller, store, repository: store.repository(caller.accountId, name), last, request });
}

interface Target {
  kind: string;
  name: string;
  /** Tag or digest, digest, id of an upload, or `list`. */
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
  const [, pushed, id = ''] = /^(.+)\/blobs\/uploads(?:\/([^/]*))?$/.exec(rest) ?? [];
  const [, named, kind = '', last = ''] = /^(.+)\/(manifests|blobs|tags|referrers)\/([^/]+)$/.exec(rest) ?? [];
  const name = pushed ?? named ?? '';
  if (!isRepositoryName(name) || (kind === 'tags' && last !== 'list')) return undefined;
  if (pushed !== undefined) return { kind: id === '' ? 'uploads' : 'upload', name, last: id };
  return { kind, name, last };
}

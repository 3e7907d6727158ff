// One request to a repository of the store, and what every answer to it begins with.
import type { RouteRequest } from '../lib/route.js';
import type { UploadPlace } from './uploads.js';
import { API_VERSION } from './store-errors.js';
import type { StoreRepository } from './store-repository.js';
import type { Store } from './store.js';

export interface StoreCaller {
  /** Names resolve inside it. */
  accountId: string;
  mayPush: boolean;
}

export interface StoreCall extends StoreCaller {
  store: Store;
  repository: StoreRepository;
  /** The last part of the path: tag or digest, digest, or id of an upload. */
  last: string;
  request: RouteRequest<unknown>;
}

export const placeOf = ({ accountId, repository }: StoreCall): UploadPlace => ({
  accountId,
  repository: repository.name,
});

/** Relative: which name the client knows the gateway by, proxies may hide. */
export const pathOf = ({ repository }: StoreCall, kind: string, last: string): string =>
  `/v2/${repository.name}/${kind}/${last}`;

export const contentHeaders = (digest: string, mediaType: string): Record<string, string> => ({
  ...API_VERSION,
  'docker-content-digest': digest,
  'content-type': mediaType,
});

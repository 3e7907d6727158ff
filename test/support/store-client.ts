// Speaks to the store's routes as somebody: HTTP Basic with the password as the principal, or as the token.
import { sha256Digest } from '../../src/oci/verified.js';
import { smallImage } from './documents.js';
import type { SmallImage } from './documents.js';

export interface StoreAsk {
  method?: string;
  body?: Buffer | string | ReadableStream;
  headers?: Record<string, string>;
}

export type StoreClient = (path: string, options?: StoreAsk) => Promise<Response>;

export function storeClient(url: string, password: string): StoreClient {
  const authorization = `Basic ${Buffer.from(`any:${password}`).toString('base64')}`;
  return (path, { headers, ...options } = {}) => {
    const streams = options.body instanceof ReadableStream && { duplex: 'half' };
    return fetch(new URL(path, url), { ...options, ...streams, headers: { authorization, ...headers } } as RequestInit);
  };
}

/** Status, and the code of the distribution-spec where it is an error. */
export async function outcome(response: Response): Promise<[number, string?]> {
  const text = await response.text();
  return response.ok ? [response.status] : [response.status, JSON.parse(text).errors[0].code];
}

/** Pushes a blob in one request. */
export async function pushBlob(ask: StoreClient, repository: string, content: Buffer): Promise<Response> {
  const query = new URLSearchParams({ digest: sha256Digest(content) });
  return ask(`/v2/${repository}/blobs/uploads/?${query.toString()}`, { method: 'POST', body: content });
}

/** Where to send the content of a new upload. */
export async function startUpload(ask: StoreClient, repository: string): Promise<string> {
  const response = await ask(`/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`);
  return response.headers.get('location')!;
}

export function putManifest(
  ask: StoreClient,
  path: string,
  { bytes, mediaType }: { bytes: Buffer; mediaType: string },
): Promise<Response> {
  return ask(path, { method: 'PUT', body: bytes, headers: { 'content-type': mediaType } });
}

/** A small image under a tag; other text makes another image. */
export async function pushImage(ask: StoreClient, repository: string, tag: string, comment = ''): Promise<SmallImage> {
  const other = smallImage({ config: { comment } });
  await pushBlob(ask, repository, other.layer);
  await pushBlob(ask, repository, other.config);
  const response = await putManifest(ask, `/v2/${repository}/manifests/${tag}`, other.manifest);
  if (response.status !== 201) throw new Error(await response.text());
  return other;
}

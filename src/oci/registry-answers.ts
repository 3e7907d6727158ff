// What more than one request to a registry needs: its paths, and what stands in the headers of its answers.
import { badInput } from '../lib/errors.js';
import { discard, readBounded } from '../lib/upstream.js';
import type { UpstreamResponse } from '../lib/upstream.js';
import { UpstreamFailure } from '../lib/upstream-failure.js';
import { invalidImage } from './image-failure.js';
import { MAX_MANIFEST_BYTES } from './manifest.js';
import { isDigest, isRepositoryName, isTag } from './reference.js';
import { refusal } from './registry-errors.js';
import type { RegistryRequest, RegistrySession } from './registry-session.js';
import { digestMismatch } from './verified.js';

/** Throws BAD_USER_INPUT rather than make a path of what is no name, tag or digest. */
export function registryPath(name: string, kind: 'manifests' | 'blobs' | 'referrers', last: string): string {
  const known = isDigest(last) || (kind === 'manifests' && isTag(last)) || (kind === 'blobs' && last === 'uploads/');
  if (!known || !isRepositoryName(name)) throw badInput(`${name}: ${last} is no valid tag or digest.`);
  return `/v2/${name}/${kind}/${last}`;
}

export function contentDigest(response: UpstreamResponse): string | undefined {
  const header = response.headers['docker-content-digest'];
  return typeof header === 'string' && isDigest(header) ? header : undefined;
}

/** @param stored what was to be stored: its digest, and its name in a message */
export async function expectCreated(
  response: UpstreamResponse,
  host: string,
  stored: { digest: string; what: string },
): Promise<void> {
  const { digest, what } = stored;
  if (response.status !== 201 && response.status !== 204) throw await refusal(response, host, what);
  discard(response.body);
  const told = contentDigest(response);
  if (told !== undefined && told !== digest) throw digestMismatch(`${what} was stored with the digest ${told}.`);
}

/** An answer that holds a manifest, or what is no larger, with its whole body where its status is 200. */
export async function requestManifest(
  session: RegistrySession,
  target: string | URL,
  options: RegistryRequest,
): Promise<{ response: UpstreamResponse; bytes: Buffer }> {
  let bytes: Buffer = Buffer.alloc(0);
  const response = await session.retrying(async () => {
    const answer = await session.requestOnce(target, options);
    if (answer.status === 200) bytes = await readManifest(answer);
    return answer;
  }, options.signal);
  return { response, bytes };
}

async function readManifest(response: UpstreamResponse): Promise<Buffer> {
  try {
    return await readBounded(response.body, MAX_MANIFEST_BYTES);
  } catch (error) {
    if (!(error instanceof UpstreamFailure) || error.kind !== 'TOO_LARGE') throw error;
    throw invalidImage(`the manifest is larger than ${MAX_MANIFEST_BYTES} bytes`);
  }
}

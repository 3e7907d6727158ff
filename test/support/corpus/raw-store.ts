// Puts an image into a store's folder file by file, since the store itself takes in none that is invalid.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ImageContent } from './image-content.js';

/** After this the tag `1` of the account's repository leads to the image. */
export function putRaw(store: string, account: string, repository: string, image: ImageContent): void {
  const place = join(store, 'accounts', account, repository);
  for (const { digest, bytes } of image.blobs) {
    put(blobPath(store, digest), bytes);
    put(join(place, '_blobs', hexOf(digest)), '');
  }
  for (const { digest, bytes, mediaType } of image.manifests) {
    put(blobPath(store, digest), bytes);
    put(join(place, '_manifests', hexOf(digest)), mediaType);
    put(join(place, '_tags', '1'), digest);
  }
}

export function blobPath(store: string, digest: string): string {
  const hex = hexOf(digest);
  return join(store, 'blobs', 'sha256', hex.slice(0, 2), hex);
}

function put(path: string, content: Buffer | string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

function hexOf(digest: string): string {
  return digest.slice('sha256:'.length);
}

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { BlobCache } from '../../src/cli/blob-cache.js';
import type { ImageRepository } from '../../src/oci/image-repository.js';
import { verified } from '../../src/oci/verified.js';
import { contentOf, smallImage } from '../support/documents.js';
import { temporaryFolder } from '../support/folders.js';

const { signal } = new AbortController();
const { layer, layerBlob } = smallImage();

function repositoryOf(folder: string, content = layer) {
  const asked: string[] = [];
  const openBlob: ImageRepository['openBlob'] = async (blob) => {
    asked.push(blob.digest);
    return verified(Readable.from([content]), blob);
  };
  const cached = new BlobCache(folder).before({ openBlob } as ImageRepository);
  return { asked, read: async () => contentOf(await cached.openBlob(layerBlob, signal)) };
}

describe('the cache of blobs', () => {
  it('asks once, and again after a blob of its own was damaged', async () => {
    const folder = temporaryFolder();
    const { asked, read } = repositoryOf(folder);
    expect([await read(), await read()]).toEqual(['layer', 'layer']);
    expect(asked).toHaveLength(1);
    const hex = layerBlob.digest.slice('sha256:'.length);
    writeFileSync(join(folder, 'blobs', 'sha256', hex.slice(0, 2), hex), 'LAYER');
    await expect(read()).rejects.toThrow('came with the digest');
    expect(await read()).toBe('layer');
    expect(asked).toHaveLength(2);
  });

  it('keeps nothing of a blob that came damaged', async () => {
    const folder = temporaryFolder();
    const { asked, read } = repositoryOf(folder, Buffer.from('LAYER'));
    for (const _ of [1, 2]) await expect(read()).rejects.toThrow('came with the digest');
    expect(asked).toHaveLength(2);
    expect(readdirSync(join(folder, 'tmp'))).toEqual([]);
  });
});

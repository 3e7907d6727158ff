import type { ImageRepository } from '../../src/oci/image-repository.js';
import { readImage } from '../../src/oci/image.js';
import { smallImage } from '../support/documents.js';

const { signal } = new AbortController();
const GIB = 1024 ** 3;

/** What reading an image with layers of these sizes fails with, and whether a blob was asked for. */
async function failureOf(sizes: number[]): Promise<{ code?: string; fetched: boolean }> {
  const layers = sizes.map((size) => ({ ...smallImage().layerBlob, size }));
  const { manifest } = smallImage({ manifest: { layers } });
  let fetched = false;
  const openBlob = () => {
    fetched = true;
    return Promise.reject(new Error('no blob'));
  };
  const repository = { resolve: () => Promise.resolve(manifest), openBlob } as Partial<ImageRepository>;
  const reading = readImage(repository as ImageRepository, 'v1', 'amd64', signal);
  const error: unknown = await reading.catch((thrown: unknown) => thrown);
  return { code: (error as { code?: string }).code, fetched };
}

describe('readImage', () => {
  it.each([
    ['a layer', [1, 8 * GIB + 1]],
    ['all layers', [7 * GIB, 7 * GIB, 7 * GIB]],
  ])('refuses an image before anything is fetched where %s is too large', async (_what, sizes) => {
    expect(await failureOf(sizes)).toEqual({ code: 'IMAGE_TOO_LARGE', fetched: false });
  });

  it('goes on with one that is as large as it may be', async () => {
    expect(await failureOf([8 * GIB, 8 * GIB])).toEqual({ code: undefined, fetched: true });
  });
});

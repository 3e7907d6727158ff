// EIFs in files of the user's: opened for reading in pieces, and closed whatever happens.
import { realpath } from 'node:fs/promises';
import type { EifSource } from '../nitro/eif-stream.js';
import { openRegularFile } from '../oci/regular-file.js';

export async function withEif<T>(path: string, work: (source: EifSource) => Promise<T>): Promise<T> {
  const { file, size } = await openRegularFile(await realpath(path));
  try {
    return await work({ file, offset: 0, sizeBytes: size });
  } finally {
    await file.close();
  }
}

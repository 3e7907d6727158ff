// What `--cache DIR` keeps: blobs of registries by their digest, so that the next conversion need not pull them again.
// Only the blobs: what a tag leads to is asked each time.
import { mkdirSync, rmSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { JobFailure } from '../lib/job-failure.js';
import { BlobFolder } from '../oci/blob-folder.js';
import { DurableFiles } from '../oci/durable-files.js';
import type { Descriptor, ImageRepository } from '../oci/image-repository.js';
import { verified } from '../oci/verified.js';

export class BlobCache {
  private readonly files: DurableFiles;
  private readonly blobs: BlobFolder;

  constructor(folder: string) {
    const temporaryFolder = join(folder, 'tmp');
    mkdirSync(temporaryFolder, { recursive: true });
    this.files = new DurableFiles(temporaryFolder);
    this.blobs = new BlobFolder(join(folder, 'blobs'), this.files);
  }

  /** The same repository, of which blobs are read once only. */
  before(repository: ImageRepository): ImageRepository {
    const openBlob: ImageRepository['openBlob'] = async (blob, signal) =>
      (await this.find(blob, signal)) ?? Readable.from(this.keep(blob, await repository.openBlob(blob, signal)));
    return Object.assign(Object.create(repository) as ImageRepository, { openBlob });
  }

  private async find(blob: Descriptor, signal: AbortSignal): Promise<Readable | undefined> {
    if ((await this.blobs.size(blob.digest)) !== blob.size) return undefined;
    const stream = verified(await this.blobs.open(blob.digest), blob, { signal });
    // A damaged one fails this run, and not the next one too; at once, as the process may end next.
    stream.once('error', (error) => {
      if (error instanceof JobFailure) rmSync(this.blobs.path(blob.digest), { force: true });
    });
    return stream;
  }

  /** The source fails before its end where its digest is wrong, so that only right bytes are kept. */
  private async *keep(blob: Descriptor, source: Readable): AsyncGenerator<Buffer> {
    const temporary = this.files.temporaryPath();
    try {
      const file = await open(temporary, 'wx', 0o600);
      try {
        for await (const chunk of source as AsyncIterable<Buffer>) {
          await file.writeFile(chunk);
          yield chunk;
        }
      } finally {
        await file.close();
      }
      await this.blobs.write(blob, { file: temporary });
    } finally {
      source.destroy();
      await rm(temporary, { force: true });
    }
  }
}

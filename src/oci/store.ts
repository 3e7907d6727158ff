// The gateway's own store. Below its folder:
//   blobs/sha256/ab/<hex>   accounts/<account>/<repository>/{_manifests/<hex>,_blobs/<hex>,_tags/<tag>}   tmp/
// A manifest's file holds its media type, a blob's nothing (it marks the blob as readable here), a tag's a digest.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { badInput } from '../lib/errors.js';
import { BlobFolder } from './blob-folder.js';
import { DurableFiles } from './durable-files.js';
import { isRepositoryName } from './reference.js';
import { StoreRepository } from './store-repository.js';

const ACCOUNT_ID = /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/;

export class Store {
  private readonly files: DurableFiles;
  private readonly blobs: BlobFolder;

  constructor(private readonly root: string) {
    const temporaryFolder = join(root, 'tmp');
    mkdirSync(temporaryFolder, { recursive: true });
    this.files = new DurableFiles(temporaryFolder);
    this.blobs = new BlobFolder(join(root, 'blobs'), this.files);
  }

  /** One account's repository, which need not exist yet. Throws BAD_USER_INPUT for what is no repository name. */
  repository(accountId: string, repository: string): StoreRepository {
    if (!ACCOUNT_ID.test(accountId)) throw badInput('That is no account id.');
    if (!isRepositoryName(repository)) throw badInput(`${JSON.stringify(repository)} is no repository name.`);
    return new StoreRepository(this.blobs, this.files, join(this.root, 'accounts', accountId, repository), repository);
  }

  /** A path for a file of the caller's own; `writeBlob` then takes it over by moving it. */
  temporaryFile(): string {
    return this.files.temporaryPath();
  }

  /** At the start: removes the temporary files of processes that are gone. */
  cleanTemporary(): Promise<void> {
    return this.files.cleanTemporary();
  }
}

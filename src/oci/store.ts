// The gateway's own store. Below its folder:
//   blobs/sha256/ab/<hex>   accounts/<account>/<repository>/ (see RepositoryFolder)   uploads/ (see Uploads)   tmp/
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { badInput, CatalogError } from '../lib/errors.js';
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import { namesIn } from './absent-files.js';
import { BlobFolder } from './blob-folder.js';
import { collect } from './collect.js';
import type { Collected } from './collect.js';
import { DiskWatch, requireSpace } from './disk-space.js';
import { DurableFiles } from './durable-files.js';
import { OneAtATime } from './one-at-a-time.js';
import { isRepositoryName } from './reference.js';
import { RepositoryFolder } from './repository-folder.js';
import { repositoriesIn } from './repository-names.js';
import { RepositoryUpkeep } from './repository-upkeep.js';
import { bytesNamedIn, digestsNamedIn } from './store-usage.js';
import { StoreQuota } from './store-quota.js';
import { StoreRepository } from './store-repository.js';
import type { Admit } from './upload.js';
import { Uploads } from './uploads.js';

const ACCOUNT_ID = /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/;
const GIB = 2 ** 30;

/** For what clients push or import. What conversions write counts, but is never refused: only their start is. */
export interface StoreLimits {
  /** Bytes that an account may keep; 0 for as many as there is room for. */
  quotaBytes?: number;
  maxBlobBytes?: number;
}

export class Store {
  readonly uploads: Uploads;
  private readonly files: DurableFiles;
  private readonly blobs: BlobFolder;
  private readonly quota: StoreQuota;
  private readonly changes = new OneAtATime();
  /** Set while the disk is too full to take more from clients. */
  private diskFailure?: Error;
  /** One for all that is pushed: many small pushes fill a disk as one large one does. */
  private readonly disk: DiskWatch;

  constructor(
    private readonly root: string,
    private readonly limits: StoreLimits = {},
  ) {
    const { quotaBytes = 0, maxBlobBytes = 32 * GIB } = limits;
    const temporaryFolder = join(root, 'tmp');
    mkdirSync(temporaryFolder, { recursive: true });
    this.files = new DurableFiles(temporaryFolder);
    this.blobs = new BlobFolder(join(root, 'blobs'), this.files);
    this.uploads = new Uploads(join(root, 'uploads'), maxBlobBytes);
    this.quota = new StoreQuota(quotaBytes, (accountId) => this.usedBytes(accountId));
    this.disk = new DiskWatch(root, (failure) => (this.diskFailure = failure as Error));
  }

  /** One account's repository, which need not exist yet. Throws BAD_USER_INPUT for what is no repository name. */
  repository(accountId: string, repository: string): StoreRepository {
    return new StoreRepository(this.blobs, this.folder(accountId, repository), this.changes, repository);
  }

  /** For deleting from it. */
  upkeep(accountId: string, repository: string): RepositoryUpkeep {
    return new RepositoryUpkeep(this.blobs, this.folder(accountId, repository), this.changes);
  }

  /** Names of the account's repositories that hold anything, in bytewise order. */
  async repositories(accountId: string): Promise<string[]> {
    const names = await repositoriesIn(this.accountFolder(accountId));
    const manifests = await Promise.all(names.map((name) => this.folder(accountId, name).findManifests()));
    return names.filter((_, at) => manifests[at]?.length);
  }

  /** Distinct bytes that the account's repositories and open uploads take. */
  async usedBytes(accountId: string): Promise<number> {
    // First those on their way, which may arrive meanwhile and count twice, rather than not at all.
    const open = await this.uploads.bytesOf(accountId);
    return open + (await bytesNamedIn(this.accountFolder(accountId), this.blobs));
  }

  /**
   * Says for each piece of a push whether there is room for it, in the account and on the disk; throws where there is
   * none at all, JobFailure DISK_FULL where it is the disk.
   */
  async admission(accountId: string): Promise<Admit> {
    await requireSpace(this.root, 0);
    this.diskFailure = undefined;
    const admit = await this.quota.admission(accountId);
    return (bytes) => {
      if (this.diskFailure !== undefined) throw this.diskFailure;
      this.disk.wrote(bytes);
      return admit(bytes);
    };
  }

  /** Before a conversion, which is not stopped any more once its result is there. Throws JobFailure DISK_FULL. */
  async expectRoom(accountId: string): Promise<void> {
    await this.admission(accountId).catch((error: Error) => {
      const hint = 'Delete images of the account from the store, or give it more room with STORE_QUOTA_MIB.';
      throw error instanceof CatalogError ? new JobFailure(JobFailureCode.DISK_FULL, error.message, hint) : error;
    });
  }

  /** Bytes that the account may still fill; undefined for as many as there is room for. Never below 0. */
  async roomBytes(accountId: string): Promise<number | undefined> {
    const { quotaBytes = 0 } = this.limits;
    return quotaBytes === 0 ? undefined : Math.max(0, quotaBytes - (await this.usedBytes(accountId)));
  }

  /** Removes what nothing refers to. May run beside anything else; a file of the last hour is spared. */
  collect(signal: AbortSignal, now = Date.now()): Promise<Collected> {
    const accountsFolder = join(this.root, 'accounts');
    const place = { accountsFolder, blobs: this.blobs, uploads: this.uploads };
    return collect({ ...place, upkeep: (account, name) => this.upkeep(account, name) }, now, signal);
  }

  /**
   * Removes those of these blobs that no repository of any account has and that nobody touched since the time beside
   * them (milliseconds), rather than leaving them to `collect`; answers the bytes that were freed.
   */
  async free(blobs: ReadonlyMap<string, number>): Promise<number> {
    if (blobs.size === 0) return 0;
    const accountsFolder = join(this.root, 'accounts');
    const named = new Set<string>();
    for (const accountId of await namesIn(accountsFolder)) {
      for (const digest of await digestsNamedIn(join(accountsFolder, accountId))) named.add(digest);
    }
    let bytes = 0;
    for (const [digest, before] of blobs) {
      if (!named.has(digest)) bytes += (await this.blobs.removeOld(digest, before)) ?? 0;
    }
    return bytes;
  }

  /** A path for a file of the caller's own; `writeBlob` then takes it over by moving it. */
  temporaryFile(): string {
    return this.files.temporaryPath();
  }

  /** At the start: removes the temporary files of processes that are gone. */
  cleanTemporary(): Promise<void> {
    return this.files.cleanTemporary();
  }

  private folder(accountId: string, repository: string): RepositoryFolder {
    const folder = this.accountFolder(accountId);
    if (!isRepositoryName(repository)) throw badInput(`${JSON.stringify(repository)} is no repository name.`);
    return new RepositoryFolder(this.files, join(folder, repository));
  }

  private accountFolder(accountId: string): string {
    if (!ACCOUNT_ID.test(accountId)) throw badInput('That is no account id.');
    return join(this.root, 'accounts', accountId);
  }
}

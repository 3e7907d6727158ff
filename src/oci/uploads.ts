// Blobs on their way in: uploads/<account>/<id>.<hash of the repository>, one growing file each, so that an upload can
// go on in further requests, also after a restart. The hash is made on the way; after a restart the file is read again.
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Hash } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findStats, namesIn } from './absent-files.js';
import { onDisk } from './durable-files.js';
import { storeError } from './store-errors.js';
import { Upload } from './upload.js';

const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** An upload that nobody sends anything to ends after this. */
const IDLE_MS = 6 * 60 * 60 * 1000;
const MAX_OPEN = 200;

/** Uploads are found by those only who started them, and only under that name. */
export interface UploadPlace {
  accountId: string;
  repository: string;
}

export class Uploads {
  private readonly busy = new Set<string>();
  private readonly hashes = new Map<string, Hash>();

  constructor(
    private readonly root: string,
    private readonly maxBlobBytes: number,
  ) {}

  /** The id of a new upload. Throws where the account has too many open ones. */
  async start(place: UploadPlace): Promise<string> {
    const folder = join(this.root, place.accountId);
    if ((await this.expireIn(place.accountId, Date.now())) >= MAX_OPEN) {
      const message = `At most ${MAX_OPEN} uploads may be open at the same time: finish or cancel some.`;
      throw storeError(429, 'TOOMANYREQUESTS', message);
    }
    const id = randomUUID();
    await onDisk(async () => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await (await open(this.path(place, id), 'wx', 0o600)).close();
    });
    this.hashes.set(this.path(place, id), createHash('sha256'));
    return id;
  }

  /** Bytes that have come. Throws BLOB_UPLOAD_UNKNOWN. */
  async sizeOf(place: UploadPlace, id: string): Promise<number> {
    const stats = ID.test(id) ? await findStats(this.path(place, id)) : undefined;
    if (!stats || stats.mtimeMs < Date.now() - IDLE_MS) {
      throw storeError(404, 'BLOB_UPLOAD_UNKNOWN', 'There is no such upload, or it ended: start another one.');
    }
    return stats.size;
  }

  /** Works on one upload, which nobody else may meanwhile. It goes on afterwards, unless the work moved its file away. */
  async use<T>(place: UploadPlace, id: string, work: (upload: Upload) => Promise<T>): Promise<T> {
    await this.sizeOf(place, id);
    const path = this.path(place, id);
    if (this.busy.has(path)) {
      throw storeError(409, 'BLOB_UPLOAD_INVALID', 'Another request is sending to this upload: wait for its end.');
    }
    this.busy.add(path);
    let upload: Upload | undefined;
    try {
      // Looked at again: the request before may have ended only now.
      const size = await this.sizeOf(place, id);
      upload = new Upload(path, size, this.hashes.get(path) ?? (await hashOf(path)), this.maxBlobBytes);
      return await work(upload);
    } finally {
      if (upload?.isOpen) this.hashes.set(path, upload.hash);
      else this.hashes.delete(path);
      this.busy.delete(path);
    }
  }

  /** Bytes on the disk for an account's open uploads. */
  async bytesOf(accountId: string): Promise<number> {
    const folder = join(this.root, accountId);
    const stats = await Promise.all((await namesIn(folder)).map((name) => findStats(join(folder, name))));
    return stats.reduce((sum, found) => sum + (found?.size ?? 0), 0);
  }

  /** Removes what nobody has sent anything to for some hours. */
  async expire(now: number): Promise<void> {
    for (const accountId of await namesIn(this.root)) await this.expireIn(accountId, now);
  }

  /** Answers how many stay. */
  private async expireIn(accountId: string, now: number): Promise<number> {
    let count = 0;
    for (const name of await namesIn(join(this.root, accountId))) {
      const path = join(this.root, accountId, name);
      const stats = await findStats(path);
      if (this.busy.has(path) || (stats && stats.mtimeMs >= now - IDLE_MS)) {
        count += 1;
        continue;
      }
      await rm(path, { force: true });
      this.hashes.delete(path);
    }
    return count;
  }

  private path({ accountId, repository }: UploadPlace, id: string): string {
    const owner = createHash('sha256').update(repository).digest('hex').slice(0, 32);
    return join(this.root, accountId, `${id}.${owner}`);
  }
}

async function hashOf(path: string): Promise<Hash> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash;
}

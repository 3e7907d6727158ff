// How much of the disk an account may fill: counted from what is there whenever somebody begins to send something, and
// from then on byte by byte over all that its clients send at the same time.
import { storeError } from './store-errors.js';
import type { Admit } from './upload.js';

interface Count {
  /** Bytes found at the last look. */
  found: number;
  /** All bytes that ever came and are on the disk. It only grows, so that looks may end in any order. */
  received: number;
  /** What `received` was when the last look began: what came since, the look may have missed. */
  foundAt: number;
  /** Bytes that came and are on their way to the disk. */
  pending: number;
}

export class StoreQuota {
  private readonly counts = new Map<string, Count>();

  /** @param maxBytes 0 for as much as there is room */
  constructor(
    private readonly maxBytes: number,
    private readonly measure: (accountId: string) => Promise<number>,
  ) {}

  /** To be asked for every piece that comes. Throws where the account has no room at all, as its answer does. */
  async admission(accountId: string): Promise<Admit> {
    if (this.maxBytes === 0) return () => () => undefined;
    const count = this.counts.get(accountId) ?? { found: 0, received: 0, foundAt: 0, pending: 0 };
    this.counts.set(accountId, count);
    const foundAt = count.received;
    const found = await this.measure(accountId);
    if (foundAt >= count.foundAt) Object.assign(count, { found, foundAt });
    const admit = (bytes: number) => {
      if (usedBytes(count) + bytes > this.maxBytes) throw this.full();
      count.pending += bytes;
      return () => {
        count.pending -= bytes;
        count.received += bytes;
      };
    };
    if (usedBytes(count) >= this.maxBytes) throw this.full();
    return admit;
  }

  private full(): Error {
    const mib = Math.floor(this.maxBytes / 2 ** 20);
    const message = `The account may keep ${mib} MiB in this store (STORE_QUOTA_MIB): delete some images, or ask for more.`;
    return storeError(413, 'DENIED', message);
  }
}

const usedBytes = ({ found, received, foundAt, pending }: Count): number => found + received - foundAt + pending;

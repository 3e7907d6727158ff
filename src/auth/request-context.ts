// What a GraphQL operation knows of its request: the caller, and loaders that gather what its fields ask for.
// It lives for one request, or for one event of a subscription; loaders kept longer would serve stale rows.
import DataLoader from 'dataloader';
import { requireAccess } from './principal.js';
import type { Caller, Principal } from './principal.js';

/** Reads many rows of one account at once; missing ones may be left out. */
export interface Batched<Row extends { id: string }> {
  byIds(accountId: string, ids: readonly string[]): Promise<Row[]>;
}

const MAX_BATCH = 500;

export class RequestContext {
  private readonly loaders = new Map<unknown, DataLoader<string, unknown>>();

  /** @param address network address of the other end */
  constructor(
    readonly caller: Caller,
    readonly address = 'unknown',
  ) {}

  /** The caller in its account; throws FORBIDDEN where none is selected. */
  get principal(): Principal {
    requireAccess(this.caller, 'READER');
    return this.caller;
  }

  /** One row by id, whatever its case, read together with what the rest of the operation asks of the same source. */
  load<Row extends { id: string }>(source: Batched<Row>, id: string | null): Promise<Row | null> {
    return id === null ? Promise.resolve(null) : (this.loaderOf(source).load(id.toLowerCase()) as Promise<Row | null>);
  }

  /**
   * Something per key, read together with what the rest of the operation asks under the same name.
   * @param read answers in the order of the keys
   */
  loadAs<T>(name: string, key: string, read: (keys: readonly string[]) => Promise<T[]>): Promise<T> {
    return this.loader(name, read).load(key) as Promise<T>;
  }

  private loaderOf<Row extends { id: string }>(source: Batched<Row>): DataLoader<string, unknown> {
    return this.loader(source, async (ids) => {
      const rows = await source.byIds(this.principal.accountId, ids);
      const byId = new Map(rows.map((row) => [row.id, row]));
      return ids.map((id) => byId.get(id) ?? null);
    });
  }

  private loader(owner: unknown, read: (keys: readonly string[]) => Promise<unknown[]>): DataLoader<string, unknown> {
    let loader = this.loaders.get(owner);
    if (!loader) {
      loader = new DataLoader(read, { maxBatchSize: MAX_BATCH });
      this.loaders.set(owner, loader);
    }
    return loader;
  }

  /** Drops what was read, before the next event of a subscription. */
  forget(): void {
    this.loaders.clear();
  }
}

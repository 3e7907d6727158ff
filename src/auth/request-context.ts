// What a GraphQL operation knows of its request: the caller, and loaders that gather what its fields ask for.
// It lives for one request, or for one event of a subscription; loaders kept longer would serve stale rows.
import DataLoader from 'dataloader';
import { requireAccess } from './principal.js';
import type { Caller, Principal } from './principal.js';

/** Reads many rows of one account at once; missing ones may be left out. */
export interface Batched<Row extends { id: string }> {
  byIds(accountId: string, ids: readonly string[]): Promise<Row[]>;
}

/** A row is known by its id. */
type LoadKey = string | { id: string };
type Read = (keys: readonly LoadKey[]) => Promise<unknown[]>;
type Loader = DataLoader<LoadKey, unknown, string>;

const idOf = (key: LoadKey): string => (typeof key === 'string' ? key : key.id);

const MAX_BATCH = 500;

export class RequestContext {
  private readonly loaders = new Map<unknown, Loader>();

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
   * Something per key, read once and together with what the rest of the operation asks under the same name.
   * @param read answers in the order of the keys, with an Error for one that can't be read
   */
  loadAs<Key extends LoadKey, T>(
    name: string,
    key: Key,
    read: (keys: readonly Key[]) => Promise<(T | Error)[]>,
  ): Promise<T> {
    return this.loader(name, read as Read).load(key) as Promise<T>;
  }

  private loaderOf<Row extends { id: string }>(source: Batched<Row>): Loader {
    return this.loader(source, async (keys) => {
      const ids = keys.map(idOf);
      const rows = await source.byIds(this.principal.accountId, ids);
      const byId = new Map(rows.map((row) => [row.id, row]));
      return ids.map((id) => byId.get(id) ?? null);
    });
  }

  private loader(owner: unknown, read: Read): Loader {
    let loader = this.loaders.get(owner);
    if (!loader) {
      loader = new DataLoader(read, { maxBatchSize: MAX_BATCH, cacheKeyFn: idOf });
      this.loaders.set(owner, loader);
    }
    return loader;
  }

  /** Drops what was read, before the next event of a subscription. */
  forget(): void {
    this.loaders.clear();
  }
}

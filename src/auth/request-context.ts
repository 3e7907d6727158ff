// What a GraphQL operation knows of its request: the caller, and loaders that gather what its fields ask for.
// It lives for one request, or for one event of a subscription; loaders kept longer would serve stale rows.
import DataLoader from 'dataloader';
import type { Principal } from './principal.js';

/** Reads many rows of one account at once; missing ones may be left out. */
export interface Batched<Row extends { id: string }> {
  byIds(accountId: string, ids: readonly string[]): Promise<Row[]>;
}

const MAX_BATCH = 500;

export class RequestContext {
  private readonly loaders = new Map<object, DataLoader<string, unknown>>();

  constructor(readonly principal: Principal) {}

  /** One row by id, read together with what the rest of the operation asks of the same source. */
  load<Row extends { id: string }>(source: Batched<Row>, id: string | null): Promise<Row | null> {
    return id === null ? Promise.resolve(null) : (this.loaderOf(source).load(id) as Promise<Row | null>);
  }

  private loaderOf<Row extends { id: string }>(source: Batched<Row>): DataLoader<string, unknown> {
    let loader = this.loaders.get(source);
    if (!loader) {
      const read = async (ids: readonly string[]) => {
        const rows = await source.byIds(this.principal.accountId, ids);
        const byId = new Map(rows.map((row) => [row.id, row]));
        return ids.map((id) => byId.get(id) ?? null);
      };
      loader = new DataLoader(read, { maxBatchSize: MAX_BATCH });
      this.loaders.set(source, loader);
    }
    return loader;
  }

  /** Drops what was read, before the next event of a subscription. */
  forget(): void {
    this.loaders.clear();
  }
}

// Reads CCM's lists page by page: all of one in a stable order, or what changed since, newest first.
import { jsonOf, invalid } from '../../sources/source-http.js';
import type { CcmSession } from './session.js';
import { objectIn } from '../document-value.js';
import { integerOr } from './told.js';

const LIMIT = 100;
/** Of one page: some servers know no limit. */
const MAX_ITEMS = 10_000;
/** Changes become visible a little after their time. */
const OVERLAP_SECONDS = 10;

export interface ListPage {
  items: unknown[];
  /** By the list's own count. */
  total?: number;
  /** Offset of the next page. */
  next: number;
  isSorted: boolean;
  isLast: boolean;
}

/** The server does not sort by the time of the last change. */
export class SortRefused extends Error {}

type List = '/v1/apps' | '/v1/builds' | '/v1/tasks';

export class ListReader {
  constructor(private readonly session: CcmSession) {}

  /** Everything, in the order it was made, so that what is new comes last; from a place of before. */
  async *all(
    list: List,
    start: { offset: number; isSorted: boolean },
    filter: Record<string, string> = {},
  ): AsyncGenerator<ListPage> {
    let { offset, isSorted } = start;
    let before: { first: string; total?: number } | undefined;
    for (;;) {
      const page = await this.page(list, offset, { ...filter, ...(isSorted && { sort_by: 'created_at:ASC' }) });
      if (!page) {
        if (!isSorted) throw invalid(`${this.session.host} refused ${list}.`);
        isSorted = false;
        continue;
      }
      const { items, total } = page;
      const first = JSON.stringify(items[0] ?? null);
      if (before && items.length > 0 && before.first === first)
        throw invalid(`${this.session.host} lists the same page again and again.`);
      // What was deleted meanwhile lets the rest move up.
      const moved = before?.total !== undefined && total !== undefined ? Math.max(0, before.total - total) : 0;
      const next = Math.max(offset + items.length - moved, 0);
      const isLast =
        items.length === 0 || (total === undefined ? items.length < LIMIT : offset + items.length >= total);
      yield { items, total, next, isSorted, isLast };
      if (isLast) return;
      before = { first, total };
      offset = next;
    }
  }

  /** What changed since, newest first, with the page that it ends on. Throws SortRefused. */
  async *changes(list: List, since: number): AsyncGenerator<ListPage> {
    let last = Infinity;
    for (let offset = 0; ;) {
      const page = await this.page(list, offset, { sort_by: 'updated_at:DESC' });
      if (!page) throw new SortRefused();
      const { items, total } = page;
      for (const item of items) {
        const at = integerOr(objectIn(item)?.updated_at);
        // What changes while it is read comes to the top, and moves the rest down: times only fall.
        if (at === undefined || at > last) throw new SortRefused();
        last = at;
      }
      offset += items.length;
      const isOld = last < since - OVERLAP_SECONDS;
      const isLast = isOld || items.length === 0 || (total === undefined ? items.length < LIMIT : offset >= total);
      yield { items, total, next: offset, isSorted: true, isLast };
      if (isLast) return;
    }
  }

  /** Undefined where it does not sort so. */
  private async page(list: List, offset: number, query: Record<string, string>) {
    const params = new URLSearchParams({ ...query, limit: String(LIMIT), offset: String(offset) });
    const { session } = this;
    const answer = await session.ask(`${list}?${params.toString()}`);
    const isRefused = [400, 404, 405, 422, 501].includes(answer.status);
    if (isRefused && query.sort_by !== undefined) return undefined;
    session.expectOk(answer);
    const told = objectIn(jsonOf(answer, session.host));
    if (!told || !Array.isArray(told.items)) throw invalid(`${session.host} answered a list without items.`);
    if (told.items.length > MAX_ITEMS) throw invalid(`${session.host} answered more than ${MAX_ITEMS} items at once.`);
    return { items: told.items as unknown[], total: integerOr(objectIn(told.metadata)?.total_count) };
  }
}

// How CCM pages and sorts its lists: limit and offset in, metadata out.
import { isUuid } from '../../lib/ids.js';
import { MAX_OFFSET_PAGE } from '../../lib/offset.js';
import type { OffsetPage, Sort, SortedSlice } from '../../lib/offset.js';
import { CcmError } from './ccm-errors.js';
import type { WireSearchMetadata } from './wire-lists.js';

export interface WireSlice {
  /** 1,000 where left out, and at most. */
  limit?: number;
  offset?: number;
  /** `key1:ASC,key2:DESC` */
  sort_by?: string;
}

/** What lists of what has a time of making are sorted by where nothing else is asked for. */
export const NEWEST_FIRST = [{ field: 'createdAt', descending: true } as const];

/**
 * @param fields what the keys of `sort_by` are called here; other keys throw BAD_USER_INPUT
 * @param unsorted the order where none is asked for
 */
export function sliceOf<Field extends string>(
  { limit = MAX_OFFSET_PAGE, offset = 0, sort_by = '' }: WireSlice,
  fields: Record<string, Field>,
  unsorted: readonly Sort<Field>[] = [],
): SortedSlice<Field> {
  const sort = sort_by.split(',').flatMap((part): Sort<Field>[] => {
    if (part === '') return [];
    const [key = '', direction] = part.split(':');
    const field = Object.hasOwn(fields, key) ? fields[key]! : undefined;
    if (field === undefined) {
      const message = `sort_by has a key that this list can not be sorted by: it knows ${Object.keys(fields).join(', ')}.`;
      throw new CcmError('BAD_USER_INPUT', 'INVALID_QUERY_PARAMETER', message);
    }
    return [{ field, descending: direction === 'DESC' }];
  });
  return { limit: Math.min(limit, MAX_OFFSET_PAGE), offset, sort: sort.length > 0 ? sort : [...unsorted] };
}

/** A list as the wire has it; the first page is 1. */
export function toWireList<Node, Wire>(
  { items, totalCount, filteredCount }: OffsetPage<Node>,
  { limit, offset }: { limit: number; offset: number },
  toWire: (item: Node) => Wire,
): { metadata: WireSearchMetadata; items: Wire[] } {
  const metadata = {
    page: Math.floor(offset / limit) + 1,
    pages: Math.ceil(filteredCount / limit),
    limit,
    total_count: totalCount,
    filtered_count: filteredCount,
  };
  return { metadata, items: items.map(toWire) };
}

/** The list of ids in `filter`: `id,id` or `{"<member>": ["id"]}`; undefined where there is none. */
export function idsOfFilter(filter: string | undefined, member: string): string[] | undefined {
  if (filter === undefined) return undefined;
  const ids = filter.trimStart().startsWith('{') ? listIn(filter, member) : filter.split(',').map((id) => id.trim());
  if (ids?.every((id) => typeof id === 'string' && isUuid(id))) return ids.map((id) => String(id).toLowerCase());
  const message = `filter must be ids separated by commas, or {"${member}": [ids]}.`;
  throw new CcmError('BAD_USER_INPUT', 'INVALID_QUERY_PARAMETER', message);
}

function listIn(filter: string, member: string): unknown[] | undefined {
  try {
    const list = (JSON.parse(filter) as Record<string, unknown>)[member];
    return Array.isArray(list) ? list : undefined;
  } catch {
    return undefined;
  }
}

// Lists by limit and offset, as some dialects have them. Lists of our own go by position: see paging.ts.

export const MAX_OFFSET_PAGE = 1_000;

export interface OffsetPage<Node> {
  items: Node[];
  /** Of the account. */
  totalCount: number;
  /** Of those that the filters leave. */
  filteredCount: number;
}

/** How a list may be sorted: by its field names, the first counts most. */
export interface Sort<Field extends string> {
  field: Field;
  descending: boolean;
}

/** What every list by offset takes beside its filters. */
export interface SortedSlice<Field extends string> {
  sort: Sort<Field>[];
  /** 0 to 1,000. */
  limit: number;
  offset: number;
}

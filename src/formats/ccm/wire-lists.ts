// What CCM's lists and partial updates have in common.

export interface WireSearchMetadata {
  page: number;
  pages: number;
  limit: number;
  total_count: number;
  filtered_count: number;
}

/** The vendor's subset of RFC 6902. */
export type WirePatch = { op: 'add' | 'remove' | 'replace'; path: string; value?: unknown }[];

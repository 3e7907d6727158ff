// One vendor's wire dialect. Delete its folder and its line in app.ts, and the vendor is gone.
import type { Caller, Principal } from '../auth/principal.js';
import type { RouteGroup } from '../lib/route.js';

export interface Format {
  /** The vendor, as in the folder's name. */
  name: string;
  /** Its routes, and how it answers errors. */
  routes: RouteGroup<Principal, Caller>;
  /** Its OpenAPI document, which is served with a page of its own. */
  openApi: object;
}

// The whole authorisation table.
import { CCM_CATALOG } from './authorization-ccm.js';
import { CYCLE_MUTATIONS } from './authorization-cycle-mutations.js';
import { CYCLE } from './authorization-cycle.js';
import { QUERIES, SUBSCRIPTIONS } from './authorization-graphql.js';
import { IMAGE_BUILDER } from './authorization-image-builder.js';
import type { Line } from './authorization-line.js';
import { MUTATIONS } from './authorization-mutations.js';
import { CCM_PEOPLE } from './authorization-people.js';
import { OTHERS, STORE } from './authorization-routes.js';

export const CCM = [...CCM_CATALOG, ...CCM_PEOPLE];
export { IMAGE_BUILDER };
export const GRAPHQL = [...QUERIES, ...MUTATIONS, ...CYCLE_MUTATIONS, ...SUBSCRIPTIONS];
/** Cycle's first: its jobs repeat what was asked for, also by a stranger who named what it may not see. */
export const LINES: Line[] = [...CYCLE, ...GRAPHQL, ...CCM, ...IMAGE_BUILDER, ...STORE, ...OTHERS];

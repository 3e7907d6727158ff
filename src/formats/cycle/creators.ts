// Who made something, in Cycle's words. Its ids have 24 hex digits and ours are UUIDs, so they are derived.
import { createHash } from 'node:crypto';
import type { Actor } from '../../events/catalog-log.entity.js';
import { ZERO_TIME } from './times.js';
import type { WireCreator } from './wire.js';

/** Always the same for the same text; the first eight digits tell the time. */
export function hexIdOf(text: string, time = new Date(0)): string {
  const seconds = Math.floor(time.getTime() / 1000)
    .toString(16)
    .padStart(8, '0');
  return seconds + createHash('sha256').update(text).digest('hex').slice(0, 16);
}

const TYPES = { USER: 'account', TOKEN: 'api-key', SYSTEM: 'platform' } as const;

export const toWireCreator = ({ type, id }: Actor): WireCreator => ({
  id: hexIdOf(`creator ${id ?? ''}`),
  type: TYPES[type],
});

type Included = Record<string, Record<string, object>>;

/** `includes.creators`: what may be known of who made these things, each once. */
export function toCreatorInclude(actors: Actor[], hubId: string): Included {
  const found: Included = {};
  for (const actor of actors) {
    const { id, type } = toWireCreator(actor);
    if (type === 'account') (found.accounts ??= {})[id] = toPublicAccount(id, actor.name);
    if (type === 'api-key') (found.api_keys ??= {})[id] = toApiKey(id, actor, hubId);
  }
  return found;
}

const toPublicAccount = (id: string, name: string) => ({
  id,
  name: { first: name, last: '' },
  email: { address: name },
  two_factor_auth: { verified: false },
});

const toApiKey = (id: string, { name, ownerId }: Actor, hub_id: string) => ({
  ...{ id, name, hub_id },
  creator: { id: hexIdOf(`creator ${ownerId ?? ''}`), type: ownerId === undefined ? 'platform' : 'account' },
  permissions: { all_environments: true, environments: [] },
  capabilities: { all: false, specific: [] },
  ips: null,
  state: { current: 'live', changed: ZERO_TIME },
  events: {},
});

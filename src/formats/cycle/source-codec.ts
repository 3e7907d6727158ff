// Image sources in Cycle's words. Pure.
import type { StateCount } from '../../builds/origin.query.js';
import type { ImageSource } from '../../image-sources/image-source.entity.js';
import type { ImageSourceChanges, NewImageSource } from '../../image-sources/image-source.service.js';
import { withoutUndefined } from '../../lib/json.js';
import { toWireCreator } from './creators.js';
import { toWireTime, ZERO_TIME } from './times.js';
import type { WireImageSource } from './wire.js';
import type { CreateSourceBody, UpdateSourceBody } from './wire-bodies.js';

export function toWireSource(source: ImageSource, hubId: string, meta?: object): WireImageSource {
  const { id, identifier, name, type, origin, builder, acl } = source;
  return {
    ...{ id, identifier, type, hub_id: hubId, name, about: { description: source.about }, origin, builder },
    ...{ creator: toWireCreator(source.creator), acl },
    state: { current: source.state, changed: toWireTime(source.stateChangedAt) },
    events: { created: toWireTime(source.createdAt), updated: toWireTime(source.updatedAt), deleted: ZERO_TIME },
    ...(meta && { meta }),
  };
}

export const fromWireCreate = ({ about, ...body }: CreateSourceBody): NewImageSource => ({
  ...body,
  ...(about && { about: about.description }),
});

export const fromWireUpdate = ({ about, ...body }: UpdateSourceBody): ImageSourceChanges =>
  withoutUndefined({ ...body, about: about === null ? null : about?.description });

/** Those that the vendor counts, with zeros. */
const COUNTED = ['new', 'downloading', 'building', 'verifying', 'saving', 'live', 'deleting'];

export function toImagesCount(counts: StateCount[]): object {
  const known = counts.filter(({ state }) => COUNTED.includes(state));
  const state = Object.fromEntries(COUNTED.map((name) => [name, 0]));
  for (const { state: name, count } of known) state[name]! += count;
  return { total: known.reduce((sum, { count }) => sum + count, 0), state };
}

// Images that are made here, as documents: a new one, and what becomes of it. Pure.
import type { ImportedImage } from '../../conversions/child-messages.js';
import type { Actor } from '../../events/catalog-log.entity.js';
import type { ImageSource } from '../../image-sources/image-source.entity.js';
import { toWireCreator } from './creators.js';
import { toWireTime, ZERO_TIME } from './times.js';
import type { WireImage, WireImageBuild, WireImageConfig, WireImageSourceOf, WireOverride } from './wire.js';

export interface NewImage {
  id: string;
  hubId: string;
  name: string;
  source: ImageSource;
  build: WireImageBuild | null;
  override: WireOverride | undefined;
  creator: Actor;
}

const EMPTY_CONFIG: WireImageConfig = {
  ...{ user: '', ports: [], env: {}, labels: {}, command: [], entrypoint: [] },
  ...{ volumes: [], workdir: '', signal_stop: '' },
};

export function newImage({ id, hubId, name, source, build, override, creator }: NewImage, now: Date): WireImage {
  const integration = source.builder?.integration_id;
  return {
    ...{ id, hub_id: hubId, name, size: 0 },
    backend: { provider: '', size: 0, file_name: '', file_id: '' },
    requires: {},
    build,
    builder: integration ? { integration_id: integration } : null,
    config: EMPTY_CONFIG,
    source: { ...sourceOf(source), ...(override && { override }) },
    creator: toWireCreator(creator),
    factory: null,
    state: { current: 'new', changed: toWireTime(now) },
    events: { created: toWireTime(now), updated: toWireTime(now), deleted: ZERO_TIME },
  };
}

/** The source as it is at this moment. */
export const sourceOf = ({ type, id, origin }: ImageSource): WireImageSourceOf => ({
  type,
  details: { id, ...(type === 'stack-build' && { stack_id: '', containers: [] }), origin },
});

/** @param error what went wrong; without one, an earlier one is forgotten */
export function inState(image: WireImage, current: string, now: Date, error?: string): WireImage {
  const time = toWireTime(now);
  const state = { current, changed: time, ...(error !== undefined && { error: { message: error, time } }) };
  return { ...image, state, events: { ...image.events, updated: time } };
}

const PROVIDER = 'build-catalog';

export function imported(image: WireImage, repository: string, result: ImportedImage, now: Date): WireImage {
  const { layerBytes: size, manifestDigest } = result;
  return {
    ...inState(image, 'live', now),
    size,
    backend: { provider: PROVIDER, size, file_name: `${repository}:${image.id}`, file_id: manifestDigest },
    config: configOf(result.config),
  };
}

function configOf(config: ImportedImage['config']): WireImageConfig {
  return {
    user: config.User ?? '',
    ports: (config.ExposedPorts ?? []).flatMap(portOf),
    env: Object.fromEntries((config.Env ?? []).map(variableOf)),
    labels: config.Labels ?? {},
    command: config.Cmd ?? [],
    entrypoint: config.Entrypoint ?? [],
    volumes: (config.Volumes ?? []).map((path) => ({ path, mode: 'rw' })),
    workdir: config.WorkingDir ?? '',
    signal_stop: config.StopSignal ?? '',
  };
}

/** An image says nothing of the host's ports. */
function portOf(text: string): WireImageConfig['ports'] {
  const [, digits, type = 'tcp'] = /^(\d{1,5})(?:\/([a-z]{1,8}))?$/i.exec(text) ?? [];
  const port = Number(digits);
  return port >= 1 && port <= 65_535 ? [{ host: port, container: port, type: type.toLowerCase() }] : [];
}

function variableOf(text: string): [string, string] {
  const at = text.includes('=') ? text.indexOf('=') : text.length;
  return [text.slice(0, at), text.slice(at + 1)];
}

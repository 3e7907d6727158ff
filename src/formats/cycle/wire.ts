// Images and image sources as Cycle's clients see them: schema/openapi/cycle.yaml.
import type { ImageOrigin } from '../../image-sources/image-origin.js';

export type { ImageOrigin, ImageOriginDetails } from '../../image-sources/image-origin.js';

export interface WireEvents {
  created: string;
  updated: string;
  deleted: string;
}

export interface WireCreator {
  id: string;
  type: string;
}

export interface WireState {
  current: string;
  changed: string;
  error?: { message: string; time: string };
}

export interface WireImageConfig {
  user: string;
  ports: { host: number; container: number; type: string }[];
  env: Record<string, string>;
  labels: Record<string, string>;
  command: string[];
  entrypoint: string[];
  volumes: { path: string; mode: string }[];
  workdir: string;
  signal_stop: string;
}

export interface WireOverride {
  target?: string;
  targz_url?: string;
}

export interface WireImageBuild {
  args?: Record<string, string>;
  use_disk?: boolean;
}

export interface WireImageSourceOf {
  type: string;
  details: { id: string; origin: ImageOrigin; stack_id?: string; containers?: string[] };
  override?: WireOverride;
}

export interface WireImage {
  id: string;
  hub_id: string;
  name: string;
  size: number;
  backend: { provider: string; size: number; file_name: string; file_id: string };
  requires: { nvidia_gpu?: boolean };
  build: WireImageBuild | null;
  builder: { integration_id: string } | null;
  config: WireImageConfig;
  source: WireImageSourceOf;
  creator: WireCreator;
  factory: { node_id: string; cached: string; acknowledged: string } | null;
  state: WireState;
  events: WireEvents;
  meta?: object;
}

export interface WireImageSource {
  id: string;
  identifier: string;
  type: string;
  hub_id: string;
  name: string;
  about: { description: string | null };
  origin: ImageOrigin;
  builder: { integration_id?: string | null } | null;
  creator: WireCreator;
  acl: object | null;
  state: WireState;
  events: WireEvents;
  meta?: object;
}

export interface WireBuildLog {
  id: string;
  hub_id: string;
  image_id: string;
  log: string;
  events: WireEvents;
}

// Jobs as Cycle's clients see them: schema/openapi/cycle.yaml.
import type { WireCreator } from './wire.js';

export interface WireWorkEvents {
  queued: string;
  started: string;
  completed: string;
}

export interface WireTaskStep {
  caption: string;
  description: string;
  started: string;
  completed: string;
}

export interface WireNewTask {
  caption: string;
  header: string;
  input: Record<string, unknown>;
  steps: WireTaskStep[] | null;
}

export interface WireTask extends WireNewTask {
  id: string;
  events: WireWorkEvents;
  state: { changed: string; current: string };
  output: Record<string, string> | null;
  error: { message: string } | null;
}

export interface WireJob {
  id: string;
  hub_id: string;
  queue: string;
  caption: string;
  events: WireWorkEvents;
  schedule: string;
  expires: string;
  tasks: WireTask[];
  hash: string;
  limit_duplicates: boolean;
  creator: WireCreator;
  state: { current: string; changed: string; error: { message: string } | null };
}

export interface WireJobDescriptor {
  action: string;
  job: {
    id: string;
    accepted: true;
    queue: string;
    schedule: string;
    parallel: { sub_queue: string | null; tasks: boolean };
    tasks: WireNewTask[];
  };
  /** What clients of 2022 look for. */
  job_id: string;
}

// CCM's JSON of where builds run.
import type { WireBuild } from './wire.js';

export type WireAppStatus = 'RUNNING' | 'STOPPED' | 'UNKNOWN';

export interface WireAppNode {
  /** The gateway issues none, but clients need the member. */
  certificate: object;
  created_at: number;
  node_id: string;
  node_name: string;
  status: { status: WireAppStatus; status_updated_at: number; attested_at?: number };
  build_info?: WireBuild;
}

export interface WireNode {
  name: string;
  acct_id: string;
  node_id: string;
  status: { status: 'RUNNING' | 'STOPPED'; created_at: number; status_updated_at: number; last_seen_at: number };
  attested_at?: number;
  apps: WireAppNode[];
  sgx_info: object;
}

/** Our own request: CCM's agents report by a protocol that is not public. */
export interface WireReportDeployment {
  node_id: string;
  node_name?: string;
  status: WireAppStatus;
  attested_at?: number;
}

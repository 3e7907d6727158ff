// CCM's JSON of apps. Memory is MiB.
import type { WireAdvancedSettings } from './wire.js';
import type { WireAppNode } from './wire-deployments.js';
import type { WirePatch } from './wire-lists.js';

export interface WireDefaultBuildSettings {
  sgx?: { isvprodid?: number; mem_size?: number; threads?: number };
  nitro_enclaves?: { cpu_count?: number; mem_size?: number; enable_overlay_filesystem_persistence?: boolean };
}

export interface WireCertificatePolicy {
  require_known_image: boolean;
  require_known_signer: boolean;
  require_known_node?: boolean;
}

/** One member. */
export interface WireSigner {
  sgx?: { mrsigner: string; isvprodid: number };
  nitro_enclave?: { pcr8: string };
}

/** What can be given at first and changed later, but for labels and metadata. */
interface WireAppFields {
  description?: string;
  input_image_name?: string;
  output_image_name?: string;
  isvprodid?: number;
  isvsvn?: number;
  mem_size?: number;
  threads?: number;
  default_build_settings?: WireDefaultBuildSettings;
  allowed_domains?: string[];
  advanced_settings?: WireAdvancedSettings;
  certificate_policy?: WireCertificatePolicy;
  signers?: WireSigner[];
  group_id?: string;
}

export interface WireAppRequest extends WireAppFields {
  name: string;
  labels?: Record<string, string>;
  custom_metadata?: Record<string, string>;
}

export interface WireAppUpdate extends WireAppFields {
  labels?: WirePatch;
  custom_metadata?: WirePatch;
}

export interface WireApp extends WireAppFields {
  created_at: number;
  updated_at: number;
  name: string;
  app_id: string;
  input_image_name: string;
  output_image_name: string;
  isvprodid: number;
  isvsvn: number;
  mem_size: number;
  threads: number;
  default_build_settings: WireDefaultBuildSettings;
  /** Never left out: a client in shell reads them without looking. */
  allowed_domains: string[];
  whitelisted_domains: string[];
  domains_added: string[];
  domains_removed: string[];
  nodes?: WireAppNode[];
  pending_task_id?: string;
  labels: Record<string, string>;
  custom_metadata: Record<string, string>;
  marketplace_app_id?: string;
}

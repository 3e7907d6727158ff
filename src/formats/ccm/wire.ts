// CCM's JSON as it is on the wire, in its own spelling. Times are seconds since 1970, sizes are MiB; what is unknown is
// left out, never null. schema/openapi/ccm.yaml says the same to clients and checks what they send.

export type WireBuildStatusType = 'PENDING' | 'WHITELISTED' | 'REJECTED';
export type WireDeploymentStatusType = 'DEPLOYED' | 'UNDEPLOYED';
export type WireProtocol = 'Tcp' | 'Udp';
export type WireNitroHashAlgorithm = 'Sha384';
export type WireTpmHashAlgorithm = 'SHA256';
export type WireVmpl = 'vmpl0' | 'vmpl1' | 'vmpl2' | 'vmpl3';
export type WireAttestation = 'Ignored' | 'Required';
export type WireGpuVendor = 'Nvidia';
export type WireJavaRuntime = 'JAVA-ORACLE' | 'OPENJDK' | 'OPENJ9' | 'LIBERTY-JRE';
export type WireCertificateIssuer = 'MANAGER_CA' | 'NODE' | 'SELF_IAS';
export type WireCertificateKeyType = 'RSA';

/** The vendor's EventType, as far as this gateway uses it. */
export type WireErrorCode =
  | 'AUTH_FAILED'
  | 'BAD_GATEWAY'
  | 'BAD_REQUEST'
  | 'CONFLICT'
  | 'FEATURE_NOT_SUPPORTED'
  | 'FORBIDDEN'
  | 'INTERNAL_SERVER_ERROR'
  | 'INVALID_BODY_PARAMETER'
  | 'INVALID_HEADER'
  | 'INVALID_PATH_PARAMETER'
  | 'INVALID_QUERY_PARAMETER'
  | 'INVALID_STATE'
  | 'LOCKED_ACCOUNT'
  | 'MISSING_REQUIRED_PARAMETER'
  | 'NO_ACCOUNT_SELECTED'
  | 'NOT_FOUND'
  | 'REQUEST_PAYLOAD_TOO_LARGE'
  | 'TOO_MANY_REQUESTS'
  | 'UNAUTHORIZED'
  | 'UNDERGOING_MAINTENANCE'
  | 'UNIQUE_VIOLATION'
  | 'USER_ALREADY_EXISTS';

/** An error: the vendor's Event. */
export interface WireError {
  message: string;
  code: WireErrorCode;
}

export interface WireCoprocessor {
  attestation: WireAttestation;
  gpu_vendor?: WireGpuVendor;
}

export interface WireSgx {
  mrenclave: string;
  features?: string[];
}

export interface WireNitroEnclave {
  hash_algorithm: WireNitroHashAlgorithm;
  pcr0: string;
  pcr1: string;
  pcr2: string;
}

export interface WireAci {
  policy: string;
}

/** pcr0 to pcr22. */
export interface WireTpmPcrs {
  hash_alg: WireTpmHashAlgorithm;
  [pcr: `pcr${number}`]: string | undefined;
}

export interface WireAzureCvm {
  pcrs: WireTpmPcrs;
  coprocessors: WireCoprocessor[];
}

export interface WireBaremetalTdx {
  mrtd: string;
  rtmr0: string;
  rtmr1: string;
  rtmr2: string;
  rtmr3: string;
  coprocessors: WireCoprocessor[];
}

export interface WireBaremetalAmdSevSnp {
  measurement: string;
  vmpl: WireVmpl;
  coprocessors: WireCoprocessor[];
}

/** At most one member. */
export interface WireImageAttributes {
  sgx?: WireSgx;
  nitro_enclave?: WireNitroEnclave;
  aci?: WireAci;
  azure_cvm?: WireAzureCvm;
  baremetal_tdx?: WireBaremetalTdx;
  baremetal_amd_sev_snp?: WireBaremetalAmdSevSnp;
}

export interface WireDockerInfo {
  docker_image_name: string;
  docker_version: string;
  docker_image_sha?: string;
  /** MiB. */
  docker_image_size?: number;
  exposed_ports?: { port: number; protocol: WireProtocol }[];
}

export interface WireEnclaveInfo {
  mrenclave: string;
  mrsigner: string;
  isvprodid: number;
  isvsvn: number;
}

export interface WireCertificate {
  issuer?: WireCertificateIssuer;
  subject?: string;
  keyType?: WireCertificateKeyType;
  keyParam?: object;
  keyPath?: string;
  certPath?: string;
}

/** The vendor mixes two spellings here. */
export interface WireAdvancedSettings {
  entrypoint?: string[];
  encryptedDirs?: string[];
  certificate?: WireCertificate;
  java_runtime?: WireJavaRuntime;
  rw_dirs?: string[];
  allowCmdlineArgs?: boolean;
  manifestEnv?: string[];
  mutableEnv?: string[];
}

export interface WireLaunchHint {
  azure_resource_template?: string;
}

export interface WireBuild {
  build_id: string;
  docker_info?: WireDockerInfo;
  created_at: number;
  updated_at: number;
  app_id?: string;
  app_name?: string;
  status: { status: WireBuildStatusType; status_updated_at: number };
  deployment_status: { status: WireDeploymentStatusType; status_updated_at: number };
  enclave_info?: WireEnclaveInfo;
  attributes?: Record<string, WireImageAttributes>;
  app_description?: string;
  mem_size?: number;
  threads?: number;
  advanced_settings?: WireAdvancedSettings;
  build_name?: string;
  pending_task_id?: string;
  configs?: Record<string, object>;
  marketplace_build_id?: string;
  launch_hint?: WireLaunchHint;
  enable_overlay_filesystem_persistence?: boolean;
  group_id?: string;
}

export interface WireBuildUpdate {
  configs?: Record<string, object>;
}

export interface WireCreateBuild {
  docker_info?: WireDockerInfo;
  mrenclave?: string;
  mrsigner?: string;
  isvprodid?: number;
  isvsvn?: number;
  app_id?: string;
  app_name?: string;
  mem_size?: number;
  threads?: number;
  attributes?: Record<string, WireImageAttributes>;
  advanced_settings?: WireAdvancedSettings;
  launch_hint?: WireLaunchHint;
  enable_overlay_filesystem_persistence?: boolean;
  group_id?: string;
}

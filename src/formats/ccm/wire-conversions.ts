// CCM's JSON of conversions.
import type { WireNitroEnclave } from './wire.js';

export interface WireAuthConfig {
  username: string;
  password?: string;
}

export interface WireImage {
  name: string;
  auth_config?: WireAuthConfig;
}

export interface WireConverterOptions {
  add_ccm_ca_certificates?: boolean;
  allow_cmdline_args?: boolean;
  debug?: boolean;
  entrypoint?: string[];
  entrypoint_args?: string[];
  env_vars?: string[];
  mutable_env_vars?: string[];
  java_mode?: string;
}

export interface WireNitroConversion {
  request: {
    app_id: string;
    input_image: WireImage;
    output_image: WireImage;
    converter_options: WireConverterOptions;
  };
  nitro_enclaves_options: WireNitroOptions;
}

export interface WireNitroOptions {
  cpu_count?: number;
  /** MiB. */
  mem_size?: number;
  enable_overlay_filesystem_persistence?: boolean;
}

/** To the standalone converter, which registers nothing. */
export interface WireUnregisteredConversion {
  request: Omit<WireNitroConversion['request'], 'app_id' | 'converter_options'> & {
    converter_options: WireConverterOptions & { push_converted_image?: boolean };
  };
  /** Memory with a unit, unlike everywhere else: `2048M`. */
  nitro_enclaves_options: Omit<WireNitroOptions, 'mem_size'> & { mem_size?: string };
}

export interface WireUnregisteredResult {
  converted_image: { name: string; sha: string; size: number };
  config: { measurements: Record<string, WireNitroEnclave>; pcr8: string };
}

/** From older clients: the images are those of the app, with these tags. */
export interface WireLegacyConversion {
  app_id: string;
  docker_version?: string;
  input_docker_version?: string;
  output_docker_version?: string;
  inputAuthConfig?: WireAuthConfig;
  outputAuthConfig?: WireAuthConfig;
  authConfig?: WireAuthConfig;
  debug?: boolean;
  memSize?: number;
}

export interface WireAciConversion {
  app_id: string;
  input_image: WireImage;
  /** Both members are our own extension. */
  aci_options: { policy?: string; azure_resource_template?: string };
}

/** Where a conversion stands; not the vendor's, whose conversions can only be waited for. */
export interface WireConversionJob {
  job_id: string;
  status: string;
  /** Left out unless it runs. */
  step?: string;
  /** Percent. */
  progress: number;
}

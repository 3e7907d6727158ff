// Conversions between CCM's wire and ours.
import type { ConvertNitroImageInput, ImageInput } from '../../conversions/conversion.input.js';
import type { Job } from '../../jobs/job.entity.js';
import { withoutNulls } from '../../lib/json.js';
import type { WireConversionJob, WireImage, WireNitroConversion } from './wire.js';

export function fromWireNitroConversion(wire: WireNitroConversion, idempotencyKey?: string): ConvertNitroImageInput {
  const { app_id, input_image, output_image, converter_options: options } = wire.request;
  const nitro = wire.nitro_enclaves_options;
  return withoutNulls({
    appId: app_id,
    inputImage: fromWireImage(input_image),
    outputImage: fromWireImage(output_image),
    converterOptions: {
      addCcmCaCertificates: options.add_ccm_ca_certificates,
      allowCmdlineArgs: options.allow_cmdline_args,
      debug: options.debug,
      entrypoint: options.entrypoint,
      entrypointArgs: options.entrypoint_args,
      envVars: options.env_vars,
      mutableEnvVars: options.mutable_env_vars,
      javaMode: options.java_mode,
    },
    nitroEnclavesOptions: {
      cpuCount: nitro.cpu_count,
      memSizeMb: nitro.mem_size,
      // On by default here, and off by default when a build is registered: the vendor's own two defaults.
      enableOverlayFilesystemPersistence: nitro.enable_overlay_filesystem_persistence ?? true,
    },
    idempotencyKey,
  });
}

/** A login without a user name is what a form sends that nobody filled in. */
const fromWireImage = ({ name, auth_config: auth }: WireImage): ImageInput => ({
  name,
  auth: auth?.username ? { username: auth.username, password: auth.password } : undefined,
});

export const toWireConversionJob = ({ id, status, step, progress }: Job): WireConversionJob =>
  withoutNulls({ job_id: id, status, step: step ?? undefined, progress });

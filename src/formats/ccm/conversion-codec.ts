// Conversions between CCM's wire and ours.
import type { App } from '../../apps/app.entity.js';
import type { CreateBuildInput } from '../../builds/build.input.js';
import type { ConverterOptionsInput, ConvertNitroImageInput, ImageInput } from '../../conversions/conversion.input.js';
import type { Job } from '../../jobs/job.entity.js';
import { withoutNulls } from '../../lib/json.js';
import { parseReference, tagOrDigestOf } from '../../oci/reference.js';
import type {
  WireAciConversion,
  WireConversionJob,
  WireConverterOptions,
  WireImage,
  WireLegacyConversion,
  WireNitroConversion,
  WireUnregisteredConversion,
  WireUnregisteredResult,
} from './wire-conversions.js';

const MIB = 1024 * 1024;
const UNITS: Record<string, number> = { K: 1024, M: MIB, G: 1024 * MIB };

export function fromWireNitroConversion(wire: WireNitroConversion, idempotencyKey?: string): ConvertNitroImageInput {
  const { app_id, input_image, output_image, converter_options } = wire.request;
  const nitro = wire.nitro_enclaves_options;
  return withoutNulls({
    appId: app_id,
    inputImage: fromWireImage(input_image),
    outputImage: fromWireImage(output_image),
    converterOptions: fromWireOptions(converter_options),
    nitroEnclavesOptions: {
      cpuCount: nitro.cpu_count,
      memSizeMb: nitro.mem_size,
      enableOverlayFilesystemPersistence: nitro.enable_overlay_filesystem_persistence,
    },
    idempotencyKey,
  });
}

export function fromWireUnregisteredConversion(
  wire: WireUnregisteredConversion,
  idempotencyKey?: string,
): ConvertNitroImageInput {
  const { mem_size, ...nitro } = wire.nitro_enclaves_options;
  const nitro_enclaves_options = { ...nitro, mem_size: mem_size === undefined ? undefined : memoryMib(mem_size) };
  const request = { ...wire.request, app_id: null as never };
  return fromWireNitroConversion({ request, nitro_enclaves_options }, idempotencyKey);
}

/** The request names no platform; the only one this gateway converts for is meant. */
export function fromWireLegacyConversion(
  wire: WireLegacyConversion,
  app: App,
  idempotencyKey?: string,
): ConvertNitroImageInput {
  const { docker_version, input_docker_version, output_docker_version, authConfig } = wire;
  // Forms that nobody filled in send empty texts.
  const tag = docker_version || 'latest';
  return withoutNulls({
    appId: app.id,
    inputImage: fromWireImage({
      name: `${app.inputImageName}:${input_docker_version || tag}`,
      auth_config: wire.inputAuthConfig ?? authConfig,
    }),
    outputImage: fromWireImage({
      name: `${app.outputImageName}:${output_docker_version || tag}`,
      auth_config: wire.outputAuthConfig ?? authConfig,
    }),
    converterOptions: { debug: wire.debug },
    nitroEnclavesOptions: { memSizeMb: wire.memSize || undefined },
    idempotencyKey,
  });
}

/** The build that the user's own confcom output makes of an image. */
export function fromWireAciConversion(wire: WireAciConversion, policy: string): CreateBuildInput {
  const { app_id, input_image, aci_options } = wire;
  const { azure_resource_template: azureResourceTemplate } = aci_options;
  return {
    appId: app_id,
    dockerInfo: {
      dockerImageName: input_image.name.replace(/@.*$/s, '').replace(/:[^/]*$/, ''),
      dockerVersion: tagOrDigestOf(parseReference(input_image.name, 'inputImage', 'name')),
    },
    attributes: [{ key: 'aci', aci: { policy } }],
    launchHint: azureResourceTemplate === undefined ? undefined : { azureResourceTemplate },
  };
}

/** @param job one that succeeded, so that all of it is known */
export function toWireUnregisteredResult({ id, outputImage }: Job): WireUnregisteredResult {
  const { name, imageId, sizeBytes, measurements } = outputImage ?? {};
  const pcr = (register: string) => measurements?.find((measured) => measured.name === register)?.value;
  const [pcr0, pcr1, pcr2, pcr8 = ''] = ['pcr0', 'pcr1', 'pcr2', 'pcr8'].map(pcr);
  if (!name || !imageId || !sizeBytes || !pcr0 || !pcr1 || !pcr2) throw new Error(`Job ${id} does not tell its result`);
  return {
    converted_image: { name, sha: imageId, size: sizeBytes },
    // The converter's own key, unlike that of a build's attributes.
    config: { measurements: { NitroEnclaves: { hash_algorithm: 'Sha384', pcr0, pcr1, pcr2 } }, pcr8 },
  };
}

const fromWireOptions = (options: WireConverterOptions): ConverterOptionsInput => ({
  addCcmCaCertificates: options.add_ccm_ca_certificates,
  allowCmdlineArgs: options.allow_cmdline_args,
  debug: options.debug,
  entrypoint: options.entrypoint,
  entrypointArgs: options.entrypoint_args,
  envVars: options.env_vars,
  mutableEnvVars: options.mutable_env_vars,
  javaMode: options.java_mode,
});

/** A login without a user name is what a form sends that nobody filled in. */
const fromWireImage = ({ name, auth_config: auth }: WireImage): ImageInput => ({
  name,
  auth: auth?.username ? { username: auth.username, password: auth.password } : undefined,
});

/** `2048M`, or bytes without a unit; part of a MiB counts as one. */
function memoryMib(text: string): number | undefined {
  const [, digits, unit] = /^(\d+)([KMG]?)$/.exec(text)!;
  const bytes = Number(digits) * (unit ? UNITS[unit]! : 1);
  return bytes === 0 ? undefined : Math.ceil(bytes / MIB);
}

export const toWireConversionJob = ({ id, status, step, progress }: Job): WireConversionJob =>
  withoutNulls({ job_id: id, status, step: step ?? undefined, progress });

// What the catalog keeps of a finished conversion: pure mappings from what was asked and what came out.
import type { BuildDraft } from '../builds/build-draft.js';
import { NetworkProtocol } from '../builds/docker-info.js';
import type { ExposedPort } from '../builds/docker-info.js';
import { NitroHashAlgorithm, Platform } from '../builds/image-attributes.js';
import { measurementsOf } from '../builds/measurements.js';
import type { Job, OutputImage } from '../jobs/job.entity.js';
import type { ConversionResult } from './child-messages.js';
import { formatTarget } from './image-target.js';
import type { ConversionRequest } from './conversion-request.js';

const MIB = 1024 * 1024;

/** The build, but for its app. */
export function toBuildDraft(job: Job, result: ConversionResult): BuildDraft {
  const { output, options, nitro, architecture } = job.input as ConversionRequest;
  return {
    dockerInfo: {
      dockerImageName: formatTarget(output).slice(0, -output.tagOrDigest.length - 1),
      dockerVersion: output.tagOrDigest,
      dockerImageSha: result.imageId,
      dockerImageSizeMib: Math.ceil(result.sizeBytes / MIB),
      exposedPorts: distinctPorts(result.exposedPorts),
    },
    attributes: attributesOf(result),
    architecture,
    memSizeMb: nitro.memSizeMb,
    cpuCount: nitro.cpuCount,
    advancedSettings: advancedSettings(options),
    enableOverlayFilesystemPersistence: nitro.enableOverlayFilesystemPersistence ?? false,
    jobId: job.id,
  };
}

export function toOutputImage(job: Job, result: ConversionResult): OutputImage {
  const { manifestDigest: digest, imageId, sizeBytes } = result;
  const name = formatTarget((job.input as ConversionRequest).output);
  return { name, digest, sizeBytes, imageId, measurements: measurementsOf(attributesOf(result), null) };
}

function attributesOf({ measurements }: ConversionResult) {
  const values = { hashAlgorithm: NitroHashAlgorithm.SHA384, ...measurements };
  return [{ key: 'nitro_enclave', platform: Platform.NITRO_ENCLAVE as const, ...values }];
}

function advancedSettings({ entrypoint, envVars, mutableEnvVars, allowCmdlineArgs }: ConversionRequest['options']) {
  const settings = { entrypoint, manifestEnv: envVars, mutableEnv: mutableEnvVars, allowCmdlineArgs };
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return given.length > 0 ? Object.fromEntries(given) : null;
}

/** The format allows `80`, `080/TCP` and `80/tcp` side by side. */
function distinctPorts(texts: string[]): ExposedPort[] {
  const ports = texts.flatMap(parsePort);
  return [...new Map(ports.map((port) => [`${port.port}/${port.protocol}`, port])).values()];
}

function parsePort(text: string): ExposedPort[] {
  const [port, protocol = 'tcp'] = text.toLowerCase().split('/');
  const isKnown = /^\d{1,5}$/.test(port ?? '') && Number(port) >= 1 && Number(port) <= 65_535;
  if (!isKnown || !['tcp', 'udp'].includes(protocol)) return [];
  return [{ port: Number(port), protocol: protocol === 'udp' ? NetworkProtocol.UDP : NetworkProtocol.TCP }];
}

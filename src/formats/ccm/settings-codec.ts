// The parts of a build besides its attributes, between CCM's wire and ours: docker image, settings, launch hint.
import type { AdvancedSettings, CertificateConfig } from '../../apps/advanced-settings.js';
import type { CertificateIssuer, CertificateKeyType } from '../../apps/advanced-settings.js';
import type { EnclaveInfo, LaunchHint } from '../../builds/build-parts.js';
import type { DockerInfo } from '../../builds/docker-info.js';
import { javaRuntimeSpelling, protocolSpelling } from './enums.js';
import type { WireAdvancedSettings, WireCertificate, WireDockerInfo, WireEnclaveInfo, WireLaunchHint } from './wire.js';

export const toWireDockerInfo = (info: DockerInfo): WireDockerInfo => ({
  docker_image_name: info.dockerImageName,
  docker_version: info.dockerVersion,
  docker_image_sha: info.dockerImageSha,
  docker_image_size: info.dockerImageSizeMib,
  exposed_ports: info.exposedPorts?.map(({ port, protocol }) => ({
    port,
    protocol: protocolSpelling.toWire(protocol),
  })),
});

export const fromWireDockerInfo = (info: WireDockerInfo): DockerInfo => ({
  dockerImageName: info.docker_image_name,
  dockerVersion: info.docker_version,
  dockerImageSha: info.docker_image_sha,
  dockerImageSizeMib: info.docker_image_size,
  exposedPorts: info.exposed_ports?.map(({ port, protocol }) => ({
    port,
    protocol: protocolSpelling.fromWire(protocol),
  })),
});

/**
 * Undefined unless both hashes are known: CCM's clients refuse a whole build over a member that is missing here. The
 * two numbers are 0 where nobody gave them, as in an enclave that was signed without them.
 */
export function toWireEnclaveInfo({
  mrenclave,
  mrsigner,
  isvprodid,
  isvsvn,
}: EnclaveInfo): WireEnclaveInfo | undefined {
  if (mrenclave === undefined || mrsigner === undefined) return undefined;
  return { mrenclave, mrsigner, isvprodid: isvprodid ?? 0, isvsvn: isvsvn ?? 0 };
}

export const toWireAdvancedSettings = (settings: AdvancedSettings): WireAdvancedSettings => ({
  entrypoint: settings.entrypoint,
  encryptedDirs: settings.encryptedDirs,
  certificate: settings.certificate && certificate(settings.certificate),
  java_runtime: settings.javaRuntime && javaRuntimeSpelling.toWire(settings.javaRuntime),
  rw_dirs: settings.rwDirs,
  allowCmdlineArgs: settings.allowCmdlineArgs,
  manifestEnv: settings.manifestEnv,
  mutableEnv: settings.mutableEnv,
});

export const fromWireAdvancedSettings = (settings: WireAdvancedSettings): AdvancedSettings => ({
  entrypoint: settings.entrypoint,
  encryptedDirs: settings.encryptedDirs,
  certificate: settings.certificate && (certificate(settings.certificate) as CertificateConfig),
  javaRuntime: settings.java_runtime && javaRuntimeSpelling.fromWire(settings.java_runtime),
  rwDirs: settings.rw_dirs,
  allowCmdlineArgs: settings.allowCmdlineArgs,
  manifestEnv: settings.manifestEnv,
  mutableEnv: settings.mutableEnv,
});

/** The values of these two enums are spelled alike on both sides. */
type Certificate = Omit<WireCertificate, 'issuer' | 'keyType'> & {
  issuer?: `${CertificateIssuer}`;
  keyType?: `${CertificateKeyType}`;
};

const certificate = ({ issuer, subject, keyType, keyParam, keyPath, certPath }: Certificate): WireCertificate => ({
  ...{ issuer, subject, keyType, keyParam, keyPath, certPath },
});

export const toWireLaunchHint = (hint: LaunchHint): WireLaunchHint => ({
  azure_resource_template: hint.azureResourceTemplate,
});

export const fromWireLaunchHint = (hint: WireLaunchHint): LaunchHint => ({
  azureResourceTemplate: hint.azure_resource_template,
});

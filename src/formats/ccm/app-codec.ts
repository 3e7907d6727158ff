// Apps between CCM's wire and ours.
import type { App } from '../../apps/app.entity.js';
import type { AppChanges, CreateAppInput } from '../../apps/app.input.js';
import type { AppSigner, CertificatePolicy, DefaultBuildSettings } from '../../apps/app-settings.js';
import type { Deployment } from '../../deployments/deployment.entity.js';
import { withoutNulls } from '../../lib/json.js';
import { toWireAppNode } from './deployment-codec.js';
import { applyPatch } from './patch.js';
import { fromWireAdvancedSettings, toWireAdvancedSettings } from './settings-codec.js';
import { toSeconds } from './times.js';
import type {
  WireApp,
  WireAppRequest,
  WireAppUpdate,
  WireCertificatePolicy,
  WireDefaultBuildSettings,
  WireSigner,
} from './wire-apps.js';

/** @param deployments of its builds, where they were asked for */
export function toWireApp(app: App, deployments?: Deployment[]): WireApp {
  const { advancedSettings, certificatePolicy } = app;
  return withoutNulls({
    created_at: toSeconds(app.createdAt),
    updated_at: toSeconds(app.updatedAt),
    name: app.name,
    description: app.description ?? undefined,
    app_id: app.id,
    input_image_name: app.inputImageName,
    output_image_name: app.outputImageName,
    isvprodid: app.isvprodid,
    isvsvn: app.isvsvn,
    mem_size: app.memSizeMb,
    threads: app.threads,
    default_build_settings: toWireDefaults(app.defaultBuildSettings),
    allowed_domains: app.allowedDomains,
    whitelisted_domains: app.whitelistedDomains,
    nodes: deployments?.map((deployment) => toWireAppNode(deployment)),
    advanced_settings: advancedSettings ? toWireAdvancedSettings(advancedSettings) : undefined,
    pending_task_id: app.pendingTaskId ?? undefined,
    domains_added: app.domainsAdded,
    domains_removed: app.domainsRemoved,
    labels: app.labels,
    custom_metadata: app.customMetadata,
    certificate_policy: certificatePolicy ? toWirePolicy(certificatePolicy) : undefined,
    signers: app.signers.map(toWireSigner),
    marketplace_app_id: app.marketplaceAppId ?? undefined,
    group_id: app.groupId ?? undefined,
  });
}

export const fromWireAppRequest = (wire: WireAppRequest): CreateAppInput =>
  withoutNulls({ ...fieldsOf(wire), name: wire.name, labels: wire.labels, customMetadata: wire.custom_metadata });

/** @param app as it is now, which patches start from. Throws BAD_USER_INPUT for patches that do not apply. */
export const fromWireAppUpdate = (wire: WireAppUpdate, { labels, customMetadata }: App): AppChanges =>
  withoutNulls({
    ...fieldsOf(wire),
    labels: wire.labels && applyPatch(labels, wire.labels, 'labels'),
    customMetadata: wire.custom_metadata && applyPatch(customMetadata, wire.custom_metadata, 'custom_metadata'),
  });

function fieldsOf(wire: Omit<WireAppRequest, 'name' | 'labels' | 'custom_metadata'>): AppChanges {
  const { default_build_settings, advanced_settings, certificate_policy } = wire;
  return {
    description: wire.description,
    inputImageName: wire.input_image_name,
    outputImageName: wire.output_image_name,
    isvprodid: wire.isvprodid,
    isvsvn: wire.isvsvn,
    memSizeMb: wire.mem_size,
    threads: wire.threads,
    defaultBuildSettings: default_build_settings && fromWireDefaults(default_build_settings),
    allowedDomains: wire.allowed_domains,
    advancedSettings: advanced_settings && fromWireAdvancedSettings(advanced_settings),
    certificatePolicy: certificate_policy && fromWirePolicy(certificate_policy),
    signers: wire.signers?.map(fromWireSigner),
    groupId: wire.group_id,
  };
}

const toWireDefaults = ({ sgx, nitroEnclaves }: DefaultBuildSettings): WireDefaultBuildSettings => ({
  sgx: sgx && { isvprodid: sgx.isvprodid, mem_size: sgx.memSizeMb, threads: sgx.threads },
  nitro_enclaves: nitroEnclaves && {
    cpu_count: nitroEnclaves.cpuCount,
    mem_size: nitroEnclaves.memSizeMb,
    enable_overlay_filesystem_persistence: nitroEnclaves.enableOverlayFilesystemPersistence,
  },
});

const fromWireDefaults = ({ sgx, nitro_enclaves }: WireDefaultBuildSettings): DefaultBuildSettings => ({
  sgx: sgx && { isvprodid: sgx.isvprodid, memSizeMb: sgx.mem_size, threads: sgx.threads },
  nitroEnclaves: nitro_enclaves && {
    cpuCount: nitro_enclaves.cpu_count,
    memSizeMb: nitro_enclaves.mem_size,
    enableOverlayFilesystemPersistence: nitro_enclaves.enable_overlay_filesystem_persistence,
  },
});

const toWirePolicy = (policy: CertificatePolicy): WireCertificatePolicy => ({
  require_known_image: policy.requireKnownImage,
  require_known_signer: policy.requireKnownSigner,
  require_known_node: policy.requireKnownNode,
});

const fromWirePolicy = (policy: WireCertificatePolicy): CertificatePolicy => ({
  requireKnownImage: policy.require_known_image,
  requireKnownSigner: policy.require_known_signer,
  requireKnownNode: policy.require_known_node,
});

const toWireSigner = ({ sgx, nitroEnclave }: AppSigner): WireSigner => ({
  sgx: sgx && { mrsigner: sgx.mrsigner, isvprodid: sgx.isvprodid },
  nitro_enclave: nitroEnclave && { pcr8: nitroEnclave.pcr8 },
});

const fromWireSigner = ({ sgx, nitro_enclave }: WireSigner): AppSigner =>
  withoutNulls({
    sgx: sgx && { mrsigner: sgx.mrsigner, isvprodid: sgx.isvprodid },
    nitroEnclave: nitro_enclave && { pcr8: nitro_enclave.pcr8 },
  });

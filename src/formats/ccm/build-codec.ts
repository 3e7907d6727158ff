// Builds between CCM's wire and ours. Pure: the same mapping serves the routes and whoever imports from CCM.
import { BuildStatusType } from '../../builds/build-parts.js';
import type { Build } from '../../builds/build.entity.js';
import type { CreateBuildInput } from '../../builds/build.input.js';
import { withoutNulls } from '../../lib/json.js';
import { fromWireAttributes, toWireAttributes } from './attributes-codec.js';
import {
  fromWireAdvancedSettings,
  fromWireDockerInfo,
  fromWireLaunchHint,
  toWireAdvancedSettings,
  toWireDockerInfo,
  toWireEnclaveInfo,
  toWireLaunchHint,
} from './settings-codec.js';
import { toSeconds } from './times.js';
import type { WireBuild, WireCreateBuild } from './wire.js';

/** What is unknown or empty is left out. */
export function toWireBuild(build: Build): WireBuild {
  const { dockerInfo, enclaveInfo, advancedSettings, launchHint, attributes, configs } = build;
  const known = withoutNulls({
    build_id: build.id,
    docker_info: dockerInfo ? toWireDockerInfo(dockerInfo) : undefined,
    created_at: toSeconds(build.createdAt),
    updated_at: toSeconds(build.updatedAt),
    app_id: build.appId ?? undefined,
    app_name: build.appName ?? undefined,
    ...toWireReview(build),
    deployment_status: {
      status: build.deploymentStatusType,
      status_updated_at: toSeconds(build.deploymentStatusUpdatedAt),
    },
    enclave_info: enclaveInfo ? toWireEnclaveInfo(enclaveInfo) : undefined,
    attributes: attributes.length > 0 ? toWireAttributes(attributes) : undefined,
    app_description: build.appDescription ?? undefined,
    mem_size: build.memSizeMb ?? undefined,
    threads: build.threads ?? undefined,
    advanced_settings: advancedSettings ? toWireAdvancedSettings(advancedSettings) : undefined,
    build_name: build.name ?? undefined,
    marketplace_build_id: build.marketplaceBuildId ?? undefined,
    launch_hint: launchHint ? toWireLaunchHint(launchHint) : undefined,
    enable_overlay_filesystem_persistence: build.enableOverlayFilesystemPersistence ?? undefined,
    group_id: build.groupId ?? undefined,
  });
  // Kept as they came, nulls included.
  return Object.keys(configs).length > 0 ? { ...known, configs } : known;
}

/** CCM knows no build without a review: one that nobody asked for is pending, without a task to decide it. */
function toWireReview(build: Build): Pick<WireBuild, 'status' | 'pending_task_id'> {
  const { statusType, statusUpdatedAt, createdAt, pendingTaskId } = build;
  return {
    status: {
      status: statusType ?? BuildStatusType.PENDING,
      status_updated_at: toSeconds(statusUpdatedAt ?? createdAt),
    },
    pending_task_id: statusType ? (pendingTaskId ?? undefined) : undefined,
  };
}

export function fromWireCreateBuild(wire: WireCreateBuild): CreateBuildInput {
  const { docker_info, attributes, advanced_settings, launch_hint } = wire;
  return withoutNulls({
    appId: wire.app_id,
    appName: wire.app_name,
    dockerInfo: docker_info && fromWireDockerInfo(docker_info),
    mrenclave: wire.mrenclave,
    mrsigner: wire.mrsigner,
    isvprodid: wire.isvprodid,
    isvsvn: wire.isvsvn,
    memSizeMb: wire.mem_size,
    threads: wire.threads,
    attributes: attributes && fromWireAttributes(attributes),
    advancedSettings: advanced_settings && fromWireAdvancedSettings(advanced_settings),
    launchHint: launch_hint && fromWireLaunchHint(launch_hint),
    enableOverlayFilesystemPersistence: wire.enable_overlay_filesystem_persistence,
    groupId: wire.group_id,
  });
}

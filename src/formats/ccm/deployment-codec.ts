// Where builds run, on CCM's wire.
import type { Build } from '../../builds/build.entity.js';
import type { Deployment } from '../../deployments/deployment.entity.js';
import type { DeploymentNode } from '../../deployments/node.query.js';
import { toWireBuild } from './build-codec.js';
import { toSeconds } from './times.js';
import type { WireBuild } from './wire.js';
import type { WireAppNode, WireNode } from './wire-deployments.js';

/** @param build what runs there, where that is not clear already */
export function toWireAppNode(deployment: Deployment, build?: Build): WireAppNode {
  const { createdAt, nodeId, nodeName, status, statusUpdatedAt, attestedAt } = deployment;
  return {
    certificate: {},
    created_at: toSeconds(createdAt),
    node_id: nodeId,
    node_name: nodeName,
    status: {
      status,
      status_updated_at: toSeconds(statusUpdatedAt),
      ...(attestedAt && { attested_at: toSeconds(attestedAt) }),
    },
    ...(build && { build_info: summaryOf(build) }),
  };
}

export function toWireNode(accountId: string, node: DeploymentNode): WireNode {
  const { id, name, isRunning, statusUpdatedAt, createdAt, updatedAt, attestedAt, deployments } = node;
  return {
    name,
    acct_id: accountId,
    node_id: id,
    status: {
      status: isRunning ? 'RUNNING' : 'STOPPED',
      created_at: toSeconds(createdAt),
      status_updated_at: toSeconds(statusUpdatedAt),
      last_seen_at: toSeconds(updatedAt),
    },
    ...(attestedAt && { attested_at: toSeconds(attestedAt) }),
    apps: deployments.map((deployment) => toWireAppNode(deployment)),
    sgx_info: {},
  };
}

/** Without its large documents, which would stand in every item of a list. */
function summaryOf(build: Build): WireBuild {
  const { attributes: _attributes, configs: _configs, ...summary } = toWireBuild(build);
  delete summary.advanced_settings;
  delete summary.launch_hint;
  return summary;
}

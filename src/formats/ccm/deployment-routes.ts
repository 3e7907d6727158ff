// CCM's paths of where builds run, and one of our own, by which nodes report it.
import type { DeploymentState } from '../../deployments/deployment.entity.js';
import { withoutNulls } from '../../lib/json.js';
import { findBuild } from './build-routes.js';
import type { CcmServices } from './ccm-services.js';
import { toWireAppNode, toWireNode } from './deployment-codec.js';
import { idsOfFilter, sliceOf, toWireList } from './lists.js';
import type { WireSlice } from './lists.js';
import { operation, operationWithBody } from './operation.js';
import type { CcmOperation } from './operation.js';
import { fromSeconds } from './times.js';

type DeploymentServices = Pick<
  CcmServices,
  'inTransaction' | 'buildQuery' | 'deployments' | 'deploymentQuery' | 'nodes'
>;

interface DeploymentsQuery extends WireSlice {
  status?: DeploymentState;
  all_search?: string;
}

interface NodesQuery extends WireSlice {
  name?: string;
  description?: string;
  sgx_version?: string;
  attestation_type?: string;
  status?: string;
  all_search?: string;
  filter?: string;
}

const SORT_KEYS = { created_at: 'CREATED_AT', node_name: 'NODE_NAME', status: 'STATUS' } as const;
const NODE_SORT_KEYS = { name: 'NAME', created_at: 'CREATED_AT' } as const;

export function deploymentRoutes(services: DeploymentServices): CcmOperation[] {
  const { inTransaction, buildQuery, deployments, deploymentQuery, nodes } = services;
  return [
    operation<DeploymentsQuery>('getBuildDeployments', async ({ principal: { accountId }, path, query }) => {
      const build = await findBuild(buildQuery, accountId, path.buildId!);
      const slice = sliceOf(query, SORT_KEYS);
      const wanted = { ...slice, status: query.status, text: query.all_search };
      const page = await deploymentQuery.listByOffset(accountId, build.id, wanted);
      return { status: 200, body: toWireList(page, slice, (deployment) => toWireAppNode(deployment, build)) };
    }),
    operationWithBody('reportDeployment', 'ReportDeploymentRequest', async ({ principal, path, body }) => {
      const input = withoutNulls({
        buildId: path.buildId!,
        nodeId: body.node_id,
        nodeName: body.node_name,
        status: body.status as DeploymentState,
        attestedAt: body.attested_at === undefined ? undefined : fromSeconds(body.attested_at),
      });
      const reported = await inTransaction((tx) => deployments.report(tx, principal, input));
      const build = await findBuild(buildQuery, principal.accountId, reported.buildId);
      return { status: 200, body: toWireAppNode(reported, build) };
    }),
    operation<NodesQuery>('getAllNodes', async ({ principal: { accountId }, query }) => {
      const slice = sliceOf(query, NODE_SORT_KEYS);
      const { name, all_search: text, status } = query;
      const isRunning = status === undefined ? undefined : status === 'RUNNING';
      const ids = hasUnknown(query) ? [] : idsOfFilter(query.filter, 'nodes');
      const wanted = { ...slice, name, text, ids, isRunning };
      const page = await nodes.listByOffset(accountId, wanted);
      return { status: 200, body: toWireList(page, slice, (node) => toWireNode(accountId, node)) };
    }),
    operation('getNode', async ({ principal: { accountId }, path }) => ({
      status: 200,
      body: toWireNode(accountId, await nodes.get(accountId, path.nodeId!)),
    })),
  ];
}

/** Whether a node is asked for by what is not known of any here. */
const hasUnknown = ({ description, sgx_version, attestation_type, status = 'RUNNING' }: NodesQuery): boolean =>
  [description, sgx_version, attestation_type].some(Boolean) || !['RUNNING', 'STOPPED'].includes(status);

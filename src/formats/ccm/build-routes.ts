// CCM's paths of builds.
import type { Build } from '../../builds/build.entity.js';
import type { BuildStatusType, DeploymentStatusType } from '../../builds/build-parts.js';
import { notFound } from '../../lib/errors.js';
import { fromWireCreateBuild, toWireBuild } from './build-codec.js';
import type { CcmServices } from './ccm-services.js';
import { NEWEST_FIRST, idsOfFilter, sliceOf, toWireList } from './lists.js';
import type { WireSlice } from './lists.js';
import { operation, operationWithBody } from './operation.js';
import type { CcmOperation } from './operation.js';

type BuildServices = Pick<CcmServices, 'inTransaction' | 'builds' | 'buildQuery' | 'deleteBuild'>;

interface ListQuery extends WireSlice {
  all_search?: string;
  docker_image_name?: string;
  config_id?: string;
  deployed_status?: DeploymentStatusType;
  status?: BuildStatusType;
  filter?: string;
}

const SORT_KEYS = {
  created_at: 'createdAt',
  updated_at: 'updatedAt',
  build_name: 'sortName',
  docker_image_name: 'dockerImageName',
  app_name: 'appName',
  status: 'statusType',
  deployment_status: 'deploymentStatusType',
} as const;

export function buildRoutes({ inTransaction, builds, buildQuery, deleteBuild }: BuildServices): CcmOperation[] {
  const answer = async (accountId: string, id: string) => ({
    status: 200,
    body: toWireBuild(await findBuild(buildQuery, accountId, id)),
  });
  return [
    operation<ListQuery>('getAllBuilds', async ({ principal, query }) => {
      const slice = sliceOf(query, SORT_KEYS, NEWEST_FIRST);
      const { all_search: text, docker_image_name: dockerImageName, config_id: configId } = query;
      const { deployed_status: deploymentStatus, status, filter } = query;
      const wanted = { text, dockerImageName, configId, deploymentStatus, status };
      const groupIds = idsOfFilter(filter, 'groups');
      const page = await buildQuery.listByOffset(principal.accountId, { ...slice, ...wanted, groupIds });
      return { status: 200, body: toWireList(page, slice, toWireBuild) };
    }),
    operationWithBody('createBuild', 'CreateBuildRequest', async ({ principal, body }) => {
      const { accountId, id } = await inTransaction((tx) => builds.create(tx, principal, fromWireCreateBuild(body)));
      // Read again, so that POST and GET answer the same document.
      return answer(accountId, id);
    }),
    operation('getBuild', ({ principal, path }) => answer(principal.accountId, path.buildId!)),
    operationWithBody('updateBuild', 'BuildUpdateRequest', async ({ principal, path, body: { configs } }) => {
      const { accountId, id } = await inTransaction((tx) => builds.update(tx, principal, path.buildId!, { configs }));
      return answer(accountId, id);
    }),
    operation('deleteBuild', async ({ principal, path }) => {
      await inTransaction((tx) => deleteBuild.delete(tx, principal, path.buildId!));
      return { status: 204 };
    }),
  ];
}

/** Throws NOT_FOUND. */
export async function findBuild(query: CcmServices['buildQuery'], accountId: string, id: string): Promise<Build> {
  const [build] = await query.byIds(accountId, [id]);
  if (!build) throw notFound('build', id);
  return build;
}

// CCM's paths of builds.
import type { Build } from '../../builds/build.entity.js';
import type { Principal } from '../../auth/principal.js';
import { notFound } from '../../lib/errors.js';
import { isUuid } from '../../lib/ids.js';
import type { Route } from '../../lib/route.js';
import type { ReadBody } from './body.js';
import { fromWireCreateBuild, toWireBuild } from './build-codec.js';
import { CcmError } from './ccm-errors.js';
import type { CcmServices } from './ccm-services.js';

type BuildServices = Pick<CcmServices, 'inTransaction' | 'builds' | 'buildQuery'>;

export function buildRoutes(services: BuildServices, readBody: ReadBody): Route<Principal>[] {
  const { inTransaction, builds, buildQuery } = services;
  return [
    {
      method: 'POST',
      path: '/v1/builds',
      access: 'WRITER',
      async handle({ body, principal }) {
        const input = fromWireCreateBuild(readBody('CreateBuildRequest', body));
        const { accountId, id } = await inTransaction((tx) => builds.create(tx, principal!, input));
        // Read again, so that POST and GET answer the same document.
        return { status: 200, body: toWireBuild(await findBuild(buildQuery, accountId, id)) };
      },
    },
    {
      method: 'GET',
      path: '/v1/builds/:id',
      access: 'READER',
      async handle({ params, principal }) {
        const id = buildId(params.id ?? '');
        return { status: 200, body: toWireBuild(await findBuild(buildQuery, principal!.accountId, id)) };
      },
    },
  ];
}

/** Throws NOT_FOUND. */
export async function findBuild(query: CcmServices['buildQuery'], accountId: string, id: string): Promise<Build> {
  const [build] = await query.byIds(accountId, [id]);
  if (!build) throw notFound('build', id);
  return build;
}

function buildId(text: string): string {
  if (isUuid(text)) return text.toLowerCase();
  throw new CcmError('BAD_USER_INPUT', 'INVALID_PATH_PARAMETER', 'The id of a build must be a UUID.');
}

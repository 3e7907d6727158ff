// The finished EIF as a download, for hosts that have nitro-cli and no docker.
import type { Principal } from '../auth/principal.js';
import type { BuildQuery } from '../builds/build.query.js';
import { CatalogError, notFound } from '../lib/errors.js';
import type { Route, RouteGroup, RouteRequest, RouteResponse } from '../lib/route.js';
import { answerContent, unsatisfiable } from '../oci/ranged-content.js';
import type { EifFiles } from './eif-file.js';

export const eifPath = (buildId: string): string => `/builds/${buildId}/eif`;

export function eifRoutes<Caller>(builds: Pick<BuildQuery, 'byIds'>, eifs: EifFiles): RouteGroup<Principal, Caller> {
  const handle = async (request: RouteRequest<Principal, Caller>): Promise<RouteResponse> => {
    const id = request.params.id ?? '';
    const ids = /^[\w-]{1,64}$/.test(id) ? [id.toLowerCase()] : [];
    const [build] = await builds.byIds(request.principal!.accountId, ids);
    if (!build) throw notFound('build', id);
    const eif = await eifs.findOne(build);
    if (!eif) throw new CatalogError('NOT_FOUND', 'The image of this build is not in the store, or holds no EIF.');
    const { repository, layer, offset, size, sha256 } = eif;
    const headers = {
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="${eif.fileName}"`,
      // RFC 9530: of the whole file, also where a part of it is sent.
      ...(sha256 !== undefined && { 'repr-digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:` }),
    };
    const open = ({ start, end }: { start: number; end: number }) =>
      repository.openRange(layer.digest, { start: offset + start, end: offset + end });
    const answer = await answerContent(request, { etag: layer.digest, size, headers, open });
    return answer ?? { status: 416, headers: unsatisfiable(size), body: NO_SUCH_BYTES };
  };
  const route = (method: 'GET' | 'HEAD'): Route<Principal, Caller> => ({
    ...{ method, path: eifPath(':id'), access: 'READER', handle },
  });
  return { name: 'eif', acceptsBasic: true, routes: [route('GET'), route('HEAD')], errorResponse };
}

const NO_SUCH_BYTES = { message: 'The EIF has no such bytes.', code: 'RANGE_NOT_SATISFIABLE' };

function errorResponse(error: unknown, requestId: string): RouteResponse {
  if (!(error instanceof CatalogError)) {
    const message = `The gateway failed; the request is ${requestId} in its log.`;
    return { status: 500, body: { message, code: 'INTERNAL_SERVER_ERROR' } };
  }
  const { status, message, code } = error;
  const headers = status === 401 ? { 'www-authenticate': 'Basic realm="build-catalog"' } : undefined;
  return { status, headers, body: { message, code } };
}

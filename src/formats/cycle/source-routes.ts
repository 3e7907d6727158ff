// Cycle's paths of image sources.
import type { ImageSource } from '../../image-sources/image-source.entity.js';
import type { Principal } from '../../auth/principal.js';
import { CatalogError } from '../../lib/errors.js';
import type { FormatRequest } from '../format-request.js';
import { toCreatorInclude } from './creators.js';
import { absent } from './cycle-errors.js';
import type { CycleServices } from './cycle-services.js';
import { cycleOperation, operationWithBody } from './operation.js';
import type { CycleOperation } from './operation.js';
import { listIn, sliceOf } from './query.js';
import type { CycleQuery } from './query.js';
import { fromWireCreate, fromWireUpdate, toImagesCount, toWireSource } from './source-codec.js';
import type { ImageSourceChanges } from '../../image-sources/image-source.service.js';

const FIELDS = {
  id: 'id',
  name: 'name',
  identifier: 'identifier',
  state: 'state',
  created: 'created',
  'events.created': 'created',
  updated: 'updated',
  'events.updated': 'updated',
} as const;

export function sourceRoutes(services: CycleServices): CycleOperation[] {
  const { inTransaction, imageSources, imageSourceQuery, accounts } = services;
  const answer = async (status: number, source: ImageSource) => {
    return { status, body: { data: toWireSource(source, await accounts.hubIdOf(source.accountId)) } };
  };
  const update = async (principal: Principal, id: string, changes: ImageSourceChanges) => {
    const work = inTransaction((tx) => imageSources.update(tx, principal, id, changes));
    return answer(200, await work.catch((error: unknown) => asAbsent(error, id)));
  };
  return [
    cycleOperation('getImageSources', async (request) => {
      const { principal, query } = request;
      const items = await imageSourceQuery.list(principal.accountId, {
        ...sliceOf(query, FIELDS, 'id'),
        identifiers: listIn(query, 'identifier'),
        // What is deleted is gone from here.
        states: listIn(query, 'state') ?? ['live'],
        text: query.filter?.search,
      });
      return sourcesAnswer(services, request, items, (data) => data);
    }),
    operationWithBody('createImageSource', 'CreateImageSourceRequest', async ({ principal, body }) =>
      answer(201, await inTransaction((tx) => imageSources.create(tx, principal, fromWireCreate(body)))),
    ),
    cycleOperation('getImageSource', async (request) => {
      const id = request.path.sourceId!;
      const [source] = await imageSourceQuery.byIds(request.principal.accountId, [id.toLowerCase()]);
      if (!source) throw absent('404.image.source', id);
      return sourcesAnswer(services, request, [source], ([data]) => data!);
    }),
    operationWithBody('updateImageSource', 'UpdateImageSourceRequest', ({ principal, path, body }) =>
      update(principal, path.sourceId!, fromWireUpdate(body)),
    ),
    operationWithBody('updateImageSourceAccess', 'UpdateImageSourceAccessRequest', ({ principal, path, body }) =>
      update(principal, path.sourceId!, { acl: body.acl ?? null }),
    ),
  ];
}

async function sourcesAnswer(
  { originQuery, accounts }: CycleServices,
  { principal: { accountId }, query }: FormatRequest<CycleQuery, undefined>,
  sources: ImageSource[],
  shape: (data: object[]) => object,
) {
  const hubId = await accounts.hubIdOf(accountId);
  const ids = sources.map(({ id }) => id);
  const isCounting = query.meta?.includes('images_count') && ids.length > 0;
  const counts = isCounting ? await originQuery.countStates(accountId, 'CYCLE', ids) : [];
  const metaOf = ({ id }: ImageSource) =>
    isCounting ? { images_count: toImagesCount(counts.filter(({ groupKey }) => groupKey === id)) } : undefined;
  const data = shape(sources.map((source) => toWireSource(source, hubId, metaOf(source))));
  if (!query.include?.length) return { status: 200, body: { data } };
  const wanted = {
    creators: () =>
      toCreatorInclude(
        sources.map(({ creator }) => creator),
        hubId,
      ),
    integrations: () => ({}),
  };
  return { status: 200, body: { data, includes: includesOf(query.include, wanted) } };
}

/** What of the includes is asked for; unknown ones are passed over. */
export const includesOf = (asked: string[], known: Record<string, () => object>): object =>
  Object.fromEntries(asked.filter((name) => Object.hasOwn(known, name)).map((name) => [name, known[name]!()]));

function asAbsent(error: unknown, id: string): never {
  if (error instanceof CatalogError && error.code === 'NOT_FOUND') throw absent('404.image.source', id);
  throw error;
}

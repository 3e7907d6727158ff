// Cycle's paths of images.
import type { Origin } from '../../builds/origin.entity.js';
import type { OriginListing } from '../../builds/origin.query.js';
import type { FormatRequest } from '../format-request.js';
import { absent } from './cycle-errors.js';
import type { CycleServices } from './cycle-services.js';
import { buildLogOf } from './build-log.js';
import { imagesAnswer } from './image-answers.js';
import { cycleOperation, operationWithBody } from './operation.js';
import type { CycleOperation } from './operation.js';
import { listIn, sliceOf } from './query.js';
import type { CycleQuery } from './query.js';

const FIELDS = {
  id: 'externalId',
  name: 'name',
  state: 'state',
  'state.current': 'state',
  created: 'externalCreatedAt',
  'events.created': 'externalCreatedAt',
  updated: 'updatedAt',
  'events.updated': 'updatedAt',
} as const;
const GONE = ['deleting', 'deleted'];

export function imageRoutes(services: CycleServices): CycleOperation[] {
  const { inTransaction, cycleImages, accounts } = services;
  return [
    cycleOperation('getImages', async (request) => {
      const items = await services.originQuery.list(request.principal.accountId, await listingOf(services, request));
      return imagesAnswer(services, request, items, (data) => data);
    }),
    operationWithBody('createImage', 'CreateImageRequest', async ({ principal, body }) => {
      const hubId = await accounts.hubIdOf(principal.accountId);
      const { source_id: sourceId, name, build, override } = body;
      const given = { hubId, sourceId, name, build, override };
      const { document } = await inTransaction((tx) => cycleImages.create(tx, principal, given));
      return { status: 201, body: { data: document } };
    }),
    cycleOperation('getImage', async (request) => {
      const origin = await findImage(services, request.principal.accountId, request.path.imageId!);
      return imagesAnswer(services, request, [origin], ([data]) => data!);
    }),
    operationWithBody('updateImage', 'UpdateImageRequest', async ({ principal, path, body }) => {
      const { document } = await inTransaction((tx) => cycleImages.rename(tx, principal, path.imageId!, body.name));
      return { status: 200, body: { data: document } };
    }),
    cycleOperation('getImageBuildLog', async ({ principal: { accountId }, path }) => {
      const origin = await findImage(services, accountId, path.imageId!);
      const data = await buildLogOf(services, origin);
      if (!data) throw absent('404.image.build-log', path.imageId!);
      return { status: 200, body: { data } };
    }),
  ];
}

/** Throws 404.image. */
async function findImage({ originQuery }: CycleServices, accountId: string, id: string): Promise<Origin> {
  // Ids of ours are in lower case; others may be in any.
  const found = await originQuery.byExternalIds(accountId, 'CYCLE', [...new Set([id, id.toLowerCase()])]);
  const origin = found.find(({ externalId }) => externalId === id) ?? found[0];
  if (!origin) throw absent('404.image', id);
  return origin;
}

async function listingOf(
  { imageSourceQuery }: CycleServices,
  { principal: { accountId }, query }: FormatRequest<CycleQuery, undefined>,
): Promise<OriginListing> {
  const states = listIn(query, 'state');
  const identifiers = listIn(query, 'identifier');
  const types = listIn(query, 'source_type');
  const sourceIds = listIn(query, 'source_id');
  const ofIdentifiers = identifiers && (await imageSourceQuery.idsOf(accountId, identifiers));
  const both = ofIdentifiers && sourceIds ? ofIdentifiers.filter((id) => sourceIds.includes(id)) : undefined;
  return {
    ...sliceOf(query, FIELDS, 'externalId'),
    kind: 'CYCLE',
    ...(states ? { states } : { withoutStates: GONE }),
    groupKeys: both ?? ofIdentifiers ?? sourceIds,
    text: query.filter?.search,
    ...(types && { member: { behind: 'source', name: 'type', values: types } }),
  };
}

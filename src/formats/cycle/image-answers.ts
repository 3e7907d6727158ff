// Images as they are answered: the documents that are kept, with what is asked for beside them.
import type { Origin } from '../../builds/origin.entity.js';
import type { BuildStateCount } from '../../deployments/deployment.query.js';
import { DeploymentState } from '../../deployments/deployment.entity.js';
import type { Actor } from '../../events/catalog-log.entity.js';
import type { ImageSource } from '../../image-sources/image-source.entity.js';
import type { FormatRequest } from '../format-request.js';
import { toCreatorInclude } from './creators.js';
import type { CycleServices } from './cycle-services.js';
import { objectOf } from './origin-codec.js';
import type { CycleQuery } from './query.js';
import { toWireSource } from './source-codec.js';
import { includesOf } from './source-routes.js';

export async function imagesAnswer(
  services: CycleServices,
  { principal: { accountId }, query }: FormatRequest<CycleQuery, undefined>,
  origins: Origin[],
  shape: (data: object[]) => object,
) {
  const { include = [], meta = [] } = query;
  const data = shape(
    meta.includes('containers_count') ? await counted(services, accountId, origins) : origins.map(documentOf),
  );
  if (include.length === 0) return { status: 200, body: { data } };
  const hubId = await services.accounts.hubIdOf(accountId);
  const sources = include.includes('sources') ? await sourcesOf(services, accountId, origins) : [];
  const includes = includesOf(include, {
    creators: () => creatorsOf(origins, hubId),
    sources: () => ({ ...importedSources(origins), ...byId(sources, hubId) }),
    ...{ stack_builds: () => ({}), stacks: () => ({}), integrations: () => ({}) },
  });
  return { status: 200, body: { data, includes: { ...includes, ...identifiersOf(sources) } } };
}

const documentOf = ({ document }: Origin): object => document;

/** Containers are what nodes report here: they run, or ran. */
async function counted({ deploymentQuery }: CycleServices, accountId: string, origins: Origin[]): Promise<object[]> {
  const ids = origins.map(({ id }) => id);
  const counts = ids.length > 0 ? await deploymentQuery.countStates(accountId, ids) : [];
  return origins.map(({ id, document }) => {
    const own = counts.filter(({ buildId }) => buildId === id);
    return { ...document, meta: { ...objectOf(document.meta), containers_count: toSummary(own) } };
  });
}

function toSummary(counts: BuildStateCount[]): object {
  const of = (wanted: DeploymentState) => counts.find(({ status }) => status === wanted)?.count ?? 0;
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  const state = {
    ...{ new: 0, starting: 0, running: of(DeploymentState.RUNNING), stopping: 0 },
    ...{ stopped: total - of(DeploymentState.RUNNING), reimaging: 0, deleting: 0, deleted: 0 },
  };
  return { state, total, available: total };
}

function sourcesOf({ imageSourceQuery }: CycleServices, accountId: string, origins: Origin[]): Promise<ImageSource[]> {
  const ids = [...new Set(origins.map(({ groupKey }) => groupKey).filter((id) => id !== ''))];
  return ids.length > 0 ? imageSourceQuery.byIds(accountId, ids) : Promise.resolve([]);
}

const byId = (sources: ImageSource[], hubId: string) =>
  Object.fromEntries(sources.map((source) => [source.id, toWireSource(source, hubId)]));

/** What an import kept of them. */
const importedSources = (origins: Origin[]) =>
  Object.fromEntries(
    origins.flatMap(({ related, groupKey }) =>
      related.source !== undefined && groupKey !== '' ? [[groupKey, related.source] as const] : [],
    ),
  );

function identifiersOf(sources: ImageSource[]): object {
  if (sources.length === 0) return {};
  const found: Record<string, string[]> = {};
  for (const { identifier, id } of sources) (found[identifier] ??= []).push(id);
  return { 'sources:identifiers': found };
}

/** Of images made here an actor is kept; of imported ones the vendor's own document, which tells no more of it here. */
const creatorsOf = (origins: Origin[], hubId: string) =>
  toCreatorInclude(
    origins.map(({ related }) => related.creator as Actor | undefined).filter((creator) => isActor(creator)),
    hubId,
  );

const isActor = (value: Actor | undefined): value is Actor =>
  value !== undefined && ['USER', 'TOKEN', 'SYSTEM'].includes(value.type) && typeof value.name === 'string';

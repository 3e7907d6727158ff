// Lists of images: of their versions, and of the builds of those.
import type { Origin } from '../../builds/origin.entity.js';
import type { OriginSelection } from '../../builds/origin-groups.query.js';
import { withoutUndefined } from '../../lib/json.js';
import { compareVersions, findImageArn, parseImageArn } from './arn.js';
import { ImageBuilderError, invalidRequest } from './image-builder-errors.js';
import type { ImageBuilderServices } from './image-builder-services.js';
import { passes, toImageSummary, toImageVersion } from './list-codec.js';
import { fromNextToken, listOf, toNextToken } from './next-token.js';
import type { WireFilter, WireListImageBuildVersions, WireListImages } from './wire.js';

type Groups = Pick<ImageBuilderServices, 'originGroups'>;

const MAX_PAGE = 25;
const MAX_KEYS = 100_000;
const NOT_DEPRECATED = { statesNot: ['DEPRECATED', 'DISABLED'] };
/** What stands in an ARN in the place of an account, for owners that are none. */
const VENDORS = ['aws', 'aws-marketplace', 'third-party'].map(ownedBy);

/** Undefined: the catalog has no such images. */
const OWNERS: Record<NonNullable<WireListImages['owner']>, Partial<OriginSelection> | undefined> = {
  Self: { groupHasNot: VENDORS },
  Amazon: { groupHas: [ownedBy('aws')] },
  AWSMarketplace: { groupHas: [ownedBy('aws-marketplace')] },
  ThirdParty: { groupHas: [ownedBy('third-party')] },
  Shared: undefined,
};

function ownedBy(owner: string): string {
  return `:${owner}:image/`;
}

/** Throws InvalidPaginationTokenException and InvalidParameterCombinationException. */
export async function listImages({ originGroups }: Groups, accountId: string, request: WireListImages) {
  const { owner = 'Self', filters = [], byName = false, includeDeprecated = false } = request;
  if (byName && filters.some(({ name }) => name === 'version')) throw byNameAndVersion();
  const list = listOf('ListImages', accountId, request);
  const limit = request.maxResults ?? MAX_PAGE;
  const after = fromNextToken(list, request.nextToken)?.[0] ?? '';
  const ofOwner = OWNERS[owner];
  if (!ofOwner) return { imageVersionList: [] };
  const selection = { ...selectionOf(filters), ...ofOwner, ...(includeDeprecated ? {} : NOT_DEPRECATED) };
  const keysAfter = byName
    ? latestOfNames(await originGroups.listKeys(accountId, selection, '', MAX_KEYS))
    : (key: string) => originGroups.listKeys(accountId, selection, key, limit + 1);
  const found: Origin[] = [];
  for (let last = after; found.length <= limit;) {
    const keys = await keysAfter(last, limit + 1);
    if (keys.length === 0) break;
    last = keys.at(-1)!;
    const latest = await originGroups.latestOf(accountId, selection, keys);
    found.push(...latest.filter((origin) => passes(origin, filters)));
  }
  const page = found.slice(0, limit);
  const nextToken = found.length > limit ? toNextToken(list, [page.at(-1)!.groupKey]) : undefined;
  return withoutUndefined({ imageVersionList: page.map(toImageVersion), nextToken });
}

/** Of all versions of one name the latest alone, ascending. */
function latestOfNames(keys: string[]) {
  const latest = new Map<string, { text: string; arn: ReturnType<typeof findImageArn> }>();
  for (const text of keys) {
    const arn = findImageArn(text);
    const before = latest.get(arn?.prefix ?? text)?.arn;
    if (!arn || !before || compareVersions(before, arn) < 0) latest.set(arn?.prefix ?? text, { text, arn });
  }
  const names = [...latest.values()].map(({ text }) => text).sort();
  return (after: string, limit: number) => Promise.resolve(names.filter((key) => key > after).slice(0, limit));
}

/** Throws InvalidPaginationTokenException, and InvalidRequestException for what is no ARN of a version. */
export async function listBuildVersions(
  { originGroups }: Groups,
  accountId: string,
  request: WireListImageBuildVersions,
) {
  const { imageVersionArn, filters = [] } = request;
  if (imageVersionArn !== undefined) checkVersionArn(imageVersionArn);
  const list = listOf('ListImageBuildVersions', accountId, request);
  const limit = request.maxResults ?? MAX_PAGE;
  const [groupKey, externalId] = fromNextToken(list, request.nextToken) ?? [];
  const selection = { ...selectionOf(filters), ...(imageVersionArn !== undefined && { groupKeys: [imageVersionArn] }) };
  const found: Origin[] = [];
  let after = groupKey !== undefined && externalId !== undefined ? { groupKey, externalId } : undefined;
  while (found.length <= limit) {
    const origins = await originGroups.list(accountId, selection, after, limit + 1);
    if (origins.length === 0) break;
    after = origins.at(-1);
    found.push(...origins.filter((origin) => passes(origin, filters)));
  }
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const nextToken = last && found.length > limit ? toNextToken(list, [last.groupKey, last.externalId]) : undefined;
  return withoutUndefined({ imageSummaryList: page.map(toImageSummary), nextToken });
}

function checkVersionArn(text: string): void {
  const { build, isWildcard } = parseImageArn(text);
  if (build !== undefined || isWildcard)
    throw invalidRequest('`imageVersionArn` must be the ARN of a version of an image, without build number and x.');
}

/** What the database can leave out; more than that is left out by `passes`. */
function selectionOf(filters: WireFilter[]): OriginSelection {
  const versions = filters.find(({ name }) => name === 'version')?.values;
  const documentHas = filters
    .filter(({ name }) => name !== 'version')
    .map(({ name, values }) => values.map((value) => `${JSON.stringify(name)}:${JSON.stringify(value)}`));
  return { kind: 'IMAGE_BUILDER', documentHas, ...(versions && { groupEnds: versions.map((text) => `/${text}`) }) };
}

const byNameAndVersion = () =>
  new ImageBuilderError(
    'InvalidParameterCombinationException',
    "The value supplied for parameter 'filters' is not valid. You cannot list Images by name and filter by version in the same request.",
  );

// Finds the image that an ARN means, whatever AWS account stands in it, among those of one account of the gateway.
import type { Origin } from '../../builds/origin.entity.js';
import { compareVersions, findImageArn, isVersionOf, parseImageArn } from './arn.js';
import type { ImageArn } from './arn.js';
import { ImageBuilderError, invalidRequest } from './image-builder-errors.js';
import type { ImageBuilderServices } from './image-builder-services.js';

type Queries = Pick<ImageBuilderServices, 'originQuery' | 'originGroups'>;

const KIND = 'IMAGE_BUILDER';

/**
 * By the ARN of a build whatever its state, by that of a version the latest build that is AVAILABLE. Throws
 * ResourceNotFoundException, and InvalidRequestException for what is no ARN of an image.
 */
export async function findImage(queries: Queries, accountId: string, text: string): Promise<Origin> {
  const arn = parseImageArn(text);
  const externalId = arn.build === undefined ? await latestAvailable(queries, accountId, arn) : text;
  if (externalId === undefined) throw imageNotFound(text);
  return findBuildOfImage(queries, accountId, externalId);
}

/** By the ARN of a build alone; throws the same. */
export function getBuildOfImage(queries: Queries, accountId: string, text: string): Promise<Origin> {
  if (parseImageArn(text).build === undefined)
    throw invalidRequest('This needs the ARN of a build of an image, with its build number.');
  return findBuildOfImage(queries, accountId, text);
}

async function findBuildOfImage({ originQuery }: Queries, accountId: string, externalId: string): Promise<Origin> {
  const [origin] = await originQuery.byExternalIds(accountId, KIND, [externalId]);
  if (!origin || origin.goneAt !== null) throw imageNotFound(externalId);
  return origin;
}

async function latestAvailable({ originGroups }: Queries, accountId: string, arn: ImageArn) {
  const { text, prefix, version, isWildcard } = arn;
  const groups = isWildcard ? { groupBegins: prefix } : { groupKeys: [text] };
  const ids = await originGroups.listExternalIds(accountId, { kind: KIND, states: ['AVAILABLE'], ...groups });
  const fitting = ids.flatMap((id) => {
    const found = findImageArn(id);
    return found && isVersionOf(found.version, version) ? [found] : [];
  });
  return fitting.sort(compareVersions).at(-1)?.text;
}

export const imageNotFound = (arn: string) =>
  new ImageBuilderError('ResourceNotFoundException', `The image ${arn} could not be found.`);

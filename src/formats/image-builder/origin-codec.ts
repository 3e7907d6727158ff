// From what GetImage answers to what the catalog shows of it. Pure: the same mapping serves the import from AWS and
// images that are registered here. Members that are unknown or of another type than they should be are passed over.
import type { BuildDraft } from '../../builds/build-draft.js';
import { BuildPhase } from '../../builds/build-parts.js';
import type { DockerInfo } from '../../builds/docker-info.js';
import type { VendorDocument } from '../../builds/origin.entity.js';
import type { OriginDraft } from '../../builds/origin.service.js';
import { badInput } from '../../lib/errors.js';
import { parseReference } from '../../oci/reference.js';
import { versionArnOf } from './arn.js';
import { objectIn } from '../document-value.js';
import { listIn, textIn } from './wire.js';
import type { WireObject } from './wire.js';

/** By Image Builder's words for the state of an image. */
const PHASES: Record<string, BuildPhase> = {
  PENDING: BuildPhase.PENDING,
  CREATING: BuildPhase.BUILDING,
  BUILDING: BuildPhase.BUILDING,
  TESTING: BuildPhase.TESTING,
  DISTRIBUTING: BuildPhase.DISTRIBUTING,
  INTEGRATING: BuildPhase.DISTRIBUTING,
  AVAILABLE: BuildPhase.AVAILABLE,
  DEPRECATED: BuildPhase.DEPRECATED,
  DISABLED: BuildPhase.DEPRECATED,
  FAILED: BuildPhase.FAILED,
  CANCELLED: BuildPhase.CANCELLED,
  DELETED: BuildPhase.DELETED,
};

/** @param document what GetImage answers, or its `image` alone. Throws BAD_USER_INPUT where that has no ARN. */
export function toOriginDraft(document: VendorDocument): Omit<OriginDraft, 'sourceKey' | 'listHash'> {
  const image = imageOf(document);
  const externalId = textIn(image.arn);
  if (externalId === undefined) throw badInput('The image has no `arn`.', 'document');
  const state = stateOf(image);
  const externalCreatedAt = timeOf(image.dateCreated);
  return {
    kind: 'IMAGE_BUILDER',
    externalId,
    groupKey: versionArnOf(externalId),
    state,
    document,
    passing: ['requestId'],
    build: toBuildDraft(image, state),
    ...(externalCreatedAt && { externalCreatedAt }),
  };
}

/** The image in the answer of GetImage, or the document itself. */
export const imageOf = (document: VendorDocument): WireObject => objectIn(document.image) ?? document;

/** Empty where it has none. */
export const stateOf = (image: WireObject): string => textIn(objectIn(image.state)?.status) ?? '';

function toBuildDraft(image: WireObject, state: string): BuildDraft {
  return {
    name: textIn(image.name) ?? null,
    version: textIn(image.version) ?? null,
    phase: Object.hasOwn(PHASES, state) ? PHASES[state]! : BuildPhase.UNKNOWN,
    dockerInfo: dockerInfoOf(image) ?? null,
  };
}

/** Of the first container image that came out and has a name that can be pulled by. */
function dockerInfoOf(image: WireObject): DockerInfo | undefined {
  const containers = listIn(objectIn(image.outputResources)?.containers);
  const uris = containers.flatMap((container) => listIn(objectIn(container)?.imageUris));
  for (const uri of uris) {
    const info = typeof uri === 'string' ? findDockerInfo(uri) : undefined;
    if (info) return info;
  }
  return undefined;
}

function findDockerInfo(uri: string): DockerInfo | undefined {
  try {
    const { host, repository, tag, digest } = parseReference(uri);
    const name = host === 'docker.io' ? repository : `${host}/${repository}`;
    return { dockerImageName: name, dockerVersion: tag ?? digest ?? '' };
  } catch {
    return undefined;
  }
}

function timeOf(value: unknown): Date | undefined {
  const time = new Date(textIn(value) ?? Number.NaN);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

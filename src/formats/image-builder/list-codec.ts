// Images in lists: less than the document that GetImage answers, with the owner that it does not tell. Pure.
import type { Origin } from '../../builds/origin.entity.js';
import { withoutUndefined } from '../../lib/json.js';
import { findImageArn } from './arn.js';
import { imageOf } from './origin-codec.js';
import type { FilterName, WireFilter, WireObject } from './wire.js';

const OF_VERSION = ['name', 'type', 'platform', 'osVersion', 'dateCreated', 'buildType', 'imageSource'];
const OF_BUILD = [
  ...['arn', 'name', 'type', 'version', 'platform', 'osVersion', 'state', 'dateCreated', 'outputResources', 'tags'],
  ...['buildType', 'imageSource', 'deprecationTime', 'lifecycleExecutionId', 'loggingConfiguration'],
];

/** ImageVersion: of all builds of a version, as its latest one is. */
export const toImageVersion = ({ groupKey, document }: Origin): WireObject => ({
  ...{ arn: groupKey, ...ownerOf(groupKey), version: versionOf(groupKey) },
  ...pick(imageOf(document), OF_VERSION),
});

/** ImageSummary: of one build. */
export const toImageSummary = ({ groupKey, document }: Origin): WireObject => ({
  ...ownerOf(groupKey),
  ...pick(imageOf(document), OF_BUILD),
});

const ownerOf = (arn: string): WireObject => withoutUndefined({ owner: findImageArn(arn)?.owner });

const versionOf = (groupKey: string): string => findImageArn(groupKey)?.version ?? '';

/** Members that are null say nothing, and typed clients fail on some of them. */
const pick = (image: WireObject, names: string[]): WireObject =>
  Object.fromEntries(
    names.flatMap((name) => (image[name] === undefined || image[name] === null ? [] : [[name, image[name]]])),
  );

/** Whether an image has, of each filter, one of its values. */
export function passes({ groupKey, document }: Origin, filters: WireFilter[]): boolean {
  const image = imageOf(document);
  const valueOf = (name: FilterName) => (name === 'version' ? versionOf(groupKey) : image[name]);
  return filters.every(({ name, values }) => values.some((value) => value === valueOf(name)));
}

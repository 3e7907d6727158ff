// Lists of builds by offset and by text: how CCM's clients read, and what `search` looks through.
import type { SelectQueryBuilder } from 'typeorm';
import { App } from '../apps/app.entity.js';
import { addPattern, anywhere, checkTextLength, containing, isLike } from '../db/contains-text.js';
import { inGroups } from '../db/in-groups.js';
import type { SortedSlice } from '../lib/offset.js';
import type { OwnNames } from '../lib/own-names.js';
import { BuildConfig } from './build-configs.js';
import { MAX_IMAGE_NAME_LENGTH } from './build.check.js';
import type { Build } from './build.entity.js';
import { BuildStatusType } from './build-parts.js';
import type { DeploymentStatusType } from './build-parts.js';
import { Measurement } from './measurements.js';

export type BuildSortField =
  'createdAt' | 'updatedAt' | 'sortName' | 'dockerImageName' | 'appName' | 'statusType' | 'deploymentStatusType';

export interface BuildListing extends SortedSlice<BuildSortField> {
  /** Contained in the names of docker image, app and the app's output image, or in a measurement; in any case. */
  text?: string;
  /** Contained in the name of the docker image or of the app's output image, whatever the case. */
  dockerImageName?: string;
  /** Key of `configs`. */
  configId?: string;
  deploymentStatus?: DeploymentStatusType;
  /** PENDING includes builds that nobody asked to review. */
  status?: BuildStatusType;
  groupIds?: string[];
}

/** The name as it is shown: rows hold names of the gateway's own store without its host. */
const SHOWN_IMAGE_NAME =
  "(CASE WHEN build.dockerImageName LIKE '/%' THEN :ownHost || build.dockerImageName ELSE build.dockerImageName END)";

export const SORT_EXPRESSIONS: Record<BuildSortField, string> = {
  createdAt: 'build.createdAt',
  updatedAt: 'build.updatedAt',
  sortName: 'build.sortName',
  dockerImageName: SHOWN_IMAGE_NAME,
  appName: "COALESCE(build.appName, '')",
  statusType: `COALESCE(build.statusType, '${BuildStatusType.PENDING}')`,
  deploymentStatusType: 'build.deploymentStatusType',
};

/** @param query of the alias `build`, with the parameters `accountId` and `ownHost` */
export function restrictListing(query: SelectQueryBuilder<Build>, listing: BuildListing, names: OwnNames): void {
  const { text, dockerImageName, configId, deploymentStatus, status, groupIds } = listing;
  if (text) query.andWhere(`(${foundBy(query, text, names)})`);
  if (dockerImageName) {
    checkTextLength(dockerImageName, { limit: MAX_IMAGE_NAME_LENGTH, field: ['dockerImageName'] });
    const pattern = addPattern(query, anywhere(shownAs(dockerImageName, names)));
    query.andWhere(`(${isLike(SHOWN_IMAGE_NAME, pattern)} OR ${ofApps(query, pattern)})`);
  }
  if (configId) query.andWhere(allowing(query), { configId });
  if (deploymentStatus) query.andWhere({ deploymentStatusType: deploymentStatus });
  if (status === BuildStatusType.PENDING) query.andWhere('(build.statusType = :status OR build.statusType IS NULL)');
  else if (status) query.andWhere('build.statusType = :status');
  if (status) query.setParameter('status', status);
  if (groupIds) inGroups(query, groupIds);
}

/** The condition that a build is found by a text. */
export function foundBy(query: SelectQueryBuilder<Build>, text: string, names: OwnNames): string {
  const asGiven = addPattern(query, containing(text, { field: ['text'] }));
  const inImage = addPattern(query, anywhere(shownAs(text, names)));
  return [
    isLike(SHOWN_IMAGE_NAME, inImage),
    isLike('build.sortName', asGiven),
    isLike('build.appName', asGiven),
    ofApps(query, inImage),
    // Nothing else stands in hex, and there are many.
    ...(/^[0-9a-f]+$/i.test(text) ? [measured(query, asGiven)] : []),
  ].join(' OR ');
}

/** A name that begins with another host of the gateway's is meant as it is shown. */
const shownAs = (text: string, names: OwnNames): string =>
  text.startsWith('/') ? text : names.toShown(names.toStored(text));

const ofApps = (query: SelectQueryBuilder<Build>, pattern: string): string =>
  `build.appId IN ${query
    .subQuery()
    .select('a.id')
    .from(App, 'a')
    .where(`a.accountId = :accountId AND ${isLike('a.outputImageName', pattern)}`)
    .getQuery()}`;

/** The condition that a build allows the configuration `configId` of the account `accountId`. */
export const allowing = (query: SelectQueryBuilder<Build>): string =>
  `build.id IN ${query
    .subQuery()
    .select('c.buildId')
    .from(BuildConfig, 'c')
    .where('c.accountId = :accountId AND c.configId = :configId')
    .getQuery()}`;

const measured = (query: SelectQueryBuilder<Build>, pattern: string): string =>
  `build.id IN ${query
    .subQuery()
    .select('m.buildId')
    .from(Measurement, 'm')
    .where(`m.accountId = :accountId AND m.value LIKE :${pattern}`)
    .getQuery()}`;

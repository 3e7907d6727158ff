// A build before it is one: what is given of it, and the row it becomes.
import type { App } from '../apps/app.entity.js';
import { withoutUndefined } from '../lib/json.js';
import type { Build } from './build.entity.js';
import { BuildPhase, BuildStatusType, DeploymentStatusType } from './build-parts.js';

/** A build before it has an id and a review; what is left out is null or empty. */
export type BuildDraft = Partial<
  Omit<Build, 'id' | 'accountId' | 'sortName' | 'statusType' | 'statusUpdatedAt' | 'createdAt' | 'updatedAt'>
>;

/** What indexes hold of a name; PostgreSQL takes no more than about 2,700 bytes. */
const MAX_SORT_NAME = 255;

/** What a build keeps of its app. */
export const appDraft = ({ id, name, description, groupId }: App): BuildDraft => ({
  appId: id,
  appName: name,
  appDescription: description,
  groupId,
});

/** The row of a draft, its review open. */
export function newBuild(draft: BuildDraft, own: Pick<Build, 'accountId' | 'id' | 'pendingTaskId'>): Build {
  const now = new Date();
  const dockerImageName = draft.dockerInfo?.dockerImageName ?? '';
  return {
    ...emptyBuild(now),
    ...withoutUndefined(draft),
    ...own,
    ...{ createdAt: now, updatedAt: now, statusUpdatedAt: now, dockerImageName },
    statusType: BuildStatusType.PENDING,
    sortName: (draft.name ?? dockerImageName).slice(0, MAX_SORT_NAME),
  };
}

const emptyBuild = (now: Date) => ({
  name: null,
  version: null,
  appId: null,
  appName: null,
  appDescription: null,
  dockerInfo: null,
  deploymentStatusType: DeploymentStatusType.UNDEPLOYED,
  deploymentStatusUpdatedAt: now,
  enclaveInfo: null,
  attributes: [],
  phase: BuildPhase.AVAILABLE,
  architecture: null,
  memSizeMb: null,
  cpuCount: null,
  threads: null,
  advancedSettings: null,
  configs: {},
  launchHint: null,
  marketplaceBuildId: null,
  enableOverlayFilesystemPersistence: null,
  groupId: null,
  jobId: null,
  warnings: [],
});

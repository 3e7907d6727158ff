// A build before it is one: what is given of it, and the row it becomes.
import type { App } from '../apps/app.entity.js';
import { withoutUndefined } from '../lib/json.js';
import type { Build } from './build.entity.js';
import { BuildPhase, BuildStatusType, DeploymentStatusType } from './build-parts.js';
import { imageDigestOf } from './docker-info.js';

/** A build before it has an id and a review; what is left out is null or empty. */
export type BuildDraft = Partial<
  Omit<Build, 'id' | 'accountId' | 'sortName' | 'statusType' | 'statusUpdatedAt' | 'createdAt' | 'updatedAt'>
>;

/** Where the review of a build stands. */
export type ReviewState = Pick<Build, 'statusType' | 'statusUpdatedAt' | 'pendingTaskId'>;

/** What indexes hold of a name; PostgreSQL takes no more than about 2,700 bytes. */
const MAX_SORT_NAME = 255;

/** What a build keeps of its app. */
export const appDraft = ({ id, name, description, groupId }: App): BuildDraft => ({
  appId: id,
  appName: name,
  appDescription: description,
  groupId,
});

/** The review of a build that a task waits for. */
export const pendingReview = (pendingTaskId: string): ReviewState => ({
  statusType: BuildStatusType.PENDING,
  statusUpdatedAt: new Date(),
  pendingTaskId,
});

/** The row of a draft. */
export function newBuild(draft: BuildDraft, own: Pick<Build, 'accountId' | 'id'>, review: ReviewState): Build {
  const now = new Date();
  return { ...emptyBuild(now), ...withoutUndefined(draft), ...own, ...derived(draft), ...review, ...created(now) };
}

/**
 * A build's row as its vendor tells it now: what was decided and noticed here stays, and the configurations it is given
 * here where its vendor knows of none.
 */
export function retold(before: Build, draft: BuildDraft): Build {
  const now = new Date();
  const { deploymentStatusType, deploymentStatusUpdatedAt, jobId, configs } = before;
  const own = { deploymentStatusType, deploymentStatusUpdatedAt, jobId, updatedAt: now };
  return { ...before, ...emptyBuild(now), configs, ...withoutUndefined(draft), ...derived(draft), ...own };
}

const created = (now: Date) => ({ createdAt: now, updatedAt: now });

/** Copies of what a draft has, for lists. */
function derived({ name, dockerInfo }: BuildDraft) {
  const dockerImageName = dockerInfo?.dockerImageName ?? '';
  const imageDigest = imageDigestOf(dockerInfo);
  return { dockerImageName, imageDigest, sortName: (name ?? dockerImageName).slice(0, MAX_SORT_NAME) };
}

/** The same draft with nothing in it that PostgreSQL can not keep: NUL, and half a surrogate pair, which has no UTF-8. */
export function storable<T>(value: T, keeps: (number: number) => boolean = Number.isSafeInteger): T {
  if (typeof value === 'string') return value.replace(/[\0\p{Surrogate}]/gu, '\uFFFD') as T;
  if (typeof value === 'number') return (keeps(value) ? value : null) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => storable(item, keeps)) as T;
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [storable(key), storable<unknown>(child, keeps)]),
  ) as T;
}

/** A draft as rows can keep it. Configurations hold whatever their application wants, such as 0.5. */
export const storableDraft = ({ configs, ...draft }: BuildDraft): BuildDraft => ({
  ...storable(draft),
  ...(configs && { configs: storable(configs, Number.isFinite) }),
});

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

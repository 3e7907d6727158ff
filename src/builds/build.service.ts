// Writes builds. Registering one derives its measurements, opens its review and records the change, all in the
// caller's transaction.
import type { App } from '../apps/app.entity.js';
import type { AppService } from '../apps/app.service.js';
import { actorOf } from '../auth/principal.js';
import type { Principal } from '../auth/principal.js';
import type { Actor } from '../events/catalog-log.entity.js';
import { recordChange } from '../events/catalog-log.js';
import { newId } from '../lib/ids.js';
import { withoutNulls } from '../lib/json.js';
import type { OwnNames } from '../lib/own-names.js';
import type { Transaction } from '../lib/transaction.js';
import { TaskType } from '../tasks/task.entity.js';
import type { TaskService } from '../tasks/task.service.js';
import { checkBuild, enclaveInfoOf, storedAttributes } from './build.check.js';
import { Build } from './build.entity.js';
import type { CreateBuildInput } from './build.input.js';
import type { DockerInfo } from './docker-info.js';
import { BuildPhase, BuildStatusType, DeploymentStatusType } from './build-parts.js';
import { Measurement, measurementsOf } from './measurements.js';

/** What indexes hold of a name; PostgreSQL takes no more than about 2,700 bytes. */
const MAX_SORT_NAME = 255;

/** A build before it has an id and a review; what is left out is null or empty. */
export type BuildDraft = Partial<
  Omit<Build, 'id' | 'accountId' | 'sortName' | 'statusType' | 'statusUpdatedAt' | 'createdAt' | 'updatedAt'>
>;

export class BuildService {
  constructor(
    private readonly apps: AppService,
    private readonly tasks: TaskService,
    private readonly names: OwnNames,
  ) {}

  /** Registers a build made elsewhere. Throws BAD_USER_INPUT, and NOT_FOUND for an unknown app. */
  async create(tx: Transaction, principal: Principal, input: CreateBuildInput): Promise<Build> {
    const given = withoutNulls({ ...input });
    checkBuild(given);
    const { memSizeMb, threads, advancedSettings, launchHint, groupId } = given;
    const draft: BuildDraft = {
      ...(await this.appOf(tx, principal.accountId, given)),
      dockerInfo: given.dockerInfo && this.stored(given.dockerInfo),
      ...{ memSizeMb, threads, advancedSettings, launchHint, groupId },
      attributes: storedAttributes(given.attributes ?? []),
      enclaveInfo: enclaveInfoOf(given),
      enableOverlayFilesystemPersistence: given.enableOverlayFilesystemPersistence ?? false,
    };
    return this.register(tx, principal.accountId, draft, actorOf(principal));
  }

  /** Writes a build with its measurements and a review task. */
  async register(tx: Transaction, accountId: string, draft: BuildDraft, actor: Actor): Promise<Build> {
    const measured = measurementsOf(draft.attributes ?? [], draft.enclaveInfo ?? null);
    const id = newId();
    const task = await this.tasks.open(tx, accountId, { type: TaskType.BUILD_WHITELIST, id }, actor);
    const now = new Date();
    const build: Build = {
      ...emptyBuild(now),
      ...withoutUndefined(draft),
      ...{ accountId, id, createdAt: now, updatedAt: now, statusUpdatedAt: now, pendingTaskId: task.id },
      statusType: BuildStatusType.PENDING,
      dockerImageName: draft.dockerInfo?.dockerImageName ?? '',
      sortName: (draft.name ?? draft.dockerInfo?.dockerImageName ?? '').slice(0, MAX_SORT_NAME),
    };
    await tx.manager.insert(Build, build);
    const rows = measured.map((value) => ({ ...value, accountId, buildId: id }));
    if (rows.length > 0) await tx.manager.insert(Measurement, rows);
    recordChange(tx, { accountId, kind: 'CREATED', entityType: 'Build', entityId: id, actor, after: { ...build } });
    return build;
  }

  /** As rows hold it: names of the gateway's own store without its host. */
  private stored(dockerInfo: DockerInfo): DockerInfo {
    return { ...dockerInfo, dockerImageName: this.names.toStored(dockerInfo.dockerImageName) };
  }

  private async appOf(tx: Transaction, accountId: string, { appId, appName }: CreateBuildInput): Promise<BuildDraft> {
    if (appId !== undefined) return appDraft(await this.apps.get(tx, accountId, { id: appId }));
    if (appName !== undefined) return appDraft(await this.apps.get(tx, accountId, { name: appName }));
    return {};
  }
}

/** What a build keeps of its app. */
export const appDraft = ({ id, name, description }: App): BuildDraft => ({
  appId: id,
  appName: name,
  appDescription: description,
});

const withoutUndefined = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;

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

// Writes builds. Registering one derives its measurements, opens its review and records the change, all in the
// caller's transaction. Whoever needs both a build and its task locks the build first.
import { IsNull, Not } from 'typeorm';
import type { App } from '../apps/app.entity.js';
import type { AppService } from '../apps/app.service.js';
import { actorOf } from '../auth/principal.js';
import type { Principal } from '../auth/principal.js';
import { rowLock } from '../db/row-lock.js';
import type { Actor } from '../events/catalog-log.entity.js';
import { recordChange } from '../events/catalog-log.js';
import { invalidState, notFound } from '../lib/errors.js';
import { newId } from '../lib/ids.js';
import { canonicalJson, withoutNulls } from '../lib/json.js';
import type { OwnNames } from '../lib/own-names.js';
import type { Transaction } from '../lib/transaction.js';
import { TaskType } from '../tasks/task.entity.js';
import type { TaskService } from '../tasks/task.service.js';
import { appDraft, newBuild, pendingReview, retold, storableDraft } from './build-draft.js';
import type { BuildDraft, ReviewState } from './build-draft.js';
import { writeConfigs } from './build-configs.js';
import { changeBuild, entryOf } from './build-log.js';
import { checkBuild, checkConfigs, checkDocuments, enclaveInfoOf, storedAttributes } from './build.check.js';
import { Build } from './build.entity.js';
import type { CreateBuildInput } from './build.input.js';
import type { DockerInfo } from './docker-info.js';
import { BuildStatusType, DeploymentStatusType } from './build-parts.js';
import { Measurement, measurementsOf } from './measurements.js';
import { Origin, SERVED } from './origin.entity.js';
import { claimMrenclaves } from './unique-mrenclave.js';

/** All that can ever be changed of a build: what was reviewed stays what it was. */
export interface BuildChanges {
  /** All of them. */
  configs?: Record<string, object>;
}

/** A build as its vendor tells it. */
export interface ToldBuild {
  build: BuildDraft;
  /** The vendor's own UUID of it, which becomes ours unless another build has it. */
  buildId?: string;
  /** Undefined where nobody asked for one. */
  review?: { status: BuildStatusType; at?: Date };
}

export interface BuildRules {
  /** Whether an account refuses a second build with the same mrenclave. */
  uniqueMrenclave: boolean;
}

export class BuildService {
  constructor(
    private readonly apps: AppService,
    private readonly tasks: TaskService,
    private readonly names: OwnNames,
    private readonly rules: BuildRules,
  ) {}

  /**
   * Registers a build made elsewhere. Throws BAD_USER_INPUT, NOT_FOUND for an unknown app, and CONFLICT where one of
   * its mrenclaves is that of another build and must not be.
   */
  async create(tx: Transaction, principal: Principal, input: CreateBuildInput): Promise<Build> {
    const given = withoutNulls({ ...input });
    checkBuild(given);
    const { memSizeMb, threads, advancedSettings, launchHint, groupId } = given;
    const app = await this.appOf(tx, principal, given);
    const draft: BuildDraft = {
      ...(app && appDraft(app)),
      dockerInfo: given.dockerInfo && this.stored(given.dockerInfo),
      ...{ memSizeMb, threads, advancedSettings, launchHint },
      ...(groupId !== undefined && { groupId }),
      attributes: storedAttributes(given.attributes ?? []),
      enclaveInfo: enclaveInfoOf(given),
      enableOverlayFilesystemPersistence: given.enableOverlayFilesystemPersistence ?? false,
    };
    return this.register(tx, principal.accountId, draft, actorOf(principal));
  }

  /**
   * Writes a build with its measurements and a review task, which the actor asked for. Throws CONFLICT where one of
   * its mrenclaves is that of another build and must not be.
   */
  async register(tx: Transaction, accountId: string, draft: BuildDraft, actor: Actor): Promise<Build> {
    const id = newId();
    const task = await this.tasks.open(tx, accountId, { type: TaskType.BUILD_WHITELIST, id }, actor);
    const build = newBuild(draft, { accountId, id }, pendingReview(task.id));
    return this.insert(tx, build, actor, this.rules.uniqueMrenclave);
  }

  /** Writes a build as its vendor tells it, with its review as it stands there. Its mrenclaves may be those of others. */
  async registerFrom(tx: Transaction, accountId: string, told: ToldBuild, actor: Actor): Promise<Build> {
    const { buildId, review } = told;
    const isFree = buildId !== undefined && !(await tx.manager.existsBy(Build, { accountId, id: buildId }));
    const id = isFree ? buildId : newId();
    const draft = storableDraft(told.build);
    const build = newBuild(draft, { accountId, id }, await this.reviewOf(tx, { accountId, id }, review, actor));
    return this.insert(tx, build, actor, false);
  }

  /** Makes a build what its vendor tells of it now; its review, its deployment and its age stay. Throws NOT_FOUND. */
  async updateFrom(tx: Transaction, accountId: string, id: string, told: BuildDraft, actor: Actor): Promise<Build> {
    const before = await this.get(tx, accountId, id);
    const after = retold(before, storableDraft(told));
    await tx.manager.update(Build, { accountId, id }, after);
    if (partsOf(before) !== partsOf(after)) {
      await tx.manager.delete(Measurement, { accountId, buildId: id });
      await this.writeParts(tx, after);
    }
    recordChange(tx, { ...entryOf(before), kind: 'UPDATED', actor, before: { ...before }, after: { ...after } });
    return after;
  }

  /** Records that something changed that stands beside the build's own row. */
  async touch(tx: Transaction, accountId: string, id: string, news: object, actor: Actor): Promise<void> {
    const before = await this.get(tx, accountId, id);
    const updatedAt = new Date();
    await tx.manager.update(Build, { accountId, id }, { updatedAt });
    const after = { ...before, updatedAt, ...news };
    recordChange(tx, { ...entryOf(before), kind: 'UPDATED', actor, before: { ...before }, after });
  }

  private async insert(tx: Transaction, build: Build, actor: Actor, claims: boolean): Promise<Build> {
    await tx.manager.insert(Build, build);
    const measured = measurementsOf(build.attributes, build.enclaveInfo);
    if (claims) await claimMrenclaves(tx, build, measured);
    await this.writeParts(tx, build);
    recordChange(tx, { ...entryOf(build), kind: 'CREATED', actor, after: { ...build } });
    return build;
  }

  /** The rows that a build is found by. */
  private async writeParts(tx: Transaction, build: Build): Promise<void> {
    const { accountId, id: buildId, attributes, enclaveInfo } = build;
    await writeConfigs(tx, build);
    const rows = measurementsOf(attributes, enclaveInfo).map((value) => ({ ...value, accountId, buildId }));
    if (rows.length > 0) await tx.manager.insert(Measurement, rows);
  }

  private async reviewOf(
    tx: Transaction,
    { accountId, id }: Pick<Build, 'accountId' | 'id'>,
    review: ToldBuild['review'],
    actor: Actor,
  ): Promise<ReviewState> {
    if (!review) return { statusType: null, statusUpdatedAt: null, pendingTaskId: null };
    const { status: statusType, at: statusUpdatedAt = new Date() } = review;
    if (statusType !== BuildStatusType.PENDING) return { statusType, statusUpdatedAt, pendingTaskId: null };
    const task = await this.tasks.open(tx, accountId, { type: TaskType.BUILD_WHITELIST, id }, actor);
    return { statusType, statusUpdatedAt, pendingTaskId: task.id };
  }

  /** Throws NOT_FOUND and BAD_USER_INPUT. */
  async update(tx: Transaction, principal: Principal, id: string, { configs }: BuildChanges): Promise<Build> {
    if (configs) checkConfigs(configs);
    const before = await this.get(tx, principal.accountId, id);
    await this.expectOwn(tx, before, 'changed');
    if (!configs || canonicalJson(configs) === canonicalJson(before.configs)) return before;
    const after = { ...before, configs };
    checkDocuments(after, 'configs');
    await writeConfigs(tx, after);
    return changeBuild(tx, before, 'UPDATED', { configs, updatedAt: new Date() }, actorOf(principal));
  }

  /**
   * Deletes a build with its measurements and ends its review. Its jobs must have been told before (DeleteBuild).
   * Throws NOT_FOUND, and CONFLICT where it is deployed.
   */
  async delete(tx: Transaction, principal: Principal, id: string): Promise<void> {
    const build = await this.get(tx, principal.accountId, id);
    if (build.deploymentStatusType === DeploymentStatusType.DEPLOYED)
      throw invalidState('The build is deployed: stop it on its nodes first.', 'buildId');
    await this.expectOwn(tx, build, 'deleted');
    const { accountId, pendingTaskId } = build;
    const actor = actorOf(principal);
    // It goes with the build, and who follows builds of one origin is to be told.
    const key = { accountId, id: build.id };
    const origin = await tx.manager.findOne(Origin, { select: { accountId: true, id: true, kind: true }, where: key });
    const before = { ...build, ...(origin && { originKind: origin.kind }) };
    await tx.manager.delete(Build, key);
    if (pendingTaskId !== null) await this.tasks.close(tx, accountId, pendingTaskId, actor);
    recordChange(tx, { ...entryOf(build), kind: 'DELETED', actor, before });
  }

  /** What follows from the end of the task about a build; its row was locked before. */
  async review(tx: Transaction, build: Build, isApproved: boolean, actor: Actor): Promise<Build> {
    const now = new Date();
    const statusType = isApproved ? BuildStatusType.WHITELISTED : BuildStatusType.REJECTED;
    const changes = { statusType, statusUpdatedAt: now, pendingTaskId: null, updatedAt: now };
    return changeBuild(tx, build, 'REVIEWED', changes, actor);
  }

  /** Writes whether any node runs the build, where that is news. Throws NOT_FOUND. */
  async setDeployment(
    tx: Transaction,
    accountId: string,
    id: string,
    status: DeploymentStatusType,
    actor: Actor,
  ): Promise<Build> {
    const before = await this.get(tx, accountId, id);
    if (before.deploymentStatusType === status) return before;
    const now = new Date();
    const changes = { deploymentStatusType: status, deploymentStatusUpdatedAt: now, updatedAt: now };
    return changeBuild(tx, before, 'DEPLOYED', changes, actor);
  }

  /** Takes an app that goes off its builds; the name of the app stays. The app's row was locked before. */
  async forgetApp(tx: Transaction, accountId: string, appId: string, actor: Actor): Promise<void> {
    const { manager } = tx;
    const order = { id: 'ASC' } as const;
    const where = { accountId, appId };
    const builds = await manager.find(Build, { select: { id: true }, where, order, lock: rowLock(manager) });
    await manager.update(Build, where, { appId: null, updatedAt: new Date() });
    // Not whole documents: an app may have very many builds.
    for (const { id } of builds) {
      const change = { before: { id, appId }, after: { id, appId: null } };
      recordChange(tx, { ...entryOf({ accountId, id }), kind: 'UPDATED', actor, ...change });
    }
  }

  /** The build inside a transaction, its row locked until the end; throws NOT_FOUND. */
  async get(tx: Transaction, accountId: string, id: string): Promise<Build> {
    const build = await this.find(tx, accountId, id);
    if (!build) throw notFound('build', id);
    return build;
  }

  /** Like `get`, but null where there is none. */
  find({ manager }: Transaction, accountId: string, id: string): Promise<Build | null> {
    return manager.findOne(Build, { where: { accountId, id: id.toLowerCase() }, lock: rowLock(manager) });
  }

  /** What a source brings is changed at its vendor's; once it is gone there, or the source is, it may be deleted. */
  private async expectOwn({ manager }: Transaction, { accountId, id }: Build, what: string): Promise<void> {
    const where = { accountId, id, goneAt: IsNull(), sourceKey: Not(SERVED) };
    const origin = await manager.findOne(Origin, { select: { sourceKey: true }, where });
    // By name: sources stand above builds.
    if (origin && (await manager.existsBy('Source', { accountId, id: origin.sourceKey })))
      throw invalidState(`The build is imported: it is ${what} where it comes from.`, 'buildId');
  }

  /** As rows hold it: names of the gateway's own store without its host. */
  private stored(dockerInfo: DockerInfo): DockerInfo {
    return { ...dockerInfo, dockerImageName: this.names.toStored(dockerInfo.dockerImageName) };
  }

  /** CCM's curated builds bring a group, and their app need not be there. */
  private async appOf(tx: Transaction, principal: Principal, given: CreateBuildInput): Promise<App | undefined> {
    const { appId, appName, groupId, dockerInfo } = given;
    if (appId !== undefined) return this.apps.get(tx, principal.accountId, { id: appId });
    if (appName === undefined) return undefined;
    if (groupId === undefined) return this.apps.get(tx, principal.accountId, { name: appName });
    const image = dockerInfo?.dockerImageName ?? '';
    const images = { inputImageName: image, outputImageName: image };
    return this.apps.getOrCreate(tx, principal, { name: appName, groupId, ...images });
  }
}

/** What `writeParts` goes by: most of what vendors tell anew is how far a build is. */
const partsOf = ({ attributes, enclaveInfo, configs }: Build): string =>
  canonicalJson([attributes, enclaveInfo, Object.keys(configs).sort()]);

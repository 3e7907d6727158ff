// What tests of apps, builds and tasks share: the services on a database, and people to act as.
import { randomBytes } from 'node:crypto';
import { AppService } from '../../src/apps/app.service.js';
import { Account } from '../../src/auth/account.entity.js';
import { Role } from '../../src/auth/principal.js';
import type { Principal } from '../../src/auth/principal.js';
import { Approvals } from '../../src/builds/approvals.js';
import type { Build } from '../../src/builds/build.entity.js';
import type { CreateBuildInput } from '../../src/builds/build.input.js';
import { BuildQuery } from '../../src/builds/build.query.js';
import { BuildService } from '../../src/builds/build.service.js';
import { DeleteApp } from '../../src/builds/delete-app.js';
import { CatalogLogLine } from '../../src/events/catalog-log.entity.js';
import { JobEvents } from '../../src/events/job-events.js';
import { InProcessWaker } from '../../src/events/waker.js';
import { DeleteBuild } from '../../src/jobs/delete-build.js';
import { JobService } from '../../src/jobs/job.service.js';
import { newId } from '../../src/lib/ids.js';
import { OwnNames } from '../../src/lib/own-names.js';
import { Seal } from '../../src/lib/seal.js';
import { ApprovalStatus } from '../../src/tasks/task.entity.js';
import type { Task } from '../../src/tasks/task.entity.js';
import { TaskService } from '../../src/tasks/task.service.js';
import { openTestDatabase } from '../db/test-database.js';
import type { DatabaseKind } from '../support/databases.js';

export interface Rules {
  fourEyes: boolean;
  uniqueMrenclave: boolean;
}

export type CatalogSetup = Awaited<ReturnType<typeof setUpCatalog>>;

export async function setUpCatalog(kind: DatabaseKind, rules: Partial<Rules> = {}) {
  const database = await openTestDatabase(kind);
  const { reader, inTransaction } = database;
  const { fourEyes = false, uniqueMrenclave = true } = rules;
  const names = new OwnNames('catalog.example:4000', ['127.0.0.1:4000']);
  const tasks = new TaskService(reader);
  const apps = new AppService(reader, tasks);
  const builds = new BuildService(apps, tasks, names, { uniqueMrenclave });
  const buildQuery = new BuildQuery(reader, names);
  const approvals = new Approvals(tasks, builds, apps, { fourEyes });
  const deleteApp = new DeleteApp(apps, builds);
  const jobs = new JobService(new JobEvents(reader, new InProcessWaker()), new Seal(randomBytes(32)));
  const deleteBuild = new DeleteBuild(jobs, builds);
  return {
    ...{ ...database, tasks, apps, builds, buildQuery, approvals, deleteApp, deleteBuild, jobs },

    /** Somebody in an account of their own. */
    async createManager(): Promise<Principal> {
      return { ...(await database.createPrincipal()), role: Role.MANAGER };
    },

    createBuild: (principal: Principal, input: CreateBuildInput = {}): Promise<Build> =>
      inTransaction((tx) => builds.create(tx, principal, input)),

    approve: (principal: Principal, taskId: string): Promise<Task> =>
      inTransaction((tx) => approvals.decide(tx, principal, taskId, { status: ApprovalStatus.APPROVED })),

    deny: (principal: Principal, taskId: string, reason?: string): Promise<Task> =>
      inTransaction((tx) => approvals.decide(tx, principal, taskId, { status: ApprovalStatus.DENIED, reason })),

    setQuorum: (accountId: string, approvalQuorum: number) =>
      inTransaction((tx) => tx.manager.update(Account, { id: accountId }, { approvalQuorum })),

    async build({ accountId, id }: Pick<Build, 'accountId' | 'id'>): Promise<Build | undefined> {
      return (await buildQuery.byIds(accountId, [id]))[0];
    },

    async task(accountId: string, id: string): Promise<Task | undefined> {
      return (await tasks.byIds(accountId, [id]))[0];
    },

    /** `KIND EntityType`, oldest first. */
    async log(accountId: string): Promise<string[]> {
      const lines = await reader.find(CatalogLogLine, { where: { accountId }, order: { seq: 'ASC' } });
      return lines.map(({ kind: change, entityType }) => `${change} ${entityType}`);
    },

    lastLine: (accountId: string, entityType: string): Promise<CatalogLogLine> =>
      reader.findOneOrFail(CatalogLogLine, { where: { accountId, entityType }, order: { seq: 'DESC' } }),
  };
}

/** Another user of the same account. */
export const another = (principal: Principal, name: string): Principal => ({
  ...{ accountId: principal.accountId, userId: newId(), tokenId: newId(), name, role: Role.MANAGER },
});

/** A token that somebody made for a machine. */
export const tokenOf = (principal: Principal): Principal => ({
  ...{ accountId: principal.accountId, userId: null, tokenId: newId(), name: 'machine', role: Role.MANAGER },
  ownerId: principal.userId ?? principal.tokenId,
});

export const hex = (digit: string, length: number): string => digit.repeat(length);

/** The error that something ends with. */
export async function failure(work: Promise<unknown>): Promise<{ code?: string; field?: string[]; reason?: string }> {
  return work.then(
    () => ({}),
    (error: { code: string; field: string[]; reason: string }) => error,
  );
}

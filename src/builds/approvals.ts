// Decides tasks, and lets the owner of the subject do what follows. The subject is locked before its task, as where a
// subject is deleted; so neither can wait for the other.
import type { App } from '../apps/app.entity.js';
import type { AppService } from '../apps/app.service.js';
import { Account } from '../auth/account.entity.js';
import { actorOf } from '../auth/principal.js';
import type { Principal } from '../auth/principal.js';
import type { Transaction } from '../lib/transaction.js';
import type { Decision } from '../tasks/task-decision.js';
import { TaskStatus, TaskType } from '../tasks/task.entity.js';
import type { Task } from '../tasks/task.entity.js';
import type { TaskService } from '../tasks/task.service.js';
import type { Build } from './build.entity.js';
import type { BuildService } from './build.service.js';

export interface ApprovalRules {
  /** Whether whoever asked for an approval is kept from giving it. */
  fourEyes: boolean;
}

/** What else follows from the end of the review of a build, in the same transaction. */
export type ReviewListener = (tx: Transaction, principal: Principal, build: Build, task: Task) => Promise<void>;

export class Approvals {
  private readonly listeners: ReviewListener[] = [];

  constructor(
    private readonly tasks: TaskService,
    private readonly builds: BuildService,
    private readonly apps: AppService,
    private readonly rules: ApprovalRules,
  ) {}

  /** Called once, by the composition root. */
  onReview(listener: ReviewListener): void {
    this.listeners.push(listener);
  }

  /**
   * Answers the task, which is still in progress where more approvals are needed. Throws BAD_USER_INPUT, NOT_FOUND,
   * CONFLICT where the task is final or the caller decided before, and FORBIDDEN where four eyes are asked for.
   */
  async decide(tx: Transaction, principal: Principal, taskId: string, decision: Decision): Promise<Task> {
    const { accountId } = principal;
    const { id, type, subjectId } = await this.tasks.get(tx, accountId, taskId);
    const isBuild = type === TaskType.BUILD_WHITELIST;
    const build = isBuild ? await this.builds.find(tx, accountId, subjectId) : null;
    const app = isBuild ? null : await this.apps.lockIfThere(tx, accountId, subjectId);
    const { approvalQuorum: quorum } = await tx.manager.findOneByOrFail(Account, { id: accountId });
    const task = await this.tasks.decide(tx, principal, id, { ...decision, fourEyes: this.rules.fourEyes, quorum });
    if (task.status === TaskStatus.INPROGRESS) return task;
    const isApproved = task.status === TaskStatus.SUCCESS;
    if (waitsFor(build, task)) {
      const reviewed = await this.builds.review(tx, build, isApproved, actorOf(principal));
      for (const listener of this.listeners) await listener(tx, principal, reviewed, task);
    }
    if (waitsFor(app, task)) await this.apps.decideDomains(tx, app, isApproved, actorOf(principal));
    return task;
  }
}

const waitsFor = <Subject extends Build | App>(subject: Subject | null, task: Task): subject is Subject =>
  subject?.pendingTaskId === task.id;

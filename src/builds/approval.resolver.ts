import { Arg, Ctx, Field, ID, InputType, Mutation, ObjectType, Resolver } from 'type-graphql';
import { requireAccess } from '../auth/principal.js';
import { RequestContext } from '../auth/request-context.js';
import type { InTransaction } from '../lib/transaction.js';
import { UserError, withUserErrors } from '../lib/user-error.js';
import type { Decision } from '../tasks/task-decision.js';
import { ApprovalStatus, Task } from '../tasks/task.entity.js';
import type { Approvals } from './approvals.js';

@InputType({ description: 'Which task to approve.' })
class ApproveTaskInput {
  @Field(() => ID, { description: 'NOT_FOUND where this account has no such task, CONFLICT where it is final.' })
  taskId!: string;
}

@InputType({ description: 'Which task to deny.' })
class DenyTaskInput {
  @Field(() => ID, { description: 'NOT_FOUND where this account has no such task, CONFLICT where it is final.' })
  taskId!: string;

  @Field(() => String, { nullable: true, description: 'Why, for whoever asked; at most 4096 characters.' })
  reason?: string | null;
}

@ObjectType({ simpleResolvers: true, description: 'Either the task or why it can not be approved.' })
class ApproveTaskPayload {
  @Field(() => Task, {
    nullable: true,
    description: 'INPROGRESS still where more have to approve; null where userErrors say why not.',
  })
  task?: Task | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@ObjectType({ simpleResolvers: true, description: 'Either the task or why it can not be denied.' })
class DenyTaskPayload {
  @Field(() => Task, { nullable: true, description: 'DENIED now; null where userErrors say why not.' })
  task?: Task | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@Resolver(() => Task)
export class ApprovalResolver {
  constructor(
    private readonly approvals: Approvals,
    private readonly inTransaction: InTransaction,
  ) {}

  @Mutation(() => ApproveTaskPayload, {
    description:
      "Approves a task. Once `approvalQuorum` of the account have, a build becomes WHITELISTED and an app's domains count. Everyone decides once; FORBIDDEN for whoever asked for the approval where APPROVAL_FOUR_EYES is on.",
  })
  approveTask(
    @Ctx() context: RequestContext,
    @Arg('input', () => ApproveTaskInput) { taskId }: ApproveTaskInput,
  ): Promise<ApproveTaskPayload> {
    return this.decide(context, taskId, { status: ApprovalStatus.APPROVED });
  }

  @Mutation(() => DenyTaskPayload, {
    description: 'Denies a task, which ends it: a build becomes REJECTED, domains stay as they were approved before.',
  })
  denyTask(
    @Ctx() context: RequestContext,
    @Arg('input', () => DenyTaskInput) { taskId, reason }: DenyTaskInput,
  ): Promise<DenyTaskPayload> {
    return this.decide(context, taskId, { status: ApprovalStatus.DENIED, reason });
  }

  private decide({ principal }: RequestContext, taskId: string, decision: Decision) {
    requireAccess(principal, 'MANAGER');
    return withUserErrors(async () => ({
      task: await this.inTransaction((tx) => this.approvals.decide(tx, principal, taskId, decision)),
    }));
  }
}

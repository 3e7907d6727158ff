import { Arg, Args, Ctx, Field, ID, Mutation, ObjectType, Query, Resolver } from 'type-graphql';
import { requireAccess } from '../auth/principal.js';
import { RequestContext } from '../auth/request-context.js';
import { connectionOf, PageArgs } from '../lib/paging.js';
import type { Connection } from '../lib/paging.js';
import type { InTransaction } from '../lib/transaction.js';
import { UserError, withUserErrors } from '../lib/user-error.js';
import { Task } from './task.entity.js';
import { DeleteTaskInput, TaskFilter } from './task.input.js';
import type { TaskService } from './task.service.js';

export const TaskConnection = connectionOf(() => Task, 'Task');

@ObjectType({ simpleResolvers: true, description: 'Either the id of what is gone or why it stays.' })
class DeleteTaskPayload {
  @Field(() => ID, { nullable: true, description: 'Of the deleted task; null where userErrors say why not.' })
  deletedTaskId?: string | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@Resolver(() => Task)
export class TaskResolver {
  constructor(
    private readonly service: TaskService,
    private readonly inTransaction: InTransaction,
  ) {}

  @Query(() => Task, { nullable: true, description: 'One task; null where this account has none of that id.' })
  task(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string): Promise<Task | null> {
    requireAccess(context.principal, 'READER');
    return context.load(this.service, id);
  }

  @Query(() => TaskConnection, { description: 'The approvals asked for in the account, newest first.' })
  tasks(
    @Ctx() context: RequestContext,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => TaskFilter, { nullable: true }) filter?: TaskFilter,
  ): Promise<Connection<Task>> {
    requireAccess(context.principal, 'READER');
    return this.service.list(context.principal.accountId, page, filter ?? {});
  }

  @Mutation(() => DeleteTaskPayload, {
    description: 'Deletes a task that is final; what it decided stays. CONFLICT while it is INPROGRESS.',
  })
  deleteTask(
    @Ctx() context: RequestContext,
    @Arg('input', () => DeleteTaskInput) { taskId }: DeleteTaskInput,
  ): Promise<DeleteTaskPayload> {
    requireAccess(context.principal, 'WRITER');
    return withUserErrors(async () => {
      await this.inTransaction((tx) => this.service.delete(tx, context.principal, taskId));
      return { deletedTaskId: taskId.toLowerCase() };
    });
  }
}

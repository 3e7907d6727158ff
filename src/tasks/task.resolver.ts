import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { requireAccess } from '../auth/principal.js';
import { RequestContext } from '../auth/request-context.js';
import { Task } from './task.entity.js';
import type { TaskService } from './task.service.js';

@Resolver(() => Task)
export class TaskResolver {
  constructor(private readonly tasks: TaskService) {}

  @Query(() => Task, { nullable: true, description: 'One task; null where this account has none of that id.' })
  task(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string): Promise<Task | null> {
    requireAccess(context.principal, 'READER');
    return context.load(this.tasks, id);
  }
}

import { Field, ID, InputType } from 'type-graphql';
import { TaskStatus, TaskType } from './task.entity.js';

@InputType({ description: 'Which tasks to list; each field that is given must hold.' })
export class TaskFilter {
  @Field(() => [TaskStatus], { nullable: true, description: 'Tasks with one of these.' })
  status?: TaskStatus[] | null;

  @Field(() => [TaskType], { nullable: true, description: 'Tasks of one of these types.' })
  type?: TaskType[] | null;

  @Field(() => String, { nullable: true, description: 'Asked for by the user or token of exactly this name.' })
  requester?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Decided by, among others, the user or token of exactly this name.',
  })
  approver?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Contained in the name of the requester, the type or the id of the subject, whatever the case.',
  })
  text?: string | null;
}

@InputType({ description: 'Which task to delete.' })
export class DeleteTaskInput {
  @Field(() => ID, { description: 'NOT_FOUND where this account has no such task, CONFLICT while it is INPROGRESS.' })
  taskId!: string;
}

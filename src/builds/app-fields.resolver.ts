// The fields of an app that lead up to what is known here, and its deletion, which its builds must be told of.
import { Arg, Ctx, Field, FieldResolver, ID, Int, Mutation, ObjectType, Resolver, Root } from 'type-graphql';
import { App } from '../apps/app.entity.js';
import { DeleteAppInput } from '../apps/app.input.js';
import { requireAccess } from '../auth/principal.js';
import { RequestContext } from '../auth/request-context.js';
import { badInput } from '../lib/errors.js';
import { DEFAULT_PAGE, MAX_PAGE } from '../lib/paging.js';
import type { Plain } from '../lib/plain.js';
import type { InTransaction } from '../lib/transaction.js';
import { UserError, withUserErrors } from '../lib/user-error.js';
import { Task } from '../tasks/task.entity.js';
import type { TaskService } from '../tasks/task.service.js';
import { Build } from './build.entity.js';
import type { BuildQuery } from './build.query.js';
import type { DeleteApp } from './delete-app.js';

@ObjectType({ simpleResolvers: true, description: 'Either the id of what is gone or why it stays.' })
class DeleteAppPayload {
  @Field(() => ID, { nullable: true, description: 'Of the deleted app; null where userErrors say why not.' })
  deletedAppId?: string | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@Resolver(() => App)
export class AppFieldsResolver {
  constructor(
    private readonly tasks: TaskService,
    private readonly query: BuildQuery,
  ) {}

  @FieldResolver(() => Task, { nullable: true, description: 'The approval of domains that waits for a decision.' })
  pendingTask(@Root() app: Plain<App>, @Ctx() context: RequestContext): Promise<Task | null> {
    return context.load(this.tasks, app.pendingTaskId);
  }

  @FieldResolver(() => [Build], {
    description: 'The builds that belong to it, newest first. `builds` with a filter by the app pages through all.',
  })
  builds(
    @Root() { id, accountId }: Plain<App>,
    @Ctx() context: RequestContext,
    @Arg('first', () => Int, {
      defaultValue: DEFAULT_PAGE,
      description: 'At most so many; up to 200. BAD_USER_INPUT where those of all apps hold more than 32 MiB.',
    })
    first: number,
  ): Promise<Build[]> {
    if (first < 0 || first > MAX_PAGE) throw badInput(`\`first\` must be between 0 and ${MAX_PAGE}.`, 'first');
    const read = (ids: readonly string[]) => this.query.listOfEachApp(accountId, ids, first);
    return context.loadAs(`builds of apps ${first}`, id, read);
  }
}

@Resolver(() => App)
export class DeleteAppResolver {
  constructor(
    private readonly deletion: DeleteApp,
    private readonly inTransaction: InTransaction,
  ) {}

  @Mutation(() => DeleteAppPayload, {
    description:
      'Deletes an app. Its builds stay and keep the name of the app; a task about its domains ends as FAILED.',
  })
  deleteApp(
    @Ctx() context: RequestContext,
    @Arg('input', () => DeleteAppInput) { appId }: DeleteAppInput,
  ): Promise<DeleteAppPayload> {
    requireAccess(context.principal, 'WRITER');
    return withUserErrors(async () => {
      await this.inTransaction((tx) => this.deletion.delete(tx, context.principal, appId));
      return { deletedAppId: appId.toLowerCase() };
    });
  }
}

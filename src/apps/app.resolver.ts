import { Arg, Args, Ctx, Field, ID, InputType, ObjectType, Mutation, Query, Resolver } from 'type-graphql';
import { requireAccess } from '../auth/principal.js';
import { RequestContext } from '../auth/request-context.js';
import { connectionOf, PageArgs } from '../lib/paging.js';
import type { Connection } from '../lib/paging.js';
import type { InTransaction } from '../lib/transaction.js';
import { UserError, withUserErrors } from '../lib/user-error.js';
import { App } from './app.entity.js';
import { CreateAppInput } from './app.input.js';
import type { AppService } from './app.service.js';

export const AppConnection = connectionOf(() => App, 'App');

@InputType({ description: 'Which apps to list; what is left out does not restrict.' })
class AppFilter {
  @Field(() => String, { nullable: true, description: 'Contained in name or description, whatever the case.' })
  text?: string | null;
}

@ObjectType({ simpleResolvers: true, description: 'Either the app or what is wrong with the input.' })
class CreateAppPayload {
  @Field(() => App, { nullable: true, description: 'The new app; null where userErrors say why not.' })
  app?: App | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@Resolver(() => App)
export class AppResolver {
  constructor(
    private readonly service: AppService,
    private readonly inTransaction: InTransaction,
  ) {}

  @Query(() => App, { nullable: true, description: 'One app; null where this account has none of that id.' })
  app(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string): Promise<App | null> {
    requireAccess(context.principal, 'READER');
    return context.load(this.service, id);
  }

  @Query(() => AppConnection, { description: 'The apps of the account, newest first.' })
  apps(
    @Ctx() context: RequestContext,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => AppFilter, { nullable: true }) filter?: AppFilter,
  ): Promise<Connection<App>> {
    requireAccess(context.principal, 'READER');
    return this.service.list(context.principal.accountId, page, filter?.text);
  }

  @Mutation(() => CreateAppPayload, { description: 'Creates an app. CONFLICT where its name is taken.' })
  createApp(
    @Ctx() context: RequestContext,
    @Arg('input', () => CreateAppInput) input: CreateAppInput,
  ): Promise<CreateAppPayload> {
    requireAccess(context.principal, 'WRITER');
    return withUserErrors(async () => ({
      app: await this.inTransaction((tx) => this.service.create(tx, context.principal, input)),
    }));
  }
}

import { Arg, Args, Ctx, Field, ID, Int, ObjectType, Mutation, Query, Resolver } from 'type-graphql';
import { requireAccess } from '../auth/principal.js';
import { RequestContext } from '../auth/request-context.js';
import { connectionOf, PageArgs } from '../lib/paging.js';
import type { Connection } from '../lib/paging.js';
import type { InTransaction } from '../lib/transaction.js';
import { UserError, withUserErrors } from '../lib/user-error.js';
import type { LabelCount } from './app-lists.js';
import { App } from './app.entity.js';
import { AppFilter, CreateAppInput, UpdateAppInput } from './app.input.js';
import type { AppService } from './app.service.js';

export const AppConnection = connectionOf(() => App, 'App');

@ObjectType({ simpleResolvers: true, description: 'A label that apps have.' })
class AppLabel implements LabelCount {
  @Field({ description: 'Name of the label.' })
  key!: string;

  @Field({ description: 'Its text.' })
  value!: string;

  @Field(() => Int, { description: 'How many apps of the account have it with this text.' })
  count!: number;
}

@ObjectType({ simpleResolvers: true, description: 'Either the app or what is wrong with the input.' })
class CreateAppPayload {
  @Field(() => App, { nullable: true, description: 'The new app; null where userErrors say why not.' })
  app?: App | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@ObjectType({ simpleResolvers: true, description: 'Either the app or what is wrong with the input.' })
class UpdateAppPayload {
  @Field(() => App, { nullable: true, description: 'The app as it is now; null where userErrors say why not.' })
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
    return this.service.list(context.principal.accountId, page, filter ?? {});
  }

  @Query(() => [AppLabel], {
    description:
      'Every label of any app of the account, sorted by key and value; where there are more than 10,000, the first of them.',
  })
  appLabels(@Ctx() context: RequestContext): Promise<AppLabel[]> {
    const { principal } = context;
    requireAccess(principal, 'READER');
    // All apps are read for it: once, however often the operation asks.
    const { accountId } = principal;
    return context.loadAs('appLabels', accountId, async () => [await this.service.labelCounts(accountId)]);
  }

  @Mutation(() => CreateAppPayload, {
    description: 'Creates an app. CONFLICT where its name is taken. Domains open a task.',
  })
  createApp(
    @Ctx() context: RequestContext,
    @Arg('input', () => CreateAppInput) input: CreateAppInput,
  ): Promise<CreateAppPayload> {
    requireAccess(context.principal, 'WRITER');
    return withUserErrors(async () => ({
      app: await this.inTransaction((tx) => this.service.create(tx, context.principal, input)),
    }));
  }

  @Mutation(() => UpdateAppPayload, {
    description:
      'Changes an app. Other domains than the approved ones open a task; CONFLICT where one about yet others waits.',
  })
  updateApp(
    @Ctx() context: RequestContext,
    @Arg('input', () => UpdateAppInput) { appId, ...changes }: UpdateAppInput,
  ): Promise<UpdateAppPayload> {
    requireAccess(context.principal, 'WRITER');
    return withUserErrors(async () => ({
      app: await this.inTransaction((tx) => this.service.update(tx, context.principal, appId, changes)),
    }));
  }
}

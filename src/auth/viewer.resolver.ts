import type { EntityManager } from 'typeorm';
import { Ctx, Field, FieldResolver, ObjectType, Query, Resolver, Root } from 'type-graphql';
import type { Plain } from '../lib/plain.js';
import { AccessToken } from './access-token.entity.js';
import type { AccessTokenService } from './access-token.service.js';
import { Account } from './account.entity.js';
import type { AccountService } from './account.service.js';
import { Role } from './principal.js';
import { RequestContext } from './request-context.js';
import { User } from './user.entity.js';

@ObjectType({ simpleResolvers: true, description: 'Who asks, as this gateway sees it.' })
export class Viewer {
  @Field(() => User, { nullable: true, description: 'Null where the token stands for a machine.' })
  user!: User | null;

  @Field(() => Account, {
    nullable: true,
    description: 'The account that all that is asked and changed belongs to; null until one is selected.',
  })
  account!: Account | null;

  @Field(() => [Account], { description: 'All accounts the caller may choose from, oldest first.' })
  accounts!: Account[];

  @Field(() => [Role], { description: 'Rights in the account; empty where none is selected.' })
  roles!: Role[];
}

@Resolver(() => Viewer)
export class ViewerResolver {
  constructor(
    private readonly reader: EntityManager,
    private readonly accounts: AccountService,
    private readonly accessTokens: AccessTokenService,
  ) {}

  @Query(() => Viewer, { description: 'The caller, its account and its rights.' })
  async viewer(@Ctx() { caller }: RequestContext): Promise<Viewer> {
    const { accountId, userId, role } = caller;
    const open = (await this.accounts.listOpen(caller)).map(({ account }) => account);
    const user = userId === null ? null : await this.reader.findOneBy(User, { id: userId });
    const account = open.find(({ id }) => id === accountId) ?? null;
    return { user, account, accounts: open, roles: role === null ? [] : [role] };
  }

  @FieldResolver(() => [AccessToken], {
    name: 'accessTokens',
    description: 'The tokens of the account, newest first; empty unless the caller is a MANAGER.',
  })
  tokensOf(@Root() _viewer: Plain<Viewer>, @Ctx() { caller }: RequestContext): Promise<AccessToken[]> {
    const isManager = caller.accountId !== null && caller.role === Role.MANAGER;
    return isManager ? this.accessTokens.list(caller.accountId!) : Promise.resolve([]);
  }
}

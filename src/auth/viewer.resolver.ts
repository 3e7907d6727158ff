import { In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Ctx, Field, ObjectType, Query, Resolver } from 'type-graphql';
import { Account } from './account.entity.js';
import { requireAccess, Role } from './principal.js';
import { RequestContext } from './request-context.js';
import { User } from './user.entity.js';

@ObjectType({ simpleResolvers: true, description: 'Who asks, as this gateway sees it.' })
class Viewer {
  @Field(() => User, { nullable: true, description: 'Null where the token stands for a machine.' })
  user!: User | null;

  @Field(() => Account, { description: 'The account that everything asked and changed with this token belongs to.' })
  account!: Account;

  @Field(() => [Account], { description: 'All accounts the caller may choose from.' })
  accounts!: Account[];

  @Field(() => [Role], { description: 'Rights in the account.' })
  roles!: Role[];
}

@Resolver()
export class ViewerResolver {
  constructor(private readonly reader: EntityManager) {}

  @Query(() => Viewer, { description: 'The caller, its account and its rights.' })
  async viewer(@Ctx() { principal }: RequestContext): Promise<Viewer> {
    requireAccess(principal, 'READER');
    const { accountId, userId, role } = principal;
    const account = await this.reader.findOneByOrFail(Account, { id: accountId });
    const user = userId === null ? null : await this.reader.findOneBy(User, { id: In([userId]) });
    return { user, account, accounts: [account], roles: [role] };
  }
}

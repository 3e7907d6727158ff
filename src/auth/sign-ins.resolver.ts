// Sign-ins as part of the audit trail. They belong to no account: an account sees those of its members.
import type { EntityManager } from 'typeorm';
import { Args, Ctx, Query, Resolver } from 'type-graphql';
import { fromRow, selectRows } from '../db/from-row.js';
import { readPage } from '../db/keyset.js';
import { connectionOf, PageArgs, parsePage } from '../lib/paging.js';
import type { Connection } from '../lib/paging.js';
import { Membership } from './membership.entity.js';
import { requireAccess } from './principal.js';
import { RequestContext } from './request-context.js';
import { SignIn } from './sign-in.entity.js';
import { UserStatus } from './user.entity.js';

const SignInConnection = connectionOf(() => SignIn, 'SignIn');

@Resolver()
export class SignInsResolver {
  constructor(private readonly reader: EntityManager) {}

  @Query(() => SignInConnection, {
    description:
      'Who signed in, or tried to, newest first: of the users of the account, from when they joined it. Needs MANAGER.',
  })
  signIns(@Ctx() { principal }: RequestContext, @Args(() => PageArgs) page: PageArgs): Promise<Connection<SignIn>> {
    requireAccess(principal, 'MANAGER');
    const { accountId } = principal;
    const isMember =
      'member.userId = signIn.userId AND member.accountId = :accountId AND member.status <> :pending AND signIn.at >= member.createdAt';
    const parameters = { accountId, pending: UserStatus.PENDING };
    const query = selectRows(this.reader, SignIn, 'signIn').innerJoin(Membership, 'member', isMember, parameters);
    const order = { name: 'AT DESC', column: 'at', descending: true };
    return readPage(query, order, parsePage(page, order.name), (row) => fromRow(SignIn, row));
  }
}

import { Arg, Ctx, Field, ID, InputType, Int, Mutation, ObjectType, Resolver } from 'type-graphql';
import { withoutNulls } from '../lib/json.js';
import type { InTransaction } from '../lib/transaction.js';
import { UserError, withUserErrors } from '../lib/user-error.js';
import { Account } from './account.entity.js';
import type { AccountService } from './account.service.js';
import { RequestContext } from './request-context.js';
import type { SessionService } from './session.service.js';

@InputType({ description: 'A new account.' })
class CreateAccountInput {
  @Field({ description: '1 to 255 characters; not unique.' })
  name!: string;
}

@InputType({ description: 'What to change of the account; what is left out stays.' })
class UpdateAccountInput {
  @Field(() => ID, { description: 'An account that is open to the caller, who must be its manager.' })
  accountId!: string;

  @Field(() => String, { nullable: true, description: '1 to 255 characters.' })
  name?: string | null;

  @Field(() => Int, { nullable: true, description: 'How many managers must approve a task; 1 to 100.' })
  approvalQuorum?: number | null;
}

@InputType({ description: 'Which account to delete.' })
class AccountIdInput {
  @Field(() => ID, { description: 'An account that is open to the caller.' })
  accountId!: string;
}

@InputType({ description: 'Which account a session goes on with.' })
class SelectAccountInput {
  @Field(() => ID, { description: 'An account that is open to the caller, or that it is invited to.' })
  accountId!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Needed to accept an invitation: what its manager was answered.',
  })
  invitation?: string | null;
}

@ObjectType({ simpleResolvers: true, description: 'Either the account or what is wrong with the input.' })
class AccountPayload {
  @Field(() => Account, { nullable: true, description: 'Null where userErrors say why not.' })
  account?: Account | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@ObjectType({ simpleResolvers: true, description: 'Either the id of the account or why it stays.' })
class DeleteAccountPayload {
  @Field(() => ID, { nullable: true, description: 'Of what is gone; null where userErrors say why not.' })
  deletedAccountId?: string | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@Resolver()
export class AccountResolver {
  constructor(
    private readonly service: AccountService,
    private readonly sessions: SessionService,
    private readonly inTransaction: InTransaction,
  ) {}

  @Mutation(() => AccountPayload, {
    description:
      'Makes an account that the calling user manages. FORBIDDEN for tokens of machines and, unless SIGN_UP is open, for who is no manager already.',
  })
  createAccount(
    @Ctx() { caller }: RequestContext,
    @Arg('input', () => CreateAccountInput) input: CreateAccountInput,
  ): Promise<AccountPayload> {
    return withUserErrors(() => this.inTransaction((tx) => this.service.create(tx, caller, input)));
  }

  @Mutation(() => AccountPayload, { description: 'Changes an account. Only its managers may.' })
  updateAccount(
    @Ctx() { caller }: RequestContext,
    @Arg('input', () => UpdateAccountInput) input: UpdateAccountInput,
  ): Promise<AccountPayload> {
    const { accountId, ...changes } = withoutNulls({ ...input });
    return withUserErrors(() =>
      this.inTransaction((tx) => this.service.update(tx, caller, accountId.toLowerCase(), changes as object)),
    );
  }

  @Mutation(() => DeleteAccountPayload, {
    description: 'Deletes an empty account. Only its managers may. CONFLICT while it has apps, builds, jobs or tasks.',
  })
  deleteAccount(
    @Ctx() { caller }: RequestContext,
    @Arg('input', () => AccountIdInput) { accountId }: AccountIdInput,
  ): Promise<DeleteAccountPayload> {
    return withUserErrors(async () => {
      await this.inTransaction((tx) => this.service.delete(tx, caller, accountId.toLowerCase()));
      return { deletedAccountId: accountId };
    });
  }

  @Mutation(() => AccountPayload, {
    description:
      'Goes on in another account, from the next request of the session on. NOT_FOUND for one that is not open to the caller; a token without a session stays in its own.',
  })
  selectAccount(
    @Ctx() { caller }: RequestContext,
    @Arg('input', () => SelectAccountInput) { accountId, invitation }: SelectAccountInput,
  ): Promise<AccountPayload> {
    return withUserErrors(async () => {
      const id = accountId.toLowerCase();
      await this.inTransaction((tx) => this.sessions.selectAccount(tx, caller, id, invitation ?? undefined));
      return { account: (await this.service.getOpen(caller, id)).account };
    });
  }
}

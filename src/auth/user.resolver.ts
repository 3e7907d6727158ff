import { Arg, Args, Ctx, Field, Mutation, ObjectType, Query, Resolver } from 'type-graphql';
import { withoutNulls } from '../lib/json.js';
import { connectionOf, PageArgs } from '../lib/paging.js';
import type { Connection } from '../lib/paging.js';
import type { InTransaction } from '../lib/transaction.js';
import { UserError, withUserErrors } from '../lib/user-error.js';
import type { MemberQuery } from './member.query.js';
import { checkPassword, hashPassword } from './passwords.js';
import { highest, requireAccess, Role } from './principal.js';
import { RequestContext } from './request-context.js';
import { User, UserStatus } from './user.entity.js';
import { CreateUserInput, InviteUserInput, RemoveUserInput, UpdateUserInput } from './user.input.js';
import type { Member as StoredMember, UserService } from './user.service.js';

@ObjectType({ simpleResolvers: true, description: 'A user as an account knows it.' })
class Member {
  @Field(() => User, { description: 'The person.' })
  user!: User;

  @Field(() => Role, { nullable: true, description: 'Rights in the account; null where none is selected.' })
  role!: Role | null;

  @Field(() => UserStatus, { nullable: true, description: 'Whether the account is open to the person.' })
  accountStatus!: UserStatus | null;
}

export const MemberConnection = connectionOf(() => Member, 'Member');

@ObjectType({ simpleResolvers: true, description: 'Either the user or what is wrong with the input.' })
class MemberPayload {
  @Field(() => Member, { nullable: true, description: 'Null where userErrors say why not, and for who was removed.' })
  member?: StoredMember | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@ObjectType({ simpleResolvers: true, description: 'Either the user or what is wrong with the input.' })
class InviteUserPayload extends MemberPayload {
  @Field(() => String, {
    nullable: true,
    description:
      'Valid for seven days and shown this once: hand it over. The password for the first sign-in of a new user; who was a user before accepts with it (selectAccount).',
  })
  secret?: string | null;
}

type WithoutNulls<T> = { [Key in keyof T]: Exclude<T[Key], null> };

@Resolver()
export class UserResolver {
  constructor(
    private readonly query: MemberQuery,
    private readonly service: UserService,
    private readonly inTransaction: InTransaction,
  ) {}

  @Query(() => MemberConnection, { description: 'The users of the account, newest first.' })
  users(
    @Ctx() { principal }: RequestContext,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('text', () => String, { nullable: true, description: 'Contained in address or name, whatever the case.' })
    text?: string | null,
  ): Promise<Connection<StoredMember>> {
    requireAccess(principal, 'READER');
    return this.query.list(principal.accountId, page, text);
  }

  @Mutation(() => MemberPayload, {
    description: 'Makes a user in the account. Only managers may. CONFLICT where the address is known already.',
  })
  createUser(
    @Ctx() { principal }: RequestContext,
    @Arg('input', () => CreateUserInput) { password, roles, ...input }: CreateUserInput,
  ): Promise<MemberPayload> {
    requireAccess(principal, 'MANAGER');
    return withUserErrors(async () => {
      checkPassword(password, 'password');
      await this.service.checkNew(input);
      const hash = await hashPassword(password);
      const given = { ...input, role: highest(roles) };
      return { member: await this.inTransaction((tx) => this.service.create(tx, principal, given, hash)) };
    });
  }

  @Mutation(() => InviteUserPayload, {
    description: 'Lets somebody into the account, who may be known here already. Only managers may.',
  })
  inviteUser(
    @Ctx() { principal }: RequestContext,
    @Arg('input', () => InviteUserInput) { roles, ...input }: InviteUserInput,
  ): Promise<InviteUserPayload> {
    requireAccess(principal, 'MANAGER');
    return withUserErrors(async () => {
      const given = { ...input, role: highest(roles) };
      return this.inTransaction((tx) => this.service.invite(tx, principal, given));
    });
  }

  @Mutation(() => MemberPayload, {
    description: 'Changes names (the user itself) or rights (a manager). CONFLICT for the last manager of the account.',
  })
  updateUser(
    @Ctx() { caller }: RequestContext,
    @Arg('input', () => UpdateUserInput) input: UpdateUserInput,
  ): Promise<MemberPayload> {
    const { userId, roles, ...changes } = withoutNulls({ ...input }) as WithoutNulls<UpdateUserInput>;
    return withUserErrors(async () => {
      const role = roles && highest(roles);
      const id = userId.toLowerCase();
      return { member: await this.inTransaction((tx) => this.service.update(tx, caller, id, { ...changes, role })) };
    });
  }

  @Mutation(() => MemberPayload, {
    description: 'Takes a user out of the account: by itself or by a manager. CONFLICT for the last manager.',
  })
  removeUser(
    @Ctx() { principal }: RequestContext,
    @Arg('input', () => RemoveUserInput) { userId }: RemoveUserInput,
  ): Promise<MemberPayload> {
    requireAccess(principal, 'READER');
    return withUserErrors(async () => {
      await this.inTransaction((tx) => this.service.remove(tx, principal, userId.toLowerCase()));
      return { member: null };
    });
  }
}

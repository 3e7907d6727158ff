// What callers do with their own session, password and user. Signing in is REST: POST /v1/sys/auth.
import { Arg, Ctx, Field, Mutation, ObjectType, Resolver } from 'type-graphql';
import { CatalogError } from '../lib/errors.js';
import type { InTransaction } from '../lib/transaction.js';
import { UserError, withUserErrors } from '../lib/user-error.js';
import type { ChangePassword } from './change-password.js';
import type { Caller } from './principal.js';
import { RequestContext } from './request-context.js';
import { Session } from './session.entity.js';
import type { SessionInfo, SessionService } from './session.service.js';
import { ChangePasswordInput } from './user.input.js';
import type { UserService } from './user.service.js';

@ObjectType({ simpleResolvers: true, description: 'What is wrong with the input.' })
class ChangePasswordPayload {
  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@ObjectType({ simpleResolvers: true, description: 'How long the session goes on.' })
class RefreshSessionPayload {
  @Field(() => Session, { nullable: true, description: 'As it is now; null where userErrors say why it is not.' })
  session?: SessionInfo | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@ObjectType({ simpleResolvers: true, description: 'Why the session goes on, if it does.' })
class EndSessionPayload {
  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@ObjectType({ simpleResolvers: true, description: 'Why the user is still there, if so.' })
class DeleteOwnUserPayload {
  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@Resolver()
export class OneselfResolver {
  constructor(
    private readonly sessions: SessionService,
    private readonly users: UserService,
    private readonly passwords: ChangePassword,
    private readonly inTransaction: InTransaction,
  ) {}

  @Mutation(() => ChangePasswordPayload, { description: "Sets the caller's password and ends its other sessions." })
  changePassword(
    @Ctx() { caller, address }: RequestContext,
    @Arg('input', () => ChangePasswordInput) { currentPassword, newPassword }: ChangePasswordInput,
  ): Promise<ChangePasswordPayload> {
    requireUser(caller, 'A token for a machine has no password.');
    return withUserErrors(async () => {
      await this.passwords.change(caller, currentPassword, newPassword, address);
      return {};
    });
  }

  @Mutation(() => RefreshSessionPayload, {
    description:
      "Makes the caller's token valid for another hour. Tokens of machines and of other issuers stay as they are, and answer an end a day ahead. The end of a cookie moves by POST /v1/sys/session/refresh only.",
  })
  refreshSession(@Ctx() { caller }: RequestContext): Promise<RefreshSessionPayload> {
    return withUserErrors(async () => ({
      session: await this.inTransaction((tx) => this.sessions.refresh(tx, caller)),
    }));
  }

  @Mutation(() => EndSessionPayload, {
    description:
      'Signs the caller out: its token is void from the next request on. Tokens of machines and of other issuers have no session, and stay valid.',
  })
  endSession(@Ctx() { caller }: RequestContext): Promise<EndSessionPayload> {
    return withUserErrors(async () => {
      await this.inTransaction((tx) => this.sessions.end(tx, caller));
      return {};
    });
  }

  @Mutation(() => DeleteOwnUserPayload, {
    description:
      'Forgets the calling user, with its sessions, and takes it out of all accounts; what it did stays in their logs. CONFLICT for the last manager of an account. FORBIDDEN for tokens of machines.',
  })
  deleteOwnUser(@Ctx() { caller }: RequestContext): Promise<DeleteOwnUserPayload> {
    const userId = requireUser(caller, 'A token for a machine is no user: revokeAccessToken makes it void.');
    return withUserErrors(async () => {
      await this.inTransaction((tx) => this.users.delete(tx, caller, userId));
      return {};
    });
  }
}

/** The user that calls; throws FORBIDDEN for a machine. */
function requireUser({ userId }: Caller, message: string): string {
  if (userId === null) throw new CatalogError('FORBIDDEN', message);
  return userId;
}

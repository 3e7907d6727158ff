import { Arg, Ctx, Field, FieldResolver, ID, InputType, Mutation, ObjectType, Resolver, Root } from 'type-graphql';
import type { Plain } from '../lib/plain.js';
import type { InTransaction } from '../lib/transaction.js';
import { UserError, withUserErrors } from '../lib/user-error.js';
import { AccessToken } from './access-token.entity.js';
import type { AccessTokenService } from './access-token.service.js';
import { MachineInput } from './machine.input.js';
import { requireAccess, Role } from './principal.js';
import { RequestContext } from './request-context.js';

@InputType({ description: 'A new token for a machine.' })
class CreateAccessTokenInput extends MachineInput {}

@ObjectType({ simpleResolvers: true, description: 'Either the token or what is wrong with the input.' })
class CreateAccessTokenPayload {
  @Field(() => AccessToken, { nullable: true, description: 'What is kept of it; null where userErrors say why not.' })
  accessToken?: AccessToken | null;

  @Field(() => String, { nullable: true, description: 'The token itself. It is shown this once and kept nowhere.' })
  secret?: string | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@InputType({ description: 'Which token to make void.' })
class RevokeAccessTokenInput {
  @Field(() => ID, { description: 'Id of the token, not its text.' })
  accessTokenId!: string;
}

@ObjectType({ simpleResolvers: true, description: 'Either the id of the token or why it can not be revoked.' })
class RevokeAccessTokenPayload {
  @Field(() => ID, { nullable: true, description: 'Of the token that is void now; null where userErrors say why not.' })
  revokedAccessTokenId?: string | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@Resolver(() => AccessToken)
export class AccessTokenResolver {
  constructor(
    private readonly service: AccessTokenService,
    private readonly inTransaction: InTransaction,
  ) {}

  @Mutation(() => CreateAccessTokenPayload, {
    description: 'Makes a token that a machine signs in with. Only managers may. What it does counts as done by them.',
  })
  createAccessToken(
    @Ctx() { principal }: RequestContext,
    @Arg('input', () => CreateAccessTokenInput) input: CreateAccessTokenInput,
  ): Promise<CreateAccessTokenPayload> {
    requireAccess(principal, 'MANAGER');
    return withUserErrors(() => this.inTransaction((tx) => this.service.create(tx, principal, input)));
  }

  @Mutation(() => RevokeAccessTokenPayload, { description: 'Makes a token void at once. Only managers may.' })
  revokeAccessToken(
    @Ctx() { principal }: RequestContext,
    @Arg('input', () => RevokeAccessTokenInput) { accessTokenId }: RevokeAccessTokenInput,
  ): Promise<RevokeAccessTokenPayload> {
    requireAccess(principal, 'MANAGER');
    return withUserErrors(async () => {
      const { id } = await this.inTransaction((tx) => this.service.revoke(tx, principal, accessTokenId));
      return { revokedAccessTokenId: id };
    });
  }

  @FieldResolver(() => [Role], { description: 'What it may do in the account.' })
  roles(@Root() { role }: Plain<AccessToken>): Role[] {
    return [role];
  }
}

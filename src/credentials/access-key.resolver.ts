import { Arg, Ctx, Field, FieldResolver, ID, InputType, Mutation, ObjectType, Resolver, Root } from 'type-graphql';
import { MachineInput } from '../auth/machine.input.js';
import { requireAccess, Role } from '../auth/principal.js';
import { RequestContext } from '../auth/request-context.js';
import { Viewer } from '../auth/viewer.resolver.js';
import type { Plain } from '../lib/plain.js';
import type { InTransaction } from '../lib/transaction.js';
import { UserError, withUserErrors } from '../lib/user-error.js';
import { AccessKey } from './access-key.entity.js';
import type { AccessKeyQuery } from './access-key.query.js';
import type { AccessKeyService } from './access-key.service.js';

@InputType({ description: 'A new access key.' })
class CreateAwsAccessKeyInput extends MachineInput {}

@ObjectType({ simpleResolvers: true, description: 'Either the access key or what is wrong with the input.' })
class CreateAwsAccessKeyPayload {
  @Field(() => AccessKey, { nullable: true, description: 'What is kept of it; null where userErrors say why not.' })
  awsAccessKey?: AccessKey | null;

  @Field(() => String, {
    nullable: true,
    description: 'What a client is configured with (`AWS_SECRET_ACCESS_KEY`), 40 characters. It is shown this once.',
  })
  secretAccessKey?: string | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@InputType({ description: 'Which access key to make void.' })
class RevokeAwsAccessKeyInput {
  @Field(() => ID, { description: '`AKIA...`' })
  accessKeyId!: string;
}

@ObjectType({ simpleResolvers: true, description: 'Either the access key or why it can not be revoked.' })
class RevokeAwsAccessKeyPayload {
  @Field(() => ID, { nullable: true, description: 'Of the key that is void now; null where userErrors say why not.' })
  revokedAccessKeyId?: string | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@Resolver(() => AccessKey)
export class AccessKeyResolver {
  constructor(
    private readonly service: AccessKeyService,
    private readonly inTransaction: InTransaction,
  ) {}

  @Mutation(() => CreateAwsAccessKeyPayload, {
    description:
      'Makes an access key for the Image Builder interface of this gateway. Only managers may. What it does counts as done by them.',
  })
  createAwsAccessKey(
    @Ctx() { principal }: RequestContext,
    @Arg('input', () => CreateAwsAccessKeyInput) input: CreateAwsAccessKeyInput,
  ): Promise<CreateAwsAccessKeyPayload> {
    requireAccess(principal, 'MANAGER');
    return withUserErrors(async () => {
      const { accessKey, secret } = await this.inTransaction((tx) => this.service.create(tx, principal, input));
      return { awsAccessKey: accessKey, secretAccessKey: secret };
    });
  }

  @Mutation(() => RevokeAwsAccessKeyPayload, {
    description:
      'Makes an access key void at once. Only managers may. NOT_FOUND where the account has none of that id.',
  })
  revokeAwsAccessKey(
    @Ctx() { principal }: RequestContext,
    @Arg('input', () => RevokeAwsAccessKeyInput) { accessKeyId }: RevokeAwsAccessKeyInput,
  ): Promise<RevokeAwsAccessKeyPayload> {
    requireAccess(principal, 'MANAGER');
    return withUserErrors(async () => {
      const revoked = await this.inTransaction((tx) => this.service.revoke(tx, principal, accessKeyId));
      return { revokedAccessKeyId: revoked.accessKeyId };
    });
  }

  @FieldResolver(() => [Role], { description: 'What it may do in the account.' })
  roles(@Root() { role }: Plain<AccessKey>): Role[] {
    return [role];
  }
}

@Resolver(() => Viewer)
export class ViewerAccessKeysResolver {
  constructor(private readonly accessKeys: AccessKeyQuery) {}

  @FieldResolver(() => [AccessKey], {
    name: 'awsAccessKeys',
    description: 'The access keys of the account, newest first; empty unless the caller is a MANAGER.',
  })
  keysOf(@Root() _viewer: Plain<Viewer>, @Ctx() { caller }: RequestContext): Promise<AccessKey[]> {
    const isManager = caller.accountId !== null && caller.role === Role.MANAGER;
    return isManager ? this.accessKeys.list(caller.accountId!) : Promise.resolve([]);
  }
}

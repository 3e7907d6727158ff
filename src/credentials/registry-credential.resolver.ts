import { Arg, Args, Ctx, Field, ID, Mutation, ObjectType, Query, Resolver } from 'type-graphql';
import { requireAccess } from '../auth/principal.js';
import { RequestContext } from '../auth/request-context.js';
import { connectionOf, PageArgs } from '../lib/paging.js';
import type { Connection } from '../lib/paging.js';
import type { InTransaction } from '../lib/transaction.js';
import { UserError, withUserErrors } from '../lib/user-error.js';
import { RegistryCredential } from './registry-credential.entity.js';
import {
  CreateRegistryCredentialInput,
  DeleteRegistryCredentialInput,
  UpdateRegistryCredentialInput,
} from './registry-credential.input.js';
import type { RegistryCredentialService } from './registry-credential.service.js';

export const RegistryCredentialConnection = connectionOf(() => RegistryCredential, 'RegistryCredential');

@ObjectType({ simpleResolvers: true, description: 'Either the stored login or what is wrong with the input.' })
class RegistryCredentialPayload {
  @Field(() => RegistryCredential, {
    nullable: true,
    description: 'As it is now, or was when deleted; null where userErrors say why nothing changed.',
  })
  registryCredential?: RegistryCredential | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@ObjectType({ simpleResolvers: true, description: 'Either the new login or what is wrong with the input.' })
class CreateRegistryCredentialPayload extends RegistryCredentialPayload {}

@ObjectType({ simpleResolvers: true, description: 'Either the changed login or what is wrong with the input.' })
class UpdateRegistryCredentialPayload extends RegistryCredentialPayload {}

@ObjectType({ simpleResolvers: true, description: 'Either the login that is gone or why it is not.' })
class DeleteRegistryCredentialPayload extends RegistryCredentialPayload {}

@Resolver()
export class RegistryCredentialResolver {
  constructor(
    private readonly service: RegistryCredentialService,
    private readonly inTransaction: InTransaction,
  ) {}

  @Query(() => RegistryCredentialConnection, {
    description: 'The logins for docker registries that the account keeps, without passwords, by scope.',
  })
  registryCredentials(
    @Ctx() { principal }: RequestContext,
    @Args(() => PageArgs) page: PageArgs,
  ): Promise<Connection<RegistryCredential>> {
    requireAccess(principal, 'READER');
    return this.service.list(principal.accountId, page);
  }

  @Query(() => RegistryCredential, {
    nullable: true,
    description: 'One stored login, without its password; null where this account has none of that id.',
  })
  registryCredential(
    @Ctx() context: RequestContext,
    @Arg('id', () => ID) id: string,
  ): Promise<RegistryCredential | null> {
    requireAccess(context.principal, 'READER');
    return context.load(this.service, id);
  }

  @Query(() => RegistryCredential, {
    nullable: true,
    description:
      'The stored login that conversions use for an image, which is the one of the longest scope that covers it; null where none does. BAD_USER_INPUT for what is no name of an image.',
  })
  async registryCredentialForImage(
    @Ctx() { principal }: RequestContext,
    @Arg('imageName', () => String, {
      description: '`[host[:port]/]repository[:tag][@digest]`; Docker Hub where no host is given.',
    })
    imageName: string,
  ): Promise<RegistryCredential | null> {
    requireAccess(principal, 'READER');
    return (await this.service.forImage(principal.accountId, imageName)) ?? null;
  }

  @Mutation(() => CreateRegistryCredentialPayload, {
    description:
      'Stores a login. Conversions that bring none for an image use the one with the longest scope that covers it. CONFLICT where there is one for the same scope.',
  })
  createRegistryCredential(
    @Ctx() { principal }: RequestContext,
    @Arg('input', () => CreateRegistryCredentialInput) input: CreateRegistryCredentialInput,
  ): Promise<CreateRegistryCredentialPayload> {
    requireAccess(principal, 'WRITER');
    return withUserErrors(async () => ({
      registryCredential: await this.inTransaction((tx) => this.service.create(tx, principal, input)),
    }));
  }

  @Mutation(() => UpdateRegistryCredentialPayload, { description: 'Changes a stored login. NOT_FOUND for none.' })
  updateRegistryCredential(
    @Ctx() { principal }: RequestContext,
    @Arg('input', () => UpdateRegistryCredentialInput) input: UpdateRegistryCredentialInput,
  ): Promise<UpdateRegistryCredentialPayload> {
    requireAccess(principal, 'WRITER');
    const { registryCredentialId: id, ...changes } = input;
    return withUserErrors(async () => ({
      registryCredential: await this.inTransaction((tx) => this.service.update(tx, principal, id, changes)),
    }));
  }

  @Mutation(() => DeleteRegistryCredentialPayload, {
    description: 'Forgets a stored login; conversions that run go on with it. NOT_FOUND for none.',
  })
  deleteRegistryCredential(
    @Ctx() { principal }: RequestContext,
    @Arg('input', () => DeleteRegistryCredentialInput) { registryCredentialId: id }: DeleteRegistryCredentialInput,
  ): Promise<DeleteRegistryCredentialPayload> {
    requireAccess(principal, 'WRITER');
    return withUserErrors(async () => ({
      registryCredential: await this.inTransaction((tx) => this.service.delete(tx, principal, id)),
    }));
  }
}

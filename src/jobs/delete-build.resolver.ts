import { Arg, Ctx, Field, ID, InputType, Mutation, ObjectType, Resolver } from 'type-graphql';
import { requireAccess } from '../auth/principal.js';
import { RequestContext } from '../auth/request-context.js';
import type { InTransaction } from '../lib/transaction.js';
import { UserError, withUserErrors } from '../lib/user-error.js';
import type { DeleteBuild } from './delete-build.js';

@InputType({ description: 'Which build to delete.' })
class DeleteBuildInput {
  @Field(() => ID, { description: 'NOT_FOUND where this account has no such build, CONFLICT while it is DEPLOYED.' })
  buildId!: string;
}

@ObjectType({ simpleResolvers: true, description: 'Either the id of what is gone or why it stays.' })
class DeleteBuildPayload {
  @Field(() => ID, { nullable: true, description: 'Of the deleted build; null where userErrors say why not.' })
  deletedBuildId?: string | null;

  @Field(() => [UserError], { description: 'Empty where all went well.' })
  userErrors!: UserError[];
}

@Resolver()
export class DeleteBuildResolver {
  constructor(
    private readonly deletion: DeleteBuild,
    private readonly inTransaction: InTransaction,
  ) {}

  @Mutation(() => DeleteBuildPayload, {
    description:
      'Deletes a build, approved or not; its image stays where it is, but for one of Cycle made here, whose bytes a job frees. A review that waits ends as FAILED. CONFLICT while it is DEPLOYED or imported.',
  })
  deleteBuild(
    @Ctx() context: RequestContext,
    @Arg('input', () => DeleteBuildInput) { buildId }: DeleteBuildInput,
  ): Promise<DeleteBuildPayload> {
    requireAccess(context.principal, 'WRITER');
    return withUserErrors(async () => {
      await this.inTransaction((tx) => this.deletion.delete(tx, context.principal, buildId));
      return { deletedBuildId: buildId.toLowerCase() };
    });
  }
}

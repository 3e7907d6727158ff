import { Field, ID, InputType } from 'type-graphql';
import { BuildStatusType } from '../builds/build-parts.js';
import { badInput } from '../lib/errors.js';
import { isUuid } from '../lib/ids.js';
import { DeploymentState } from './deployment.entity.js';

@InputType({ description: 'What a node says of a build on it. Reported again, it replaces what the node said before.' })
export class ReportDeploymentInput {
  @Field(() => ID, { description: 'The build; NOT_FOUND where the account has none of that id.' })
  buildId!: string;

  @Field(() => ID, { description: 'UUID that the node goes by; whoever reports chooses it once.' })
  nodeId!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Name of the node, at most 255 characters; what it was, or empty, where left out.',
  })
  nodeName?: string | null;

  @Field(() => DeploymentState, { description: 'While any node says RUNNING, the build is DEPLOYED.' })
  status!: DeploymentState;

  @Field(() => Date, {
    nullable: true,
    description: 'When the node was last attested; what it was, or null, where left out.',
  })
  attestedAt?: Date | null;
}

@InputType({
  description:
    'Which deployments to list; what is left out does not restrict. What runs that nobody approved: `{ review: [PENDING, REJECTED], status: [RUNNING] }`.',
})
export class DeploymentFilter {
  @Field(() => [BuildStatusType], {
    nullable: true,
    description: 'Where the review of the build stands. A build that was never reviewed counts as PENDING.',
  })
  review?: BuildStatusType[] | null;

  @Field(() => [DeploymentState], { nullable: true, description: 'What the node said last.' })
  status?: DeploymentState[] | null;

  @Field(() => ID, { nullable: true, description: 'Only where this build runs or ran.' })
  buildId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Only what runs or ran on this node.' })
  nodeId?: string | null;

  @Field(() => String, { nullable: true, description: 'Contained in the name of the node, whatever the case.' })
  text?: string | null;
}

const MAX_NODE_NAME = 255;

/** What GraphQL's types do not say already; throws BAD_USER_INPUT. */
export function checkReport({ nodeId, nodeName, attestedAt }: ReportDeploymentInput): void {
  if (!isUuid(nodeId)) throw badInput('`nodeId` must be a UUID.', 'nodeId');
  if ((nodeName ?? '').length > MAX_NODE_NAME)
    throw badInput(`\`nodeName\` must have at most ${MAX_NODE_NAME} characters.`, 'nodeName');
  if (attestedAt && Number.isNaN(attestedAt.getTime())) throw badInput('`attestedAt` must be a time.', 'attestedAt');
}

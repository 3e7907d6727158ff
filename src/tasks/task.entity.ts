// An approval that waits for a decision, or got one (reference: CCM's Task).
import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { Entity, ForeignKey, Index } from 'typeorm';
import { Account } from '../auth/account.entity.js';
import { IdColumn, JsonColumn, PrimaryIdColumn, TimeColumn, WordColumn } from '../db/columns.js';
import type { Actor } from '../events/catalog-log.entity.js';
import { Node } from '../lib/node.js';

export enum TaskType {
  BUILD_WHITELIST = 'BUILD_WHITELIST',
  DOMAIN_WHITELIST = 'DOMAIN_WHITELIST',
}
registerEnumType(TaskType, {
  name: 'TaskType',
  description: "What is to be decided. CCM's NODE_ATTESTATION and CERTIFICATE_ISSUANCE do not occur here.",
  valuesConfig: {
    BUILD_WHITELIST: { description: 'Shall this build be trusted?' },
    DOMAIN_WHITELIST: { description: 'May this app have certificates for these domains?' },
  },
});

export enum TaskStatus {
  INPROGRESS = 'INPROGRESS',
  SUCCESS = 'SUCCESS',
  DENIED = 'DENIED',
  FAILED = 'FAILED',
}
registerEnumType(TaskStatus, {
  name: 'TaskStatus',
  description: "CCM's TaskStatusType.",
  valuesConfig: {
    INPROGRESS: { description: 'Waiting for a decision.' },
    SUCCESS: { description: 'Approved.' },
    DENIED: { description: 'Denied.' },
    FAILED: { description: 'Closed without a decision.' },
  },
});

export enum ApprovalStatus {
  APPROVED = 'APPROVED',
  DENIED = 'DENIED',
}
registerEnumType(ApprovalStatus, {
  name: 'ApprovalStatus',
  description: 'How one person decided.',
  valuesConfig: {
    APPROVED: { description: 'In favour; a build becomes WHITELISTED by it.' },
    DENIED: { description: 'Against; a build becomes REJECTED by it.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'Who asked for or decided something.' })
export class TaskActor {
  @Field(() => ID, { nullable: true, description: 'Id of the user or token; null for the gateway itself.' })
  id!: string | null;

  @Field({ description: 'As it was then: of the user or of the token; renaming either does not change it.' })
  name!: string;
}

@ObjectType({ simpleResolvers: true, description: 'One decision on a task.' })
export class Approval {
  @Field(() => TaskActor, { description: 'Who decided, be it a person or a token that stands for a machine.' })
  user!: Actor;

  @Field(() => ApprovalStatus, { description: 'Which way it went; `reason` may say why.' })
  status!: ApprovalStatus;

  /** Text, because it stands in a document. */
  @Field(() => Date, { description: 'When it was decided, by the clock of the gateway.' })
  at!: string;

  @Field(() => String, { nullable: true, description: 'Why it was denied.' })
  reason!: string | null;
}

@ObjectType({
  implements: Node,
  simpleResolvers: true,
  description: 'An approval that waits for a decision, or got one.',
})
@Entity('task')
@ForeignKey(() => Account, ['accountId'], ['id'])
@Index('task_created', ['accountId', 'createdAt', 'id'])
export class Task implements Node {
  @PrimaryIdColumn()
  accountId!: string;

  @Field(() => ID, { description: "UUID; CCM's task_id." })
  @PrimaryIdColumn()
  id!: string;

  @Field(() => TaskType, {
    description: 'Says what `subject` is: a build for BUILD_WHITELIST, an app for DOMAIN_WHITELIST.',
  })
  @WordColumn()
  type!: TaskType;

  @Field(() => TaskStatus, { description: 'INPROGRESS until it is decided or closed.' })
  @WordColumn()
  status!: TaskStatus;

  /** The build or app it is about; the field `subject` is added where those are known. */
  @IdColumn()
  subjectId!: string;

  @Field(() => TaskActor, { description: 'Who asked for the decision.' })
  @JsonColumn()
  requester!: Actor;

  @Field(() => [Approval], { description: 'The decisions so far, oldest first.' })
  @JsonColumn()
  approvals!: Approval[];

  @Field({ description: 'When the decision was asked for.' })
  @TimeColumn()
  createdAt!: Date;

  @Field({ description: 'When its status last changed.' })
  @TimeColumn()
  updatedAt!: Date;
}

// One build on one node, as the node reports it.
import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { Entity, ForeignKey, Index } from 'typeorm';
import { Account } from '../auth/account.entity.js';
import { Build } from '../builds/build.entity.js';
import { IdColumn, PrimaryIdColumn, TimeColumn, WordColumn } from '../db/columns.js';

export enum DeploymentState {
  RUNNING = 'RUNNING',
  STOPPED = 'STOPPED',
  UNKNOWN = 'UNKNOWN',
}
registerEnumType(DeploymentState, {
  name: 'DeploymentState',
  description: "What a node says of a build on it. CCM's AppStatusType.",
  valuesConfig: {
    RUNNING: { description: 'It runs; one such node makes a build DEPLOYED.' },
    STOPPED: { description: 'It ran, and does not any more.' },
    UNKNOWN: { description: 'The node can not tell.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'One build on one node, as the node reports it.' })
@Entity('deployment')
@ForeignKey(() => Account, ['accountId'], ['id'])
@ForeignKey(() => Build, ['accountId', 'buildId'], ['accountId', 'id'], { onDelete: 'CASCADE' })
@Index('deployment_node', ['accountId', 'nodeId', 'buildId'], { unique: true })
@Index('deployment_build', ['accountId', 'buildId'])
@Index('deployment_created', ['accountId', 'createdAt', 'id'])
export class Deployment {
  @PrimaryIdColumn()
  accountId!: string;

  @Field(() => ID, { description: 'UUID.' })
  @PrimaryIdColumn()
  id!: string;

  /** The field `build` is added where builds are loaded. */
  @IdColumn()
  buildId!: string;

  @Field(() => ID, { description: 'UUID that the node goes by; chosen by whoever reports.' })
  @IdColumn()
  nodeId!: string;

  @Field({ description: 'Name of the node; empty where none was reported.' })
  @WordColumn()
  nodeName!: string;

  @Field(() => DeploymentState, { description: 'What the node said last.' })
  @WordColumn()
  status!: DeploymentState;

  @Field({ description: 'When the status last changed.' })
  @TimeColumn()
  statusUpdatedAt!: Date;

  @Field(() => Date, { nullable: true, description: 'When the node was last attested, by its own word.' })
  @TimeColumn({ nullable: true })
  attestedAt!: Date | null;

  @Field({ description: 'When the node reported the build for the first time.' })
  @TimeColumn()
  createdAt!: Date;

  @Field({ description: 'When the node last reported it.' })
  @TimeColumn()
  updatedAt!: Date;
}

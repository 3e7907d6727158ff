import { Field, ID, ObjectType } from 'type-graphql';
import { Entity, Index } from 'typeorm';
import { IdColumn, PrimaryIdColumn, TimeColumn, WordColumn } from '../db/columns.js';

@ObjectType({
  simpleResolvers: true,
  description: "A tenant. CCM's account, Cycle's hub and the AWS account of an ARN are one account here.",
})
@Entity('account')
export class Account {
  @Field(() => ID, { description: "UUID; CCM's acct_id." })
  @PrimaryIdColumn()
  id!: string;

  @Field({ description: 'Free text, not unique; `default` for the account that the first start makes.' })
  @WordColumn()
  name!: string;

  @Field({ description: 'Twenty-four hex digits: the hub id of Cycle.' })
  @Index('account_hub', { unique: true })
  @IdColumn()
  hubId!: string;

  @Field({ description: 'Twelve digits: the AWS account in ARNs.' })
  @Index('account_aws', { unique: true })
  @IdColumn()
  awsAccountId!: string;

  @TimeColumn()
  createdAt!: Date;
}

import { Field, ID, ObjectType } from 'type-graphql';
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { TimeColumn } from '../db/columns.js';

@ObjectType({
  simpleResolvers: true,
  description: "A tenant. CCM's account, Cycle's hub and the AWS account of an ARN are one account here.",
})
@Entity('account')
export class Account {
  @Field(() => ID, { description: "UUID; CCM's acct_id." })
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  @Field()
  @Column({ type: 'varchar', length: 255 })
  name!: string;

  @Field({ description: 'Twenty-four hex digits: the hub id of Cycle.' })
  @Index('account_hub', { unique: true })
  @Column({ type: 'varchar', length: 36 })
  hubId!: string;

  @Field({ description: 'Twelve digits: the AWS account in ARNs.' })
  @Index('account_aws', { unique: true })
  @Column({ type: 'varchar', length: 36 })
  awsAccountId!: string;

  @TimeColumn()
  createdAt!: Date;
}

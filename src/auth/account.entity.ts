import { Field, ID, Int, ObjectType } from 'type-graphql';
import { Column, Entity, Index } from 'typeorm';
import { IdColumn, JsonColumn, PrimaryIdColumn, TimeColumn, WordColumn } from '../db/columns.js';

/** What CCM's clients set on an account and read back; nothing here acts on it. */
export interface AccountSettings {
  /** base64. */
  customLogo?: string;
  component?: 'DEFAULT' | 'CONFIDENTIAL_AI';
  defaultGroupId?: string;
  marketplaceGroupId?: string;
  azureCvmPcrPriority?: number[];
  nodeEnrollment?: { isAttestationEnforcementDisabled: boolean };
}

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

  @Field(() => Int, {
    description: 'How many managers must approve a task before it counts; at least 1. One denial decides.',
  })
  @Column({ type: 'integer', default: 1 })
  approvalQuorum!: number;

  @JsonColumn({ nullable: true })
  settings!: AccountSettings | null;

  @Field({ description: 'When it was made.' })
  @TimeColumn()
  createdAt!: Date;
}

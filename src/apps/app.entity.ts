// What builds belong to (reference: CCM's App, in camelCase and with units in names).
import { GraphQLJSONObject, GraphQLSafeInt } from 'graphql-scalars';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { Column, Entity, ForeignKey, Index } from 'typeorm';
import { Account } from '../auth/account.entity.js';
import { IdColumn, JsonColumn, PrimaryIdColumn, TextColumn, TimeColumn, WordColumn } from '../db/columns.js';
import { Node } from '../lib/node.js';
import { Task } from '../tasks/task.entity.js';
import { AdvancedSettings } from './advanced-settings.js';
import { AppSigner, CertificatePolicy, DefaultBuildSettings } from './app-settings.js';

@ObjectType({ implements: Node, simpleResolvers: true, description: 'An application that builds belong to.' })
@Entity('app')
@ForeignKey(() => Account, ['accountId'], ['id'])
@ForeignKey(() => Task, ['accountId', 'pendingTaskId'], ['accountId', 'id'])
@Index('app_name', ['accountId', 'name'], { unique: true })
@Index('app_created', ['accountId', 'createdAt', 'id'])
export class App implements Node {
  @PrimaryIdColumn()
  accountId!: string;

  @Field(() => ID, { description: "UUID; CCM's app_id." })
  @PrimaryIdColumn()
  id!: string;

  @Field({ description: 'Unique in the account, 1 to 255 characters.' })
  @WordColumn()
  name!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Free text, which the filter of `apps` searches too; null where left out.',
  })
  @TextColumn({ nullable: true })
  description!: string | null;

  @Field({ description: 'Docker image that conversions start from, without a tag.' })
  @TextColumn()
  inputImageName!: string;

  @Field({ description: 'Docker image that conversions write, without a tag.' })
  @TextColumn()
  outputImageName!: string;

  @Field(() => Int, { description: 'SGX product id; 0 where left out.' })
  @Column({ type: 'integer' })
  isvprodid!: number;

  @Field(() => Int, { description: 'SGX security version; 0 where left out.' })
  @Column({ type: 'integer' })
  isvsvn!: number;

  @Field(() => GraphQLSafeInt, { description: 'Enclave memory in MiB; 0 where left out.' })
  @Column({ type: 'bigint' })
  memSizeMb!: number;

  @Field(() => Int, { description: 'Enclave threads; 0 where left out.' })
  @Column({ type: 'integer' })
  threads!: number;

  @Field(() => DefaultBuildSettings, { description: 'All null where the app has none.' })
  @JsonColumn()
  defaultBuildSettings!: DefaultBuildSettings;

  @Field(() => [String], { description: 'Domains asked for.' })
  @JsonColumn()
  allowedDomains!: string[];

  @Field(() => [String], { description: 'Domains that were approved.' })
  @JsonColumn()
  whitelistedDomains!: string[];

  @Field(() => [String], { description: 'Domains whose approval is pending.' })
  @JsonColumn()
  domainsAdded!: string[];

  @Field(() => [String], { description: 'Domains whose removal is pending.' })
  @JsonColumn()
  domainsRemoved!: string[];

  @Field(() => AdvancedSettings, {
    nullable: true,
    description: "Null where none were given. Kept for CCM's clients: convertNitroImage has its own options.",
  })
  @JsonColumn({ nullable: true })
  advancedSettings!: AdvancedSettings | null;

  @Field(() => GraphQLJSONObject, { description: 'Text by name.' })
  @JsonColumn()
  labels!: Record<string, string>;

  @Field(() => GraphQLJSONObject, { description: 'Text by name.' })
  @JsonColumn()
  customMetadata!: Record<string, string>;

  @Field(() => CertificatePolicy, { nullable: true, description: 'Null where none was given.' })
  @JsonColumn({ nullable: true })
  certificatePolicy!: CertificatePolicy | null;

  @Field(() => [AppSigner], { description: 'What `requireKnownSigner` goes by; empty where none were given.' })
  @JsonColumn()
  signers!: AppSigner[];

  @IdColumn({ nullable: true })
  pendingTaskId!: string | null;

  @Field(() => ID, { nullable: true, description: 'UUID of a marketplace listing.' })
  @IdColumn({ nullable: true })
  marketplaceAppId!: string | null;

  @Field(() => ID, { nullable: true, description: 'UUID of a group.' })
  @IdColumn({ nullable: true })
  groupId!: string | null;

  @Field({ description: 'When it was created here; `apps` is sorted by it.' })
  @TimeColumn()
  createdAt!: Date;

  @Field({ description: 'When anything of it last changed.' })
  @TimeColumn()
  updatedAt!: Date;
}

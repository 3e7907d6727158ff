// One image known to the catalog.
import { GraphQLJSONObject, GraphQLSafeInt } from 'graphql-scalars';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { Column, Entity, ForeignKey, Index } from 'typeorm';
import { AdvancedSettings } from '../apps/advanced-settings.js';
import { App } from '../apps/app.entity.js';
import { Account } from '../auth/account.entity.js';
import {
  BooleanColumn,
  IdColumn,
  JsonColumn,
  PrimaryIdColumn,
  TextColumn,
  TimeColumn,
  WordColumn,
} from '../db/columns.js';
import { Node } from '../lib/node.js';
import { Task } from '../tasks/task.entity.js';
import { Architecture, BuildPhase, EnclaveInfo, LaunchHint, Warning } from './build-parts.js';
import type { BuildStatusType, DeploymentStatusType } from './build-parts.js';
import { DockerInfo } from './docker-info.js';
import { ImageAttributes } from './image-attributes.js';
import type { StoredAttributes } from './image-attributes.js';

@ObjectType({
  implements: Node,
  simpleResolvers: true,
  description: 'One image known to the catalog, from whichever origin.',
})
@Entity('build')
@ForeignKey(() => Account, ['accountId'], ['id'])
@ForeignKey(() => App, ['accountId', 'appId'], ['accountId', 'id'])
@ForeignKey(() => Task, ['accountId', 'pendingTaskId'], ['accountId', 'id'])
@ForeignKey('Job', ['accountId', 'jobId'], ['accountId', 'id'])
@Index('build_created', ['accountId', 'createdAt', 'id'])
@Index('build_updated', ['accountId', 'updatedAt', 'id'])
@Index('build_name', ['accountId', 'sortName', 'id'])
@Index('build_app', ['accountId', 'appId', 'createdAt', 'id'])
@Index('build_digest', ['accountId', 'imageDigest'])
export class Build implements Node {
  @PrimaryIdColumn()
  accountId!: string;

  @Field(() => ID, { description: "UUID, the same in GraphQL and in CCM's paths (build_id)." })
  @PrimaryIdColumn()
  id!: string;

  @Field(() => String, {
    nullable: true,
    description: "The vendor's own name (CCM's build_name); null where it gives none.",
  })
  @TextColumn({ nullable: true })
  name!: string | null;

  /** What lists ordered by name go by: the name, else the docker image's, else empty. */
  @TextColumn()
  sortName!: string;

  @Field(() => String, { nullable: true, description: "The vendor's own version; null where it gives none." })
  @TextColumn({ nullable: true })
  version!: string | null;

  @IdColumn({ nullable: true })
  appId!: string | null;

  @Field(() => String, { nullable: true, description: 'Name of the app.' })
  @WordColumn({ nullable: true })
  appName!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Copied from the app when the build was registered; null where there was none.',
  })
  @TextColumn({ nullable: true })
  appDescription!: string | null;

  @Field(() => DockerInfo, {
    nullable: true,
    description: 'The docker image that carries the build; null where it was registered without one.',
  })
  @JsonColumn({ nullable: true })
  dockerInfo!: DockerInfo | null;

  /** Copy of dockerInfo's name for filters; empty where there is none. */
  @TextColumn()
  dockerImageName!: string;

  /** Image id of the docker image, 64 hex digits; empty where none is known. */
  @WordColumn({ default: '' })
  imageDigest!: string;

  @WordColumn({ nullable: true })
  statusType!: BuildStatusType | null;

  @TimeColumn({ nullable: true })
  statusUpdatedAt!: Date | null;

  @WordColumn()
  deploymentStatusType!: DeploymentStatusType;

  @TimeColumn()
  deploymentStatusUpdatedAt!: Date;

  @Field(() => EnclaveInfo, { nullable: true, description: 'SGX only; null where none of its values was given.' })
  @JsonColumn({ nullable: true })
  enclaveInfo!: EnclaveInfo | null;

  @Field(() => [ImageAttributes], { description: 'What attests the build, as received.' })
  @JsonColumn()
  attributes!: StoredAttributes[];

  @Field(() => BuildPhase, {
    description:
      "How far the making of the image is: AVAILABLE from the start for builds registered or converted here, and for CCM's; else by the vendor's own state.",
  })
  @WordColumn()
  phase!: BuildPhase;

  @Field(() => Architecture, {
    nullable: true,
    description: 'What it was converted for; null for builds made elsewhere, as CCM does not tell.',
  })
  @WordColumn({ nullable: true })
  architecture!: Architecture | null;

  @Field(() => GraphQLSafeInt, { nullable: true, description: 'Memory the enclave needs, in MiB.' })
  @Column({ type: 'bigint', nullable: true })
  memSizeMb!: number | null;

  @Field(() => Int, { nullable: true, description: 'Processors the enclave gets.' })
  @Column({ type: 'integer', nullable: true })
  cpuCount!: number | null;

  @Field(() => Int, { nullable: true, description: 'Threads the enclave needs.' })
  @Column({ type: 'integer', nullable: true })
  threads!: number | null;

  @Field(() => AdvancedSettings, {
    nullable: true,
    description: 'As registered, or what a conversion was told of command and environment; null where that is nothing.',
  })
  @JsonColumn({ nullable: true })
  advancedSettings!: AdvancedSettings | null;

  @IdColumn({ nullable: true })
  pendingTaskId!: string | null;

  @Field(() => GraphQLJSONObject, { description: 'App configurations allowed for this build, by their ids.' })
  @JsonColumn()
  configs!: Record<string, object>;

  @Field(() => LaunchHint, {
    nullable: true,
    description: 'As registered; null where none was given, and for conversions.',
  })
  @JsonColumn({ nullable: true })
  launchHint!: LaunchHint | null;

  @Field(() => ID, { nullable: true, description: 'UUID of a marketplace listing.' })
  @IdColumn({ nullable: true })
  marketplaceBuildId!: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether files persist in an overlay (Nitro Enclaves only).' })
  @BooleanColumn({ nullable: true })
  enableOverlayFilesystemPersistence!: boolean | null;

  @Field(() => ID, { nullable: true, description: 'UUID of a group.' })
  @IdColumn({ nullable: true })
  groupId!: string | null;

  /** The job that made it; the field `job` is added where jobs are known. */
  @IdColumn({ nullable: true })
  jobId!: string | null;

  @Field(() => [Warning], {
    description: 'What deserves a look: options that were not honoured, blobs that do not boot.',
  })
  @JsonColumn()
  warnings!: Warning[];

  @Field({ description: 'When the catalog got it, not when the image was made.' })
  @TimeColumn()
  createdAt!: Date;

  @Field({ description: 'When anything of it last changed.' })
  @TimeColumn()
  updatedAt!: Date;
}

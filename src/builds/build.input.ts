import { GraphQLSafeInt } from 'graphql-scalars';
import { Field, ID, InputType, Int, registerEnumType } from 'type-graphql';
import { AdvancedSettings } from '../apps/advanced-settings.js';
import { BuildStatusType, DeploymentStatusType, LaunchHint } from './build-parts.js';
import { DockerInfo } from './docker-info.js';
import { ImageAttributesInput, Platform } from './image-attributes.js';

@InputType({
  description: "A build made elsewhere, to be registered here (CCM's CreateBuildRequest). Nothing is required.",
})
export class CreateBuildInput {
  @Field(() => ID, { nullable: true, description: 'The app it belongs to.' })
  appId?: string;

  @Field(() => String, { nullable: true, description: 'The app it belongs to, by name, where `appId` is left out.' })
  appName?: string;

  @Field(() => DockerInfo, { nullable: true })
  dockerInfo?: DockerInfo;

  @Field(() => String, { nullable: true, description: 'Measurement of an SGX enclave, 64 hex digits.' })
  mrenclave?: string;

  @Field(() => String, { nullable: true, description: 'Hash of the key that signed an SGX enclave, 64 hex digits.' })
  mrsigner?: string;

  @Field(() => Int, { nullable: true })
  isvprodid?: number;

  @Field(() => Int, { nullable: true })
  isvsvn?: number;

  @Field(() => GraphQLSafeInt, { nullable: true, description: 'Memory the enclave needs, in MiB.' })
  memSizeMb?: number;

  @Field(() => Int, { nullable: true })
  threads?: number;

  @Field(() => [ImageAttributesInput], { nullable: true, description: 'What attests it.' })
  attributes?: ImageAttributesInput[];

  @Field(() => AdvancedSettings, { nullable: true })
  advancedSettings?: AdvancedSettings;

  @Field(() => LaunchHint, { nullable: true })
  launchHint?: LaunchHint;

  @Field(() => Boolean, { nullable: true, description: 'False where left out.' })
  enableOverlayFilesystemPersistence?: boolean;

  @Field(() => ID, { nullable: true, description: 'UUID of a group.' })
  groupId?: string;
}

@InputType({ description: 'Which builds to list; each field that is given must hold.' })
export class BuildFilter {
  @Field(() => ID, { nullable: true, description: 'Builds of this app.' })
  appId?: string | null;

  @Field(() => [BuildStatusType], { nullable: true, description: 'Builds whose review stands at one of these.' })
  status?: BuildStatusType[] | null;

  @Field(() => DeploymentStatusType, { nullable: true })
  deploymentStatus?: DeploymentStatusType | null;

  @Field(() => [Platform], { nullable: true, description: 'Builds measured for one of these platforms.' })
  platform?: Platform[] | null;

  @Field(() => String, { nullable: true, description: 'Exactly this docker image name, without tag.' })
  dockerImageName?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Contained in the name of build, app or docker image, whatever the case.',
  })
  text?: string | null;
}

export enum BuildOrderField {
  CREATED_AT = 'CREATED_AT',
  UPDATED_AT = 'UPDATED_AT',
  NAME = 'NAME',
}
registerEnumType(BuildOrderField, {
  name: 'BuildOrderField',
  valuesConfig: { NAME: { description: 'Name of the build, else of its docker image; bytewise.' } },
});

export enum OrderDirection {
  ASC = 'ASC',
  DESC = 'DESC',
}
registerEnumType(OrderDirection, { name: 'OrderDirection' });

@InputType()
export class BuildOrder {
  @Field(() => BuildOrderField)
  field!: BuildOrderField;

  @Field(() => OrderDirection, { defaultValue: OrderDirection.DESC })
  direction!: OrderDirection;
}

import { GraphQLJSONObject, GraphQLSafeInt } from 'graphql-scalars';
import { Field, ID, InputType, Int, registerEnumType } from 'type-graphql';
import { AdvancedSettings } from '../apps/advanced-settings.js';
import { BuildPhase, BuildStatusType, DeploymentStatusType, LaunchHint } from './build-parts.js';
import { DockerInfo } from './docker-info.js';
import { ImageAttributesInput, Platform } from './image-attributes.js';
import { OriginKind } from './origin.entity.js';

@InputType({
  description: "A build made elsewhere, to be registered here (CCM's CreateBuildRequest). Nothing is required.",
})
export class CreateBuildInput {
  @Field(() => ID, { nullable: true, description: 'The app it belongs to.' })
  appId?: string;

  @Field(() => String, {
    nullable: true,
    description:
      'The app it belongs to, by name, where `appId` is left out. With a `groupId`, an app that there is not yet is made.',
  })
  appName?: string;

  @Field(() => DockerInfo, {
    nullable: true,
    description: 'The docker image that carries it, by whose name it is also found and sorted.',
  })
  dockerInfo?: DockerInfo;

  @Field(() => String, {
    nullable: true,
    description:
      'Measurement of an SGX enclave, 64 hex digits. CONFLICT where another build has it, unless UNIQUE_MRENCLAVE is off.',
  })
  mrenclave?: string;

  @Field(() => String, { nullable: true, description: 'Hash of the key that signed an SGX enclave, 64 hex digits.' })
  mrsigner?: string;

  @Field(() => Int, {
    nullable: true,
    description: 'Product id that the signer gave an SGX enclave (ISVPRODID), at least 0.',
  })
  isvprodid?: number;

  @Field(() => Int, {
    nullable: true,
    description: 'Security version that the signer gave an SGX enclave (ISVSVN), at least 0.',
  })
  isvsvn?: number;

  @Field(() => GraphQLSafeInt, { nullable: true, description: 'Memory the enclave needs, in MiB.' })
  memSizeMb?: number;

  @Field(() => Int, { nullable: true, description: 'Threads the enclave needs, at least 0.' })
  threads?: number;

  @Field(() => [ImageAttributesInput], { nullable: true, description: 'What attests it.' })
  attributes?: ImageAttributesInput[];

  @Field(() => AdvancedSettings, { nullable: true, description: 'What it was made with; kept, not acted on.' })
  advancedSettings?: AdvancedSettings;

  @Field(() => LaunchHint, {
    nullable: true,
    description: 'Kept for whoever launches the build; the gateway does not.',
  })
  launchHint?: LaunchHint;

  @Field(() => Boolean, { nullable: true, description: 'False where left out.' })
  enableOverlayFilesystemPersistence?: boolean;

  @Field(() => ID, { nullable: true, description: 'UUID of a group; that of its app where left out.' })
  groupId?: string;
}

@InputType({
  description:
    'What can be changed of a build: `configs` alone. A build stays what was reviewed; another one is another.',
})
export class UpdateBuildInput {
  @Field(() => ID, { description: 'NOT_FOUND where this account has no such build.' })
  buildId!: string;

  @Field(() => GraphQLJSONObject, {
    nullable: true,
    description: 'All app configurations allowed for this build, objects by their ids; those so far where left out.',
  })
  configs?: Record<string, object> | null;
}

@InputType({ description: 'Which builds to list; each field that is given must hold.' })
export class BuildFilter {
  @Field(() => ID, { nullable: true, description: 'Builds of this app.' })
  appId?: string | null;

  @Field(() => [BuildStatusType], { nullable: true, description: 'Builds whose review stands at one of these.' })
  status?: BuildStatusType[] | null;

  @Field(() => DeploymentStatusType, {
    nullable: true,
    description: 'DEPLOYED: builds that run on some node; UNDEPLOYED: those that run on none.',
  })
  deploymentStatus?: DeploymentStatusType | null;

  @Field(() => [Platform], { nullable: true, description: 'Builds measured for one of these platforms.' })
  platform?: Platform[] | null;

  @Field(() => String, { nullable: true, description: 'Exactly this docker image name, without tag.' })
  dockerImageName?: string | null;

  @Field(() => ID, { nullable: true, description: 'Builds that have a configuration of exactly this id in `configs`.' })
  configId?: string | null;

  @Field(() => [ID], { nullable: true, description: 'Builds of one of these groups; an empty list leaves none.' })
  groupId?: string[] | null;

  @Field(() => [OriginKind], {
    nullable: true,
    description:
      "Builds that came from one of these, those made through their vendors' paths here included; an empty list leaves none.",
  })
  originKind?: OriginKind[] | null;

  @Field(() => ID, { nullable: true, description: 'Builds that this source brought.' })
  sourceId?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "True: builds that a source brought. False: all others, those made through vendors' paths included.",
  })
  isImported?: boolean | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'True: builds without an origin, converted or registered here. False: those that have one.',
  })
  madeHere?: boolean | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'True: builds that their vendor has no more. False: all others.',
  })
  isGone?: boolean | null;

  @Field(() => [BuildPhase], {
    nullable: true,
    description: 'Builds whose image is that far; an empty list leaves none.',
  })
  phase?: BuildPhase[] | null;

  @Field(() => String, {
    nullable: true,
    description: 'Builds of the docker image with exactly this image id: 64 hex digits, with or without `sha256:`.',
  })
  imageDigest?: string | null;

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
  description: 'What builds can be sorted by; equal values are sorted by id.',
  valuesConfig: {
    CREATED_AT: { description: 'When the catalog got it.' },
    UPDATED_AT: {
      description:
        'When anything of it last changed; a build that changes moves, so a list read page by page may miss it.',
    },
    NAME: { description: 'Name of the build, else of its docker image; bytewise.' },
  },
});

export enum OrderDirection {
  ASC = 'ASC',
  DESC = 'DESC',
}
registerEnumType(OrderDirection, {
  name: 'OrderDirection',
  description: 'Which end comes first.',
  valuesConfig: {
    ASC: { description: 'Oldest first, A before Z.' },
    DESC: { description: 'Newest first, Z before A.' },
  },
});

@InputType({ description: 'How to sort builds. Cursors of one order are refused in another.' })
export class BuildOrder {
  @Field(() => BuildOrderField, { description: 'What to sort by.' })
  field!: BuildOrderField;

  @Field(() => OrderDirection, {
    defaultValue: OrderDirection.DESC,
    description: 'DESC where left out, for names too.',
  })
  direction!: OrderDirection;
}

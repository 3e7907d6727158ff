// The nested parts of a build.
import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { BothWays } from '../lib/both-ways.js';

export enum BuildStatusType {
  PENDING = 'PENDING',
  WHITELISTED = 'WHITELISTED',
  REJECTED = 'REJECTED',
}
registerEnumType(BuildStatusType, {
  name: 'BuildStatusType',
  description: "Result of the review. CCM's BuildStatusType.",
  valuesConfig: {
    PENDING: { description: 'A task waits for a decision.' },
    WHITELISTED: { description: 'Approved.' },
    REJECTED: { description: 'Denied.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'Where the review of a build stands.' })
export class BuildStatus {
  @Field(() => BuildStatusType, { description: 'PENDING until the task of the build is decided.' })
  status!: BuildStatusType;

  @Field({ description: 'When the review was opened or, after that, decided.' })
  statusUpdatedAt!: Date;
}

export enum DeploymentStatusType {
  DEPLOYED = 'DEPLOYED',
  UNDEPLOYED = 'UNDEPLOYED',
}
registerEnumType(DeploymentStatusType, {
  name: 'DeploymentStatusType',
  description: "Whether any node runs a build. CCM's BuildDeploymentStatusType.",
  valuesConfig: {
    DEPLOYED: { description: 'At least one node reports that it runs the build.' },
    UNDEPLOYED: { description: 'No node reports that it runs the build.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'Whether a build runs anywhere.' })
export class DeploymentStatus {
  @Field(() => DeploymentStatusType, {
    description: 'Taken over all nodes: one that runs the build is enough for DEPLOYED.',
  })
  status!: DeploymentStatusType;

  @Field({ description: 'When it last changed; at first, when the build was registered.' })
  statusUpdatedAt!: Date;
}

export enum BuildPhase {
  PENDING = 'PENDING',
  BUILDING = 'BUILDING',
  TESTING = 'TESTING',
  DISTRIBUTING = 'DISTRIBUTING',
  AVAILABLE = 'AVAILABLE',
  DEPRECATED = 'DEPRECATED',
  FAILED = 'FAILED',
  CANCELLED = 'CANCELLED',
  DELETED = 'DELETED',
  UNKNOWN = 'UNKNOWN',
}
registerEnumType(BuildPhase, {
  name: 'BuildPhase',
  description: 'How far the making of the image is, in words that all vendors share.',
  valuesConfig: {
    PENDING: { description: 'Asked for and not begun. Cycle: new. Image Builder: PENDING.' },
    BUILDING: {
      description:
        'Being fetched or made. Cycle: uploading, downloading, building, verifying, saving. Image Builder: CREATING, BUILDING.',
    },
    TESTING: { description: 'Made, and being tested. Image Builder: TESTING.' },
    DISTRIBUTING: {
      description: 'Tested, and on its way to where it is used. Image Builder: DISTRIBUTING, INTEGRATING.',
    },
    AVAILABLE: {
      description: 'The image is complete and can be run. Cycle: live. Image Builder: AVAILABLE. CCM: every build.',
    },
    DEPRECATED: { description: 'Complete, and not to be used any more. Image Builder: DEPRECATED, DISABLED.' },
    FAILED: { description: 'Given up. Cycle: any state before live with an error. Image Builder: FAILED.' },
    CANCELLED: { description: 'Stopped by somebody. Image Builder: CANCELLED.' },
    DELETED: { description: 'The image is gone or going. Cycle: deleting, deleted. Image Builder: DELETED.' },
    UNKNOWN: { description: 'The vendor has a word for it that this version does not know; `origin` shows it.' },
  },
});

export enum Architecture {
  AMD64 = 'AMD64',
  ARM64 = 'ARM64',
}
registerEnumType(Architecture, {
  name: 'Architecture',
  description: "Processor of an image, by OCI's names.",
  valuesConfig: { AMD64: { description: 'x86_64' }, ARM64: { description: 'aarch64' } },
});

@ObjectType({ simpleResolvers: true, description: 'Identity of an SGX enclave.' })
export class EnclaveInfo {
  @Field(() => String, { nullable: true, description: 'Measurement of the enclave, 64 hex digits.' })
  mrenclave?: string;

  @Field(() => String, { nullable: true, description: 'Hash of the signing key, 64 hex digits.' })
  mrsigner?: string;

  @Field(() => Int, { nullable: true, description: 'Product id.' })
  isvprodid?: number;

  @Field(() => Int, { nullable: true, description: 'Security version.' })
  isvsvn?: number;
}

@BothWays('A suggestion how to launch the build; may need to be completed.')
export class LaunchHint {
  @Field(() => String, { nullable: true, description: 'Microsoft ARM template.' })
  azureResourceTemplate?: string;
}

@ObjectType({ simpleResolvers: true, description: 'Something that deserves a look but stopped nothing.' })
export class Warning {
  @Field({ description: 'Stable name, upper case with underscores.' })
  code!: string;

  @Field({ description: 'One sentence for people.' })
  message!: string;
}

// Settings that apps and builds share (CCM's AdvancedSettings). One class for both directions of GraphQL.
import { GraphQLJSONObject } from 'graphql-scalars';
import { Field, registerEnumType } from 'type-graphql';
import { BothWays } from '../lib/both-ways.js';

export enum CertificateIssuer {
  MANAGER_CA = 'MANAGER_CA',
  NODE = 'NODE',
  SELF_IAS = 'SELF_IAS',
}
registerEnumType(CertificateIssuer, {
  name: 'CertificateIssuer',
  description: 'Who issues the certificate of an app.',
  valuesConfig: {
    MANAGER_CA: { description: 'The CA of CCM, once the build and the domain are approved.' },
    NODE: { description: 'Not explained by CCM; by its name, the node that the app runs on.' },
    SELF_IAS: {
      description: "Not explained by CCM; by its name, self-signed with a report of Intel's attestation service (IAS).",
    },
  },
});

export enum CertificateKeyType {
  RSA = 'RSA',
}
registerEnumType(CertificateKeyType, {
  name: 'CertificateKeyType',
  description: 'Type of key to generate.',
  valuesConfig: {
    RSA: { description: "Its length is in `keyParam`; CCM's converter takes 2048, 3072 and 4096 bits." },
  },
});

export enum JavaRuntime {
  JAVA_ORACLE = 'JAVA_ORACLE',
  OPENJDK = 'OPENJDK',
  OPENJ9 = 'OPENJ9',
  LIBERTY_JRE = 'LIBERTY_JRE',
}
registerEnumType(JavaRuntime, {
  name: 'JavaRuntime',
  description: "Java runtime mode. CCM writes the underscores as hyphens: 'JAVA-ORACLE', 'LIBERTY-JRE'.",
  valuesConfig: {
    JAVA_ORACLE: { description: "Oracle's Java." },
    OPENJDK: { description: 'OpenJDK with its own virtual machine, HotSpot.' },
    OPENJ9: { description: 'Eclipse OpenJ9.' },
    LIBERTY_JRE: { description: 'The Java that WebSphere Liberty comes with.' },
  },
});

@BothWays('How an app gets its certificate.')
export class CertificateConfig {
  @Field(() => CertificateIssuer, { nullable: true, description: 'MANAGER_CA where left out, by CCM.' })
  issuer?: CertificateIssuer;

  @Field(() => String, { nullable: true, description: 'Common name of the subject, typically a DNS name.' })
  subject?: string;

  @Field(() => CertificateKeyType, { nullable: true, description: 'RSA where left out, by CCM.' })
  keyType?: CertificateKeyType;

  @Field(() => GraphQLJSONObject, { nullable: true, description: 'Parameters of the key; for RSA `{ "size": bits }`.' })
  keyParam?: object;

  @Field(() => String, { nullable: true, description: 'Path of the key in the file system of the app.' })
  keyPath?: string;

  @Field(() => String, { nullable: true, description: 'Path of the certificate in the file system of the app.' })
  certPath?: string;
}

@BothWays("Settings of an app or a build for its enclave (CCM's AdvancedSettings).")
export class AdvancedSettings {
  @Field(() => [String], { nullable: true, description: 'Entrypoint of the container.' })
  entrypoint?: string[];

  @Field(() => [String], {
    nullable: true,
    description: 'Files and directories encrypted with the sealing key of the enclave.',
  })
  encryptedDirs?: string[];

  @Field(() => CertificateConfig, {
    nullable: true,
    description: 'The TLS certificate that CCM shall give the app; conversions here add none.',
  })
  certificate?: CertificateConfig;

  @Field(() => JavaRuntime, {
    nullable: true,
    description: "The Java that CCM's converter prepares the image for; without effect on conversions here.",
  })
  javaRuntime?: JavaRuntime;

  @Field(() => [String], { nullable: true, description: 'Files and directories that anyone may read and write.' })
  rwDirs?: string[];

  @Field(() => Boolean, { nullable: true, description: 'Whether arguments may be given at run time.' })
  allowCmdlineArgs?: boolean;

  @Field(() => [String], { nullable: true, description: 'Environment variables fixed at conversion, `NAME=value`.' })
  manifestEnv?: string[];

  @Field(() => [String], {
    nullable: true,
    description: 'Defaults of environment variables that may be overridden, `NAME=value`.',
  })
  mutableEnv?: string[];
}

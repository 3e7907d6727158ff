// Settings that apps and builds share (CCM's AdvancedSettings). One class for both directions of GraphQL.
import { GraphQLJSONObject } from 'graphql-scalars';
import { Field, InputType, ObjectType, registerEnumType } from 'type-graphql';

export enum CertificateIssuer {
  MANAGER_CA = 'MANAGER_CA',
  NODE = 'NODE',
  SELF_IAS = 'SELF_IAS',
}
registerEnumType(CertificateIssuer, {
  name: 'CertificateIssuer',
  description: 'Who issues the certificate of an app.',
});

export enum CertificateKeyType {
  RSA = 'RSA',
}
registerEnumType(CertificateKeyType, { name: 'CertificateKeyType', description: 'Type of key to generate.' });

export enum JavaRuntime {
  JAVA_ORACLE = 'JAVA_ORACLE',
  OPENJDK = 'OPENJDK',
  OPENJ9 = 'OPENJ9',
  LIBERTY_JRE = 'LIBERTY_JRE',
}
registerEnumType(JavaRuntime, {
  name: 'JavaRuntime',
  description: "Java runtime mode. CCM writes the underscores as hyphens: 'JAVA-ORACLE', 'LIBERTY-JRE'.",
});

@ObjectType({ simpleResolvers: true, description: 'How an app gets its certificate.' })
@InputType('CertificateConfigInput')
export class CertificateConfig {
  @Field(() => CertificateIssuer, { nullable: true, description: 'MANAGER_CA where left out, by CCM.' })
  issuer?: CertificateIssuer;

  @Field(() => String, { nullable: true, description: 'Common name of the subject, typically a DNS name.' })
  subject?: string;

  @Field(() => CertificateKeyType, { nullable: true })
  keyType?: CertificateKeyType;

  @Field(() => GraphQLJSONObject, { nullable: true, description: 'Parameters of the key; for RSA `{ "size": bits }`.' })
  keyParam?: object;

  @Field(() => String, { nullable: true, description: 'Path of the key in the file system of the app.' })
  keyPath?: string;

  @Field(() => String, { nullable: true, description: 'Path of the certificate in the file system of the app.' })
  certPath?: string;
}

@ObjectType({
  simpleResolvers: true,
  description: "Settings of an app or a build for its enclave (CCM's AdvancedSettings).",
})
@InputType('AdvancedSettingsInput')
export class AdvancedSettings {
  @Field(() => [String], { nullable: true, description: 'Entrypoint of the container.' })
  entrypoint?: string[];

  @Field(() => [String], {
    nullable: true,
    description: 'Files and directories encrypted with the sealing key of the enclave.',
  })
  encryptedDirs?: string[];

  @Field(() => CertificateConfig, { nullable: true })
  certificate?: CertificateConfig;

  @Field(() => JavaRuntime, { nullable: true })
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

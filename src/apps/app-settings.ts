// The nested parts of an app (CCM's DefaultBuildSettings, CertificateIssuancePolicy, ApplicationSigner).
import { GraphQLSafeInt } from 'graphql-scalars';
import { Field, InputType, Int, ObjectType } from 'type-graphql';

@ObjectType({ simpleResolvers: true, description: 'Defaults for SGX builds of an app.' })
@InputType('DefaultSgxBuildSettingsInput')
export class DefaultSgxBuildSettings {
  @Field(() => Int, { nullable: true })
  isvprodid?: number;

  @Field(() => GraphQLSafeInt, { nullable: true, description: 'Enclave memory in MiB.' })
  memSizeMb?: number;

  @Field(() => Int, { nullable: true })
  threads?: number;
}

@ObjectType({ simpleResolvers: true, description: 'Defaults for Nitro Enclaves builds of an app.' })
@InputType('DefaultNitroEnclavesBuildSettingsInput')
export class DefaultNitroEnclavesBuildSettings {
  @Field(() => Int, { nullable: true })
  cpuCount?: number;

  @Field(() => GraphQLSafeInt, { nullable: true, description: 'Enclave memory in MiB.' })
  memSizeMb?: number;

  @Field(() => Boolean, { nullable: true, description: 'True where left out, by CCM.' })
  enableOverlayFilesystemPersistence?: boolean;
}

@ObjectType({ simpleResolvers: true, description: 'What conversions use where the request leaves it out.' })
@InputType('DefaultBuildSettingsInput')
export class DefaultBuildSettings {
  @Field(() => DefaultSgxBuildSettings, { nullable: true })
  sgx?: DefaultSgxBuildSettings;

  @Field(() => DefaultNitroEnclavesBuildSettings, { nullable: true })
  nitroEnclaves?: DefaultNitroEnclavesBuildSettings;
}

@ObjectType({ simpleResolvers: true, description: 'What must be known before an app gets a certificate.' })
@InputType('CertificatePolicyInput')
export class CertificatePolicy {
  @Field()
  requireKnownImage!: boolean;

  @Field()
  requireKnownSigner!: boolean;

  @Field(() => Boolean, { nullable: true, description: 'True where left out, by CCM.' })
  requireKnownNode?: boolean;
}

@ObjectType({ simpleResolvers: true, description: 'A signer of SGX enclaves.' })
@InputType('SgxSignerInput')
export class SgxSigner {
  @Field({ description: 'Hash of the signing key, 64 hex digits.' })
  mrsigner!: string;

  @Field(() => Int)
  isvprodid!: number;
}

@ObjectType({ simpleResolvers: true, description: 'A signer of Nitro Enclaves.' })
@InputType('NitroEnclaveSignerInput')
export class NitroEnclaveSigner {
  @Field({ description: 'PCR8, the measurement of the signing certificate: 96 hex digits.' })
  pcr8!: string;
}

@ObjectType({
  simpleResolvers: true,
  description: 'Somebody whose builds are accepted; exactly one of the fields is set.',
})
@InputType('AppSignerInput')
export class AppSigner {
  @Field(() => SgxSigner, { nullable: true })
  sgx?: SgxSigner;

  @Field(() => NitroEnclaveSigner, { nullable: true })
  nitroEnclave?: NitroEnclaveSigner;
}

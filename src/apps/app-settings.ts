// The nested parts of an app (CCM's DefaultBuildSettings, CertificateIssuancePolicy, ApplicationSigner).
import { GraphQLSafeInt } from 'graphql-scalars';
import { Field, Int } from 'type-graphql';
import { BothWays } from '../lib/both-ways.js';

@BothWays('Defaults for SGX builds of an app.')
export class DefaultSgxBuildSettings {
  @Field(() => Int, { nullable: true, description: 'Product id that the signer gives the enclave (ISVPRODID).' })
  isvprodid?: number;

  @Field(() => GraphQLSafeInt, { nullable: true, description: 'Enclave memory in MiB.' })
  memSizeMb?: number;

  @Field(() => Int, { nullable: true, description: 'Threads the enclave can run at once.' })
  threads?: number;
}

@BothWays('Defaults for Nitro Enclaves builds of an app.')
export class DefaultNitroEnclavesBuildSettings {
  @Field(() => Int, { nullable: true, description: 'Processors taken from the parent instance for the enclave.' })
  cpuCount?: number;

  @Field(() => GraphQLSafeInt, { nullable: true, description: 'Enclave memory in MiB.' })
  memSizeMb?: number;

  @Field(() => Boolean, {
    nullable: true,
    description: "Where left out: true for CCM's conversion call, false for convertNitroImage.",
  })
  enableOverlayFilesystemPersistence?: boolean;
}

@BothWays(
  'What conversions for the app use where the request leaves it out. The gateway converts for Nitro Enclaves alone.',
)
export class DefaultBuildSettings {
  @Field(() => DefaultSgxBuildSettings, { nullable: true, description: 'Null where the app has no defaults for SGX.' })
  sgx?: DefaultSgxBuildSettings;

  @Field(() => DefaultNitroEnclavesBuildSettings, {
    nullable: true,
    description: 'Null where the app has no defaults for Nitro Enclaves.',
  })
  nitroEnclaves?: DefaultNitroEnclavesBuildSettings;
}

@BothWays(
  "What must be known before an app gets a certificate. Kept for CCM's clients: the gateway issues no certificates.",
)
export class CertificatePolicy {
  @Field({ description: 'Only for images that are registered as a build.' })
  requireKnownImage!: boolean;

  @Field({ description: 'Only for images signed by one of the `signers` of the app.' })
  requireKnownSigner!: boolean;

  @Field(() => Boolean, { nullable: true, description: 'True where left out, by CCM.' })
  requireKnownNode?: boolean;
}

@BothWays('A signer of SGX enclaves.')
export class SgxSigner {
  @Field({ description: 'Hash of the signing key, 64 hex digits.' })
  mrsigner!: string;

  @Field(() => Int, {
    description: 'Product id (ISVPRODID) that must come with the key, as one key may sign several products.',
  })
  isvprodid!: number;
}

@BothWays('A signer of Nitro Enclaves.')
export class NitroEnclaveSigner {
  @Field({ description: 'PCR8, the measurement of the signing certificate: 96 hex digits.' })
  pcr8!: string;
}

@BothWays('Somebody whose builds are accepted; exactly one of the fields is set.')
export class AppSigner {
  @Field(() => SgxSigner, { nullable: true, description: 'Who signs SGX builds; null for a signer of Nitro Enclaves.' })
  sgx?: SgxSigner;

  @Field(() => NitroEnclaveSigner, {
    nullable: true,
    description: 'Who signs Nitro Enclaves; null for a signer of SGX builds.',
  })
  nitroEnclave?: NitroEnclaveSigner;
}

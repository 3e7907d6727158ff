import { GraphQLJSONObject, GraphQLSafeInt } from 'graphql-scalars';
import { Field, ID, InputType, Int } from 'type-graphql';
import { AdvancedSettings } from './advanced-settings.js';
import { AppSigner, CertificatePolicy, DefaultBuildSettings } from './app-settings.js';

/** What can be given at first and changed later. */
@InputType({ description: 'What an app is made of.' })
class AppFields {
  @Field(() => String, { nullable: true, description: 'Free text, which the filter of `apps` searches too.' })
  description?: string | null;

  @Field(() => String, { nullable: true, description: 'Docker image that conversions start from, without a tag.' })
  inputImageName?: string | null;

  @Field(() => String, { nullable: true, description: 'Docker image that conversions write, without a tag.' })
  outputImageName?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: 'SGX product id, at least 0. CCM prefers `defaultBuildSettings` by now.',
  })
  isvprodid?: number | null;

  @Field(() => Int, { nullable: true, description: 'SGX security version, at least 0.' })
  isvsvn?: number | null;

  @Field(() => GraphQLSafeInt, { nullable: true, description: 'Enclave memory in MiB.' })
  memSizeMb?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Enclave threads, at least 0. CCM prefers `defaultBuildSettings` by now.',
  })
  threads?: number | null;

  @Field(() => DefaultBuildSettings, {
    nullable: true,
    description: 'What conversions use where the request leaves it out.',
  })
  defaultBuildSettings?: DefaultBuildSettings | null;

  @Field(() => [String], {
    nullable: true,
    description:
      'All domains the app may have certificates for: DNS names, `*.` in front allowed, at most 256. What differs from the approved ones waits for a task of type DOMAIN_WHITELIST.',
  })
  allowedDomains?: string[] | null;

  @Field(() => AdvancedSettings, {
    nullable: true,
    description: "Kept for CCM's clients: convertNitroImage has its own options.",
  })
  advancedSettings?: AdvancedSettings | null;

  @Field(() => GraphQLJSONObject, {
    nullable: true,
    description: 'Text by name, all of it: at most 128, names of 1 to 255 characters, texts of at most 4096.',
  })
  labels?: Record<string, string> | null;

  @Field(() => GraphQLJSONObject, { nullable: true, description: 'Text by name, all of it; bounded like `labels`.' })
  customMetadata?: Record<string, string> | null;

  @Field(() => CertificatePolicy, { nullable: true, description: 'What must be known before it gets a certificate.' })
  certificatePolicy?: CertificatePolicy | null;

  @Field(() => [AppSigner], { nullable: true, description: 'What `requireKnownSigner` goes by; all of them.' })
  signers?: AppSigner[] | null;

  @Field(() => ID, { nullable: true, description: 'UUID of a group.' })
  groupId?: string | null;
}

@InputType({ description: 'A new app; what is left out gets the default of its field.' })
export class CreateAppInput extends AppFields {
  @Field({ description: 'Unique in the account, 1 to 255 characters.' })
  name!: string;
}

/** What is left out stays. */
export type AppChanges = AppFields;

@InputType({
  description:
    'Changes of an app; what is left out stays. Null takes `description`, `advancedSettings`, `certificatePolicy` and `groupId` away, and for all others is the same as left out.',
})
export class UpdateAppInput extends AppFields {
  @Field(() => ID, { description: 'NOT_FOUND where this account has no such app.' })
  appId!: string;
}

@InputType({ description: 'Which app to delete.' })
export class DeleteAppInput {
  @Field(() => ID, { description: 'NOT_FOUND where this account has no such app.' })
  appId!: string;
}

@InputType({ description: 'Which apps to list; each field that is given must hold.' })
export class AppFilter {
  @Field(() => String, {
    nullable: true,
    description: 'Contained in name, description or the name of either image, whatever the case.',
  })
  text?: string | null;

  @Field(() => String, { nullable: true, description: 'Contained in the name, whatever the case.' })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'Contained in the description, whatever the case.' })
  description?: string | null;

  @Field(() => [ID], { nullable: true, description: 'Apps of one of these groups; an empty list leaves none.' })
  groupId?: string[] | null;
}

import { GraphQLJSONObject, GraphQLSafeInt } from 'graphql-scalars';
import { Field, ID, InputType, Int } from 'type-graphql';
import { badInput } from '../lib/errors.js';
import { AdvancedSettings } from './advanced-settings.js';
import { AppSigner, CertificatePolicy, DefaultBuildSettings } from './app-settings.js';

@InputType({ description: 'A new app; what is left out gets the default of its field.' })
export class CreateAppInput {
  @Field({ description: 'Unique in the account, 1 to 255 characters.' })
  name!: string;

  @Field(() => String, { nullable: true })
  description?: string;

  @Field(() => String, { nullable: true, description: 'Docker image that conversions start from, without a tag.' })
  inputImageName?: string;

  @Field(() => String, { nullable: true, description: 'Docker image that conversions write, without a tag.' })
  outputImageName?: string;

  @Field(() => Int, { nullable: true })
  isvprodid?: number;

  @Field(() => Int, { nullable: true })
  isvsvn?: number;

  @Field(() => GraphQLSafeInt, { nullable: true, description: 'Enclave memory in MiB.' })
  memSizeMb?: number;

  @Field(() => Int, { nullable: true })
  threads?: number;

  @Field(() => DefaultBuildSettings, { nullable: true })
  defaultBuildSettings?: DefaultBuildSettings;

  @Field(() => AdvancedSettings, { nullable: true })
  advancedSettings?: AdvancedSettings;

  @Field(() => GraphQLJSONObject, { nullable: true, description: 'Text by name.' })
  labels?: Record<string, string>;

  @Field(() => GraphQLJSONObject, { nullable: true, description: 'Text by name.' })
  customMetadata?: Record<string, string>;

  @Field(() => CertificatePolicy, { nullable: true })
  certificatePolicy?: CertificatePolicy;

  @Field(() => [AppSigner], { nullable: true })
  signers?: AppSigner[];

  @Field(() => ID, { nullable: true, description: 'UUID of a group.' })
  groupId?: string;
}

/** What GraphQL's types do not say already; throws BAD_USER_INPUT. */
export function checkApp(input: CreateAppInput): void {
  const { name } = input;
  if (name.trim() === '' || name.length > 255) throw badInput('`name` must have 1 to 255 characters.', 'name');
  for (const field of ['memSizeMb', 'threads', 'isvprodid', 'isvsvn'] as const) {
    if ((input[field] ?? 0) < 0) throw badInput(`\`${field}\` must not be negative.`, field);
  }
  checkTexts(input.labels, 'labels');
  checkTexts(input.customMetadata, 'customMetadata');
  for (const [index, signer] of (input.signers ?? []).entries()) {
    if (Object.keys(signer).length !== 1) {
      throw badInput('A signer has exactly one of `sgx` and `nitroEnclave`.', 'signers', String(index));
    }
  }
}

function checkTexts(texts: object | undefined, field: string): void {
  for (const [name, text] of Object.entries(texts ?? {})) {
    if (typeof text !== 'string') throw badInput(`\`${field}.${name}\` must be text.`, field, name);
  }
}

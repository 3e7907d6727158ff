import { GraphQLJSONObject, GraphQLSafeInt } from 'graphql-scalars';
import { Field, ID, InputType, Int } from 'type-graphql';
import { badInput } from '../lib/errors.js';
import { parseHex } from '../lib/hex.js';
import { isUuid } from '../lib/ids.js';
import { AdvancedSettings } from './advanced-settings.js';
import { AppSigner, CertificatePolicy, DefaultBuildSettings } from './app-settings.js';

@InputType({ description: 'A new app; what is left out gets the default of its field.' })
export class CreateAppInput {
  @Field({ description: 'Unique in the account, 1 to 255 characters.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'Free text, which the filter of `apps` searches too.' })
  description?: string;

  @Field(() => String, { nullable: true, description: 'Docker image that conversions start from, without a tag.' })
  inputImageName?: string;

  @Field(() => String, { nullable: true, description: 'Docker image that conversions write, without a tag.' })
  outputImageName?: string;

  @Field(() => Int, {
    nullable: true,
    description: 'SGX product id, at least 0; 0 where left out. CCM prefers `defaultBuildSettings` by now.',
  })
  isvprodid?: number;

  @Field(() => Int, { nullable: true, description: 'SGX security version, at least 0; 0 where left out.' })
  isvsvn?: number;

  @Field(() => GraphQLSafeInt, { nullable: true, description: 'Enclave memory in MiB.' })
  memSizeMb?: number;

  @Field(() => Int, {
    nullable: true,
    description: 'Enclave threads, at least 0; 0 where left out. CCM prefers `defaultBuildSettings` by now.',
  })
  threads?: number;

  @Field(() => DefaultBuildSettings, { nullable: true, description: 'None where left out.' })
  defaultBuildSettings?: DefaultBuildSettings;

  @Field(() => AdvancedSettings, {
    nullable: true,
    description: "Kept for CCM's clients: convertNitroImage has its own options.",
  })
  advancedSettings?: AdvancedSettings;

  @Field(() => GraphQLJSONObject, { nullable: true, description: 'Text by name.' })
  labels?: Record<string, string>;

  @Field(() => GraphQLJSONObject, { nullable: true, description: 'Text by name.' })
  customMetadata?: Record<string, string>;

  @Field(() => CertificatePolicy, { nullable: true, description: 'None where left out.' })
  certificatePolicy?: CertificatePolicy;

  @Field(() => [AppSigner], { nullable: true, description: 'What `requireKnownSigner` goes by; none where left out.' })
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
  if (input.groupId !== undefined && !isUuid(input.groupId)) throw badInput('`groupId` must be a UUID.', 'groupId');
  checkTexts(input.labels, 'labels');
  checkTexts(input.customMetadata, 'customMetadata');
  for (const [index, signer] of (input.signers ?? []).entries()) checkSigner(signer, ['signers', String(index)]);
}

function checkSigner(signer: AppSigner, path: string[]): void {
  if (Object.keys(signer).length !== 1)
    throw badInput('A signer has exactly one of `sgx` and `nitroEnclave`.', ...path);
  const { sgx, nitroEnclave } = signer;
  if (sgx) parseHex(sgx.mrsigner, 32, ...path, 'sgx', 'mrsigner');
  if (nitroEnclave) parseHex(nitroEnclave.pcr8, 48, ...path, 'nitroEnclave', 'pcr8');
}

function checkTexts(texts: object | undefined, field: string): void {
  for (const [name, text] of Object.entries(texts ?? {})) {
    if (typeof text !== 'string') throw badInput(`\`${field}.${name}\` must be text.`, field, name);
  }
}

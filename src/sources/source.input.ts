import { Field, ID, InputType, Int } from 'type-graphql';
import { OriginKind } from '../builds/origin.entity.js';
import { badInput } from '../lib/errors.js';
import { CREDENTIAL_NAMES } from './source-credentials.js';

@InputType({ description: 'What a source is signed in to with. Sealed, and never shown again.' })
export class SourceCredentialsInput {
  @Field(() => String, { nullable: true, description: 'CCM: e-mail address of a user; with `password`.' })
  username?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'CCM: of that user. At most 16,384 characters, as all of these.',
  })
  password?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'CCM: an access token, instead of user and password. Cycle: the API key. Image Builder: the session token of temporary keys.',
  })
  token?: string | null;

  @Field(() => String, { nullable: true, description: 'Cycle: 24 hex digits. CCM: UUID of the account to select.' })
  hubId?: string | null;

  @Field(() => String, { nullable: true, description: 'Image Builder.' })
  accessKeyId?: string | null;

  @Field(() => String, { nullable: true, description: 'Image Builder.' })
  secretAccessKey?: string | null;
}

@InputType({ description: 'An upstream system to import builds from.' })
export class CreateSourceInput {
  @Field(() => OriginKind, { description: 'What it speaks.' })
  kind!: OriginKind;

  @Field({ description: '1 to 255 characters, unique in the account.' })
  name!: string;

  @Field(() => String, {
    nullable: true,
    description:
      "URL that the vendor's paths are appended to, without user, query or fragment; the vendor's own where left out.",
  })
  endpoint?: string | null;

  @Field(() => String, { nullable: true, description: 'AWS region; Image Builder needs it.' })
  region?: string | null;

  @Field(() => SourceCredentialsInput, { description: 'As its kind needs them.' })
  credentials!: SourceCredentialsInput;

  @Field(() => Int, {
    nullable: true,
    description: '60 to 31,536,000; only by hand (`syncSource`) where left out.',
  })
  syncEverySeconds?: number | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether decisions made here on its builds are told to it, CCM only; false where left out.',
  })
  isWriteBack?: boolean | null;
}

@InputType({ description: 'What is to change of a source; what is left out stays. Its kind never changes.' })
export class UpdateSourceInput {
  @Field(() => ID, {
    description: 'NOT_FOUND where this account has no such source, CONFLICT for one of SOURCES_FILE.',
  })
  sourceId!: string;

  @Field(() => String, { nullable: true, description: '1 to 255 characters, unique in the account.' })
  name?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Where it leads to another server, `credentials` must be given again.',
  })
  endpoint?: string | null;

  @Field(() => String, { nullable: true, description: 'AWS region.' })
  region?: string | null;

  @Field(() => SourceCredentialsInput, { nullable: true, description: 'All of them, in place of those before.' })
  credentials?: SourceCredentialsInput | null;

  @Field(() => Int, { nullable: true, description: '60 to 31,536,000; null for by hand only.' })
  syncEverySeconds?: number | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether decisions made here are told to it.' })
  isWriteBack?: boolean | null;
}

@InputType({ description: 'Which source to delete.' })
export class DeleteSourceInput {
  @Field(() => ID, {
    description: 'NOT_FOUND where this account has no such source, CONFLICT for one of SOURCES_FILE.',
  })
  sourceId!: string;
}

@InputType({ description: 'Which source to import from now.' })
export class SyncSourceInput {
  @Field(() => ID, { description: 'NOT_FOUND where this account has no such source.' })
  sourceId!: string;
}

/** What can be given of a source, whoever gives it. */
export type SourceSettings = Omit<CreateSourceInput, 'kind'>;

const MAX_NAME = 255;
const MAX_ENDPOINT = 2_048;
const MAX_SECRET = 16_384;
const MIN_EVERY_SECONDS = 60;
const MAX_EVERY_SECONDS = 31_536_000;

/** Throws BAD_USER_INPUT, without repeating a credential. */
export function checkSource({ name, endpoint, region, credentials, syncEverySeconds }: Partial<SourceSettings>): void {
  if (typeof name === 'string' && (name.trim() === '' || name.length > MAX_NAME))
    throw badInput(`\`name\` must have 1 to ${MAX_NAME} characters.`, 'name');
  if (typeof endpoint === 'string') checkEndpoint(endpoint);
  if (typeof region === 'string' && !/^[a-z0-9-]{1,64}$/.test(region))
    throw badInput('`region` must be the name of an AWS region.', 'region');
  if (typeof syncEverySeconds === 'number') checkInterval(syncEverySeconds);
  for (const member of CREDENTIAL_NAMES) {
    const value = credentials?.[member] ?? undefined;
    // eslint-disable-next-line no-control-regex
    if (value !== undefined && (value === '' || value.length > MAX_SECRET || /[\x00-\x1f\x7f]/.test(value)))
      throw badInput(`\`${member}\` must have 1 to ${MAX_SECRET} characters on one line.`, 'credentials', member);
  }
}

function checkInterval(seconds: number): void {
  if (seconds < MIN_EVERY_SECONDS || seconds > MAX_EVERY_SECONDS)
    throw badInput(
      `\`syncEverySeconds\` must be between ${MIN_EVERY_SECONDS} and ${MAX_EVERY_SECONDS}.`,
      'syncEverySeconds',
    );
}

function checkEndpoint(text: string): void {
  const url = URL.canParse(text) && text.length <= MAX_ENDPOINT ? new URL(text) : undefined;
  const isPlain = url && /^https?:$/.test(url.protocol) && !url.search && !url.hash && !url.username && !url.password;
  if (!isPlain) throw badInput('`endpoint` must be an http(s) URL without user, query or fragment.', 'endpoint');
}

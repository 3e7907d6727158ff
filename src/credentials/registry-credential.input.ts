import { Field, ID, InputType } from 'type-graphql';
import { badInput } from '../lib/errors.js';

@InputType({ description: 'A login for a docker registry, to be kept for conversions that bring none.' })
export class CreateRegistryCredentialInput {
  @Field({
    description:
      '`registry.example.com[:port]`, `https://registry.example.com/v2/`, or either with the beginning of a repository name (`quay.io/acme`); every name of Docker Hub is `docker.io`. At most 512 characters, without user, password or query.',
  })
  url!: string;

  @Field({ description: '1 to 255 characters, no colon.' })
  username!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Or an access token; at most 16,384 characters; empty where left out. Sealed, never shown again.',
  })
  password?: string | null;

  @Field(() => String, { nullable: true, description: 'Free text, at most 4,096 characters.' })
  description?: string | null;
}

@InputType({ description: 'What is to change of a stored login; what is left out stays. Its scope never changes.' })
export class UpdateRegistryCredentialInput {
  @Field(() => ID, { description: 'UUID of the login.' })
  registryCredentialId!: string;

  @Field(() => String, { nullable: true, description: 'Null removes it; at most 4,096 characters.' })
  description?: string | null;

  @Field(() => String, { nullable: true, description: '1 to 255 characters, no colon.' })
  username?: string | null;

  @Field(() => String, { nullable: true, description: 'At most 16,384 characters; jobs that wait use the new one.' })
  password?: string | null;
}

@InputType({ description: 'Which login to forget.' })
export class DeleteRegistryCredentialInput {
  @Field(() => ID, { description: 'UUID of the login.' })
  registryCredentialId!: string;
}

/** A login without what it is for. */
export interface LoginInput {
  username?: string | null;
  password?: string | null;
  description?: string | null;
}

const MAX_USERNAME = 255;
const MAX_PASSWORD = 16_384;
const MAX_DESCRIPTION = 4_096;

/** Throws BAD_USER_INPUT, without repeating what was given. */
export function checkLogin({ username, password, description }: LoginInput): void {
  // A colon ends the name in the header that registries get.
  if (typeof username === 'string' && (username === '' || username.length > MAX_USERNAME || username.includes(':')))
    throw badInput(`\`username\` must have 1 to ${MAX_USERNAME} characters, none of them a colon.`, 'username');
  if ((password ?? '').length > MAX_PASSWORD)
    throw badInput(`\`password\` must have at most ${MAX_PASSWORD} characters.`, 'password');
  if ((description ?? '').length > MAX_DESCRIPTION)
    throw badInput(`\`description\` must have at most ${MAX_DESCRIPTION} characters.`, 'description');
}

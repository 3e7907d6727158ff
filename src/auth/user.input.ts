import { Field, ID, InputType } from 'type-graphql';
import { Role } from './principal.js';
import { UserStatus } from './user.entity.js';

@InputType({ description: 'Somebody to let into the account.' })
export class InviteUserInput {
  @Field({ description: 'Address, at most 254 characters; kept in lower case.' })
  email!: string;

  @Field(() => [Role], { description: 'What the person may do; each role includes the lower ones.' })
  roles!: Role[];

  @Field(() => String, { nullable: true, description: 'Given name.' })
  firstName?: string | null;

  @Field(() => String, { nullable: true, description: 'Family name.' })
  lastName?: string | null;
}

@InputType({ description: 'A new user with a password that somebody chose for it.' })
export class CreateUserInput extends InviteUserInput {
  @Field({ description: '8 to 1024 characters; only its scrypt hash is kept.' })
  password!: string;
}

@InputType({ description: 'What to change of a user; what is left out stays.' })
export class UpdateUserInput {
  @Field(() => ID, { description: 'A user of the account, or the caller itself.' })
  userId!: string;

  @Field(() => String, { nullable: true, description: 'New address; by the user itself only.' })
  email?: string | null;

  @Field(() => String, { nullable: true, description: 'Given name; by the user itself only.' })
  firstName?: string | null;

  @Field(() => String, { nullable: true, description: 'Family name; by the user itself only.' })
  lastName?: string | null;

  @Field(() => [Role], { nullable: true, description: 'New rights in the account; by a manager only.' })
  roles?: Role[] | null;

  @Field(() => UserStatus, {
    nullable: true,
    description: 'Whether the account is open to the user; by a manager only.',
  })
  accountStatus?: UserStatus | null;
}

@InputType({ description: 'Whom to take out of the account.' })
export class RemoveUserInput {
  @Field(() => ID, { description: 'A user of the account.' })
  userId!: string;
}

@InputType({ description: 'A new password for the caller.' })
export class ChangePasswordInput {
  @Field({ description: 'The one that is valid now; after an invitation, the one that came with it.' })
  currentPassword!: string;

  @Field({ description: '8 to 1024 characters.' })
  newPassword!: string;
}

import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { Entity, Index } from 'typeorm';
import { PrimaryIdColumn, TimeColumn, WordColumn } from '../db/columns.js';

export enum UserStatus {
  ACTIVE = 'ACTIVE',
  PENDING = 'PENDING',
  DISABLED = 'DISABLED',
}
registerEnumType(UserStatus, {
  name: 'UserStatus',
  description: "Whether somebody may sign in, or may use an account. CCM's UserStatus and UserAccountStatus.",
  valuesConfig: {
    ACTIVE: { description: 'Yes.' },
    PENDING: { description: 'Invited; becomes ACTIVE at the first sign-in.' },
    DISABLED: { description: 'No, until a manager changes it.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'A person who may sign in.' })
@Entity('user')
export class User {
  @Field(() => ID, { description: 'UUID.' })
  @PrimaryIdColumn()
  id!: string;

  @Field({ description: 'Unique, lower case.' })
  @Index('user_email', { unique: true })
  @WordColumn()
  email!: string;

  @Field(() => String, { nullable: true, description: 'Given name.' })
  @WordColumn({ nullable: true })
  firstName!: string | null;

  @Field(() => String, { nullable: true, description: 'Family name.' })
  @WordColumn({ nullable: true })
  lastName!: string | null;

  @Field(() => UserStatus, { description: 'Whether the person may sign in at all.' })
  @WordColumn({ default: UserStatus.ACTIVE })
  status!: UserStatus;

  @Field(() => Date, { nullable: true, description: 'The last time the person signed in; null for never.' })
  @TimeColumn({ nullable: true })
  lastSignInAt!: Date | null;

  @Field({ description: 'When the person was made known here.' })
  @TimeColumn()
  createdAt!: Date;
}

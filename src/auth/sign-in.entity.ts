// One attempt to sign in. It belongs to no account: whoever signs in selects one afterwards.
import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { Entity, Index } from 'typeorm';
import { BooleanColumn, IdColumn, PrimaryIdColumn, TimeColumn, WordColumn } from '../db/columns.js';

export enum SignInMethod {
  PASSWORD = 'PASSWORD',
  OIDC = 'OIDC',
}
registerEnumType(SignInMethod, {
  name: 'SignInMethod',
  description: 'What somebody signed in with.',
  valuesConfig: {
    PASSWORD: { description: "Address and password (CCM's POST /v1/sys/auth)." },
    OIDC: { description: 'A code or a token of the configured OIDC issuer; a token counts once, until it expires.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'One attempt to sign in.' })
@Entity('sign_in')
@Index('sign_in_email', ['email', 'at'])
@Index('sign_in_user', ['userId', 'at'])
@Index('sign_in_at', ['at'])
export class SignIn {
  @Field(() => ID, { description: 'UUID.' })
  @PrimaryIdColumn()
  id!: string;

  @Field({ description: 'When.' })
  @TimeColumn()
  at!: Date;

  @Field({ description: 'The address that was given, lower case.' })
  @WordColumn()
  email!: string;

  /** Null where the address belongs to nobody. No foreign key: the line outlives the user. */
  @IdColumn({ nullable: true })
  userId!: string | null;

  @Field(() => SignInMethod, { description: 'What with.' })
  @WordColumn()
  method!: SignInMethod;

  @Field({ description: 'Whether it succeeded.' })
  @BooleanColumn()
  isSuccess!: boolean;

  @Field({ description: 'Where from: the network address of the other end of the connection.' })
  @WordColumn()
  address!: string;
}

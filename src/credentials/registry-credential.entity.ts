// A login for a docker registry that the account keeps here (CCM's Registry).
import { Field, ID, ObjectType } from 'type-graphql';
import { Entity, ForeignKey, Index } from 'typeorm';
import { Account } from '../auth/account.entity.js';
import { PrimaryIdColumn, TextColumn, TimeColumn, WordColumn } from '../db/columns.js';

@ObjectType({
  simpleResolvers: true,
  description: 'A login for a docker registry, used by conversions that bring none. Its password is never shown.',
})
@Entity('registry_credential')
@ForeignKey(() => Account, ['accountId'], ['id'])
@Index('registry_credential_scope', ['accountId', 'scope'], { unique: true })
export class RegistryCredential {
  @PrimaryIdColumn()
  accountId!: string;

  @Field(() => ID, { description: "UUID; CCM's registry_id." })
  @PrimaryIdColumn()
  id!: string;

  @Field({ description: 'As it was given: a host, a URL, or either with the beginning of a repository name.' })
  @TextColumn()
  url!: string;

  @Field({
    description: 'What it is used for: `host[:port][/beginning of the repository]`, lower case, unique in the account.',
  })
  @WordColumn()
  scope!: string;

  @Field(() => String, { nullable: true, description: 'Free text.' })
  @TextColumn({ nullable: true })
  description!: string | null;

  @Field({ description: 'Shown to the registry, and to the token service it names, only.' })
  @TextColumn()
  username!: string;

  /** AES-256-GCM, bound to account and id. */
  @TextColumn()
  sealedPassword!: string;

  @Field({ description: 'When it was stored.' })
  @TimeColumn()
  createdAt!: Date;

  @Field({ description: 'When anything of it last changed.' })
  @TimeColumn()
  updatedAt!: Date;
}

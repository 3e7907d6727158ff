// Somebody signed in: a bearer token or cookie, known here by its hash, and the account that was selected.
import { Field, ObjectType } from 'type-graphql';
import { Entity, ForeignKey, Index } from 'typeorm';
import { IdColumn, PrimaryIdColumn, TimeColumn, WordColumn } from '../db/columns.js';
import { Account } from './account.entity.js';
import { User } from './user.entity.js';

@ObjectType({ simpleResolvers: true, description: 'How long somebody stays signed in.' })
@Entity('session')
@ForeignKey(() => User, ['userId'], ['id'])
@ForeignKey(() => Account, ['accountId'], ['id'])
@Index('session_user', ['userId'])
@Index('session_end', ['expiresAt'])
export class Session {
  @PrimaryIdColumn()
  id!: string;

  /** sha256 of the token, hex. */
  @Index('session_hash', { unique: true })
  @WordColumn()
  hash!: string;

  @IdColumn()
  userId!: string;

  /** Null until one is selected. */
  @IdColumn({ nullable: true })
  accountId!: string | null;

  @Field({ description: 'The end of the session, whatever happens: then one must sign in again.' })
  @TimeColumn()
  expiresAt!: Date;

  @Field({ description: 'The end of the token; refreshSession moves it, at most to the end of the session.' })
  @TimeColumn()
  tokenExpiresAt!: Date;

  @TimeColumn()
  createdAt!: Date;
}

import { Field, ID, ObjectType } from 'type-graphql';
import { Entity, Index } from 'typeorm';
import { PrimaryIdColumn, TimeColumn, WordColumn } from '../db/columns.js';

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

  @TimeColumn()
  createdAt!: Date;
}

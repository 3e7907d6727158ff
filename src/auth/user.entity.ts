import { Field, ID, ObjectType } from 'type-graphql';
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { TimeColumn } from '../db/columns.js';

@ObjectType({ simpleResolvers: true, description: 'A person who may sign in.' })
@Entity('user')
export class User {
  @Field(() => ID, { description: 'UUID.' })
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  @Field({ description: 'Unique, lower case.' })
  @Index('user_email', { unique: true })
  @Column({ type: 'varchar', length: 255 })
  email!: string;

  @TimeColumn()
  createdAt!: Date;
}

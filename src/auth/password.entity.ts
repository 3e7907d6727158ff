// What a user signs in with, apart from the user, so that whoever reads users never has it at hand.
import { Entity, ForeignKey } from 'typeorm';
import { PrimaryIdColumn, TextColumn, TimeColumn } from '../db/columns.js';
import { User } from './user.entity.js';

@Entity('password')
@ForeignKey(() => User, ['userId'], ['id'])
export class Password {
  @PrimaryIdColumn()
  userId!: string;

  /** `$scrypt$ln=..,r=..,p=..$salt$hash` */
  @TextColumn()
  hash!: string;

  /** Set for the password that comes with an invitation; null for one's own. */
  @TimeColumn({ nullable: true })
  expiresAt!: Date | null;

  @TimeColumn()
  changedAt!: Date;
}

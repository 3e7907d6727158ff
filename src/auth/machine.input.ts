import { Field, InputType } from 'type-graphql';
import type { NewMachine } from './machines.js';
import { Role } from './principal.js';

/** What is asked for a token and an access key alike. */
@InputType()
export abstract class MachineInput implements NewMachine {
  @Field({ description: 'What it is for; shown in the audit trail. 1 to 255 characters.' })
  name!: string;

  @Field(() => [Role], { description: 'What it may do; each role includes the lower ones, so the highest counts.' })
  roles!: Role[];

  @Field(() => Date, { nullable: true, description: 'When it stops being valid; never where left out.' })
  expiresAt?: Date | null;
}

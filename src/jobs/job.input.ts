import { Field, ID, InputType } from 'type-graphql';
import { JobStatus } from '../events/job-event.entity.js';
import { JobKind } from './job.entity.js';

@InputType({ description: 'Which jobs to list; each field that is given must hold.' })
export class JobFilter {
  @Field(() => [JobStatus], { nullable: true, description: 'Jobs with one of these.' })
  status?: JobStatus[] | null;

  @Field(() => [JobKind], { nullable: true, description: 'Jobs of one of these kinds.' })
  kind?: JobKind[] | null;
}

@InputType({ description: 'Which job to stop, of whatever kind.' })
export class CancelJobInput {
  @Field(() => ID, { description: 'NOT_FOUND where this account has no such job.' })
  jobId!: string;
}

// One numbered line of what happened to a job. The table is the stream: a subscription replays it, then waits for more.
import { GraphQLSafeInt } from 'graphql-scalars';
import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { IdColumn, PrimaryIdColumn, TextColumn, TimeColumn, WordColumn } from '../db/columns.js';
import { JobStep } from './job-step.js';

export enum JobStatus {
  QUEUED = 'QUEUED',
  RUNNING = 'RUNNING',
  WAITING = 'WAITING',
  SUCCEEDED = 'SUCCEEDED',
  FAILED = 'FAILED',
  CANCELLED = 'CANCELLED',
}
registerEnumType(JobStatus, {
  name: 'JobStatus',
  description: 'Where a job is. SUCCEEDED, FAILED and CANCELLED are final.',
  valuesConfig: {
    QUEUED: { description: 'Waits for its turn, at first or again after its run was interrupted.' },
    RUNNING: { description: 'At work; `step` says on what.' },
    WAITING: { description: 'Stopped until somebody supplies what it needs (a signature).' },
    SUCCEEDED: { description: 'Done; what it made is in `build` and `outputImage`.' },
    FAILED: { description: 'Given up; `failure` says why.' },
    CANCELLED: { description: 'Stopped by cancelJob; it registered no build.' },
  },
});

registerEnumType(JobStep, {
  name: 'JobStep',
  description: 'What a running job does; set while its status is RUNNING.',
  valuesConfig: {
    LISTING: { description: 'Reading what a source has, before its builds.' },
    IMPORTING: { description: 'Reading builds of a source and writing what changed.' },
    PULLING: {
      description: 'Reading manifest, config and layers of the input image; digests are verified on the way.',
    },
    FLATTENING: { description: 'Laying the layers over each other: whiteouts, hard links, symlinks.' },
    BUILDING: { description: 'Writing kernel, command line, metadata and ramdisks into the EIF.' },
    MEASURING: {
      description:
        'Computing PCR0, PCR1 and PCR2 and the digest of the output layer; of an import, checking what came.',
    },
    SIGNING: { description: 'Having PCR0 signed by the key of the gateway, or adding the signature made elsewhere.' },
    PUSHING: {
      description:
        'Writing the output image to its registry or to the store, and beside it what proves how it was made.',
    },
    COMPARING: { description: 'Reading the image of before and looking for what is different.' },
    REGISTERING: { description: 'Writing the build, its measurements and its review to the catalog.' },
  },
});

export enum JobEventKind {
  STATUS = 'STATUS',
  PROGRESS = 'PROGRESS',
  WARNING = 'WARNING',
  LOG = 'LOG',
  GAP = 'GAP',
}
registerEnumType(JobEventKind, {
  name: 'JobEventKind',
  description: 'What an event tells of.',
  valuesConfig: {
    STATUS: { description: 'The status changed.' },
    PROGRESS: { description: 'A step began or moved on.' },
    WARNING: { description: 'Something the job could not honour or that deserves a look; it goes on.' },
    LOG: { description: 'One line of the log.' },
    GAP: { description: 'Events before this number were pruned and are gone.' },
  },
});

@ObjectType({ description: 'One numbered line of what happened to a job.', simpleResolvers: true })
@Entity('job_event')
@ForeignKey('Job', ['accountId', 'jobId'], ['accountId', 'id'])
export class JobEvent {
  @PrimaryIdColumn()
  accountId!: string;

  @PrimaryIdColumn()
  jobId!: string;

  @Field(() => GraphQLSafeInt, {
    description: 'Counts up from 1 without holes within a job; pass the last one seen as `afterSeq`.',
  })
  @PrimaryColumn({ type: 'bigint' })
  seq!: number;

  @Field({ description: 'When it happened, by the clock of the gateway.' })
  @TimeColumn()
  at!: Date;

  @Field(() => JobEventKind, {
    description:
      'Says what else is set: bytes with PROGRESS, `code` and `message` with WARNING and failures, `message` with LOG and GAP.',
  })
  @WordColumn()
  kind!: JobEventKind;

  @Field(() => JobStatus, { description: 'The status of the job as of this event.' })
  @WordColumn()
  status!: JobStatus;

  @Field(() => JobStep, { nullable: true, description: 'The step of the job as of this event; null unless it runs.' })
  @WordColumn({ nullable: true })
  step!: JobStep | null;

  @Field(() => Int, { nullable: true, description: 'Percent of the whole job, 0 to 100.' })
  @Column({ type: 'integer', nullable: true })
  progress!: number | null;

  @Field(() => GraphQLSafeInt, { nullable: true, description: 'Bytes handled so far in this step.' })
  @Column({ type: 'bigint', nullable: true })
  bytesDone!: number | null;

  @Field(() => GraphQLSafeInt, { nullable: true, description: 'Bytes this step has to handle, where known.' })
  @Column({ type: 'bigint', nullable: true })
  bytesTotal!: number | null;

  @Field(() => String, { nullable: true, description: 'Code of a warning, or the JobFailureCode of a failure.' })
  @WordColumn({ nullable: true })
  code!: string | null;

  @Field(() => String, { nullable: true, description: 'The same in words.' })
  @TextColumn({ nullable: true })
  message!: string | null;

  /** The build a finished job registered; the field `build` is added where builds are known. */
  @IdColumn({ nullable: true })
  buildId!: string | null;
}

export const isFinal = (status: JobStatus): boolean =>
  status === JobStatus.SUCCEEDED || status === JobStatus.FAILED || status === JobStatus.CANCELLED;

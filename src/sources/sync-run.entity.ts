// One import from a source, kept with what it counted. Its id is its job's, and so is how it goes.
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { Column, Entity, ForeignKey, Index } from 'typeorm';
import { IdColumn, JsonColumn, PrimaryIdColumn, TimeColumn } from '../db/columns.js';
import { Failure } from '../jobs/job.entity.js';
import { Source } from './source.entity.js';

/** Where a run that was interrupted goes on; its shape is the connector's own. */
export type SyncCursor = Record<string, unknown>;

@ObjectType({ simpleResolvers: true, description: 'One import from a source.' })
@Entity('sync_run')
@ForeignKey(() => Source, ['accountId', 'sourceId'], ['accountId', 'id'], { onDelete: 'CASCADE' })
@Index('sync_run_source', ['accountId', 'sourceId', 'startedAt', 'id'])
export class SyncRun {
  @PrimaryIdColumn()
  accountId!: string;

  @Field(() => ID, { description: "Its job's, which has the log." })
  @PrimaryIdColumn()
  id!: string;

  @IdColumn()
  sourceId!: string;

  @Field({ description: 'When it first began.' })
  @TimeColumn()
  startedAt!: Date;

  @Field(() => Date, { nullable: true, description: 'Null while it runs, or waits to go on after an interruption.' })
  @TimeColumn({ nullable: true })
  finishedAt!: Date | null;

  @Field(() => Int, { description: 'Builds that are new here.' })
  @Column({ type: 'integer' })
  created!: number;

  @Field(() => Int, { description: 'Builds that changed, or are back.' })
  @Column({ type: 'integer' })
  updated!: number;

  @Field(() => Int, { description: 'Builds that were seen to be as they were.' })
  @Column({ type: 'integer' })
  unchanged!: number;

  @Field(() => Int, { description: 'Builds that the source has no more; they stay here.' })
  @Column({ type: 'integer' })
  gone!: number;

  @Field(() => Int, { description: 'Documents that could not be read; each is a warning of the job, up to 100.' })
  @Column({ type: 'integer' })
  failed!: number;

  @Field(() => Int, { description: 'Requests that were sent to the source, repeated ones too.' })
  @Column({ type: 'integer' })
  requests!: number;

  @Field(() => Int, { nullable: true, description: 'Milliseconds from its start to its end; null before.' })
  @Column({ type: 'integer', nullable: true })
  durationMs!: number | null;

  @Field(() => Failure, { nullable: true, description: 'Why it was given up; null unless it was.' })
  @JsonColumn({ nullable: true })
  failure!: Failure | null;

  @JsonColumn({ nullable: true })
  cursor!: SyncCursor | null;
}
